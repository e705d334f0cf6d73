// SPDX-License-Identifier: Apache-2.0
// A silent program sent nothing but comments, and hosts that take silence for death gave up after
// 60 or 300 seconds; a chatty one sent hundreds of notifications a second. Both are settled by
// `server/pace.hpp`, whose time is a number that is passed in.
#include "server/pace.hpp"

#include <gtest/gtest.h>

#include "longhaul/task.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
using namespace serving;

// A stream of one task; what it was sent, as "figure/total message".
class stream {
 public:
  explicit stream(milliseconds heartbeat = 10s, std::optional<progress_state> known = std::nullopt)
      : pace_(heartbeat) {
    task.origin = std::make_shared<task_origin>();
    task.process = process_id{};
    task.progress = known;
    task.epoch = 1;
    pace_.begin(now_, task);
  }

  void report(double done, std::optional<double> total = std::nullopt, std::string message = {}) {
    report_of(task.epoch, done, total, std::move(message));
  }
  void report_of(std::uint64_t epoch, double done, std::optional<double> total,
                 std::string message) {
    pace_.offer({{done, total}, std::move(message), epoch});
    look();
  }
  // Time passes as the event loop has it: from one thing that is due to the next.
  void pass(milliseconds length) {
    const monotonic_time end = now_ + length;
    while (pace_.next(now_) <= end) {
      now_ = std::max(now_, pace_.next(now_));
      look();
    }
    now_ = end;
  }
  void end() {
    if (const auto event = pace_.rest(at())) take(*event);
  }
  std::vector<std::string> take_sent() { return std::exchange(sent_, {}); }
  const std::vector<double>& figures() const { return figures_; }
  const std::vector<monotonic_time>& times() const { return times_; }

  task_record task;
  std::optional<double> told;  // by other streams
  std::string waits;           // as the engine says it

 private:
  progress_pace::moment at() {
    return {now_, std::chrono::duration_cast<milliseconds>(now_ - start_), task, told, waits};
  }
  void look() {
    if (const auto event = pace_.due(at())) take(*event);
  }
  void take(const tasks::progress_event& event) {
    pace_.note(at(), event, true);
    figures_.push_back(event.state.done);
    times_.push_back(now_);
    std::string text = std::to_string(event.state.done);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    if (event.state.total) text += "/" + std::to_string(static_cast<int>(*event.state.total));
    if (!event.message.empty()) text += " " + event.message;
    sent_.push_back(std::move(text));
  }

  const monotonic_time start_{milliseconds(1'000'000)};
  monotonic_time now_ = start_;
  progress_pace pace_;
  std::vector<std::string> sent_;
  std::vector<double> figures_;
  std::vector<monotonic_time> times_;
};

using lines = std::vector<std::string>;

TEST(pace, a_silent_tool_is_told_to_run_every_ten_seconds) {
  stream s;
  s.pass(9'999ms);
  EXPECT_EQ(s.take_sent(), lines{});
  s.pass(80s);
  const auto sent = s.take_sent();
  ASSERT_EQ(sent.size(), 8u);
  EXPECT_EQ(sent[0], "10 running for 10 s");
  EXPECT_EQ(sent[7], "80 running for 1 m 20 s");
  s.task.status_message = "fetching";
  s.pass(10s);
  EXPECT_EQ(s.take_sent(), lines{"90 running for 1 m 30 s: fetching"});
  s.waits = "paused by the operator";
  s.pass(10s);
  EXPECT_EQ(s.take_sent(), lines{"100 paused by the operator: fetching"});
  s.waits = "waiting for an answer";
  s.pass(10s);
  EXPECT_EQ(s.take_sent(), lines{"110 waiting for an answer: fetching"});
}

TEST(pace, what_a_call_usually_takes_is_its_total_until_that_has_passed) {
  stream s;
  auto origin = std::make_shared<task_origin>();
  origin->expected = 25s;
  s.task.origin = origin;
  s.pass(30s);
  EXPECT_EQ(s.take_sent(),
            (lines{"10/25 running for 10 s", "20/25 running for 20 s", "30 running for 30 s"}));
}

// Its figures were no news until they passed those of the attempt before: it looked hung.
TEST(pace, another_attempt_is_heard_from_its_first_figure_on) {
  stream s;
  s.report(8, 10, "step 8");
  s.take_sent();
  s.task.epoch = 3;
  s.pass(1s);
  s.report(1, 10, "step 1");
  s.report_of(1, 9, 10, "step 9");  // late, of the one before
  s.pass(1s);
  EXPECT_EQ(s.take_sent(), lines{"8 1 of 10: step 1"});
  EXPECT_GT(s.figures()[1], s.figures()[0]) << "figures of a token only grow";
  s.pass(1s);
  s.report(9, 10, "step 9");
  EXPECT_EQ(s.take_sent(), lines{"9/10 step 9"});
}

TEST(pace, without_a_heartbeat_only_the_tool_speaks) {
  stream s(0ms);
  s.pass(24h);
  EXPECT_EQ(s.take_sent(), lines{});
  s.report(1);
  s.pass(24h);
  EXPECT_EQ(s.take_sent(), lines{"1"});
}

TEST(pace, on_a_figure_of_the_tool_hairs_are_added_and_its_next_figure_gets_through) {
  stream s;
  s.report(1, 3, "one");
  s.pass(24h);  // 8,640 heartbeats
  s.report(1.0001, 3, "a little more");
  s.report(2, 3, "two");
  auto sent = s.take_sent();
  EXPECT_EQ(sent.front(), "1/3 one");
  EXPECT_EQ(sent[1], "1/3 one") << "the hair is too thin for six digits";
  EXPECT_EQ(sent.at(sent.size() - 2), "1.0001/3 a little more");
  EXPECT_EQ(sent.back(), "2/3 two");
  EXPECT_EQ(sent.size(), 8'640u + 3);
  for (std::size_t i = 1; i < s.figures().size(); ++i) {
    ASSERT_GT(s.figures()[i], s.figures()[i - 1]);
  }
}

TEST(pace, a_figure_at_its_total_grows_without_the_total) {
  stream s;
  s.report(3, 3, "all");
  s.pass(20s);
  EXPECT_EQ(s.take_sent(), (lines{"3/3 all", "3 all", "3 all"}));
  EXPECT_GT(s.figures().back(), 3);
}

TEST(pace, figures_of_all_sizes_grow_by_hairs) {
  for (const double figure : {0.0, 1e-12, 0.5, 1e6, 1e12, 9007199254740993.0, 1e18, 1e300}) {
    double at = figure;
    for (int i = 0; i < 100; ++i) {
      const double next = hair_above(at);
      ASSERT_GT(next, at) << figure;
      at = next;
    }
    EXPECT_LE(at - figure, std::max(1e-6, figure * 1e-12)) << figure;
  }
}

// The seconds were told before the tool's first figure: that is said in words until it has passed
// them, because figures must grow.
TEST(pace, a_figure_below_the_seconds_is_told_in_words) {
  stream s;
  s.pass(20s);
  s.report(3, 100, "page");
  s.pass(1s);
  s.report(30, 100);
  EXPECT_EQ(s.take_sent(),
            (lines{"10 running for 10 s", "20 running for 20 s", "20 3 of 100: page", "30/100"}));
}

TEST(pace, what_other_streams_told_counts) {
  stream s(10s, progress_state{5, 9});
  s.told = 5 + 3e-9;
  s.pass(10s);
  EXPECT_EQ(s.take_sent(), lines{"5/9"});
  EXPECT_GT(s.figures().back(), *s.told);
  s.told = 7.0;
  s.report(6, 9, "late");
  EXPECT_EQ(s.take_sent(), lines{"7 6 of 9: late"});
}

TEST(pace, a_chatty_tool_is_heard_five_times_a_second_and_the_last_word_always) {
  stream s;
  for (int i = 1; i <= 3'000; ++i) {
    s.report(i);
    s.pass(1ms);
  }
  s.end();
  EXPECT_EQ(s.figures().back(), 3'000);
  const auto& times = s.times();
  EXPECT_GE(times.size(), 12u);
  for (std::size_t i = 0; i + 6 < times.size(); ++i) {
    EXPECT_GE(times[i + 5] - times[i], 1s) << "six in one second";
  }
}

TEST(pace, a_tool_of_three_words_is_heard_whole) {
  stream s;
  s.report(0, 100);
  s.report(50, 100);
  s.report(100, 100);
  EXPECT_EQ(s.take_sent(), (lines{"0/100", "50/100", "100/100"}));
}

TEST(pace, a_heartbeat_shorter_than_that_does_not_break_the_other_rule) {
  stream s(1ms);
  s.pass(10s);
  const auto& times = s.times();
  EXPECT_GE(times.size(), 48u);
  EXPECT_LE(times.size(), 51u);
}

TEST(pace, lengths_in_words) {
  EXPECT_EQ(in_words(-1ms), "0 s");
  EXPECT_EQ(in_words(59'999ms), "59 s");
  EXPECT_EQ(in_words(80s), "1 m 20 s");
  EXPECT_EQ(in_words(2h + 5min + 59s), "2 h 5 m");
}

}  // namespace
}  // namespace longhaul::test
