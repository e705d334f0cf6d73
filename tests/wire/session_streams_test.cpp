// SPDX-License-Identifier: Apache-2.0
#include "wire/session_streams.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <thread>

namespace longhaul::wire {
namespace {

using namespace std::chrono_literals;
using resumption = session_streams::resumption;
using strings = std::vector<std::string>;

// What a connection was given.
struct seen_outlet final : outlet {
  bool send(std::string) override { return false; }
  bool send_event(stream_event event, urgency how) override {
    if (full && how == urgency::news) return false;
    if (event.id.empty()) return true;
    std::string line = event.id;
    if (event.retry) line += " retry";
    if (event.data) line += " " + *event.data;
    got.push_back(line);
    return true;
  }
  void end_stream() override { ended = true; }
  void expect_wait() override {}
  void on_gone(std::function<void()>) override {}
  strings got;
  bool full = false, ended = false;
};

class streams : public testing::Test {
 protected:
  streams() { of.set_initialized(); }
  serving::exchange_ptr reader() {
    return std::make_shared<serving::exchange>(context.get_executor());
  }
  static bool told_to_end(const serving::exchange_ptr& one) { return one->take().shutting_down; }
  static std::shared_ptr<seen_outlet> outlet_here() { return std::make_shared<seen_outlet>(); }
  static put_question question(const std::string& id, const std::string& task = "t") {
    return {id, task, "key", id + "?"};
  }

  boost::asio::io_context context;
  session_streams of{look_of(revision::v2025_11_25), std::make_shared<event_budget>()};
};

TEST_F(streams, a_message_goes_to_the_newest_that_listens) {
  const auto a = outlet_here(), b = outlet_here();
  EXPECT_FALSE(of.tell("nobody"));
  EXPECT_FALSE(of.listening());
  const auto first = reader(), second = reader();
  EXPECT_EQ(of.listen(a, first), 1u);
  EXPECT_TRUE(of.listening());
  EXPECT_TRUE(of.tell("x"));
  const auto newer = of.listen(b, second);
  EXPECT_TRUE(of.tell("y"));
  of.left(newer, b.get());
  EXPECT_TRUE(of.tell("z"));
  EXPECT_EQ(a->got, (strings{"1-1", "1-2 x", "1-3 z"}));
  EXPECT_EQ(b->got, (strings{"2-1", "2-2 y"}));
  of.left(1, a.get());
  EXPECT_FALSE(of.tell("nobody")) << "who sends it keeps it";
}

// What changes without end must not pile up before who does not read.
TEST_F(streams, what_a_slow_reader_does_not_take_is_kept_by_who_tells_it) {
  const auto slow = outlet_here();
  of.listen(slow, reader());
  slow->full = true;
  EXPECT_FALSE(of.tell("x"));
  slow->full = false;
  EXPECT_TRUE(of.tell("x"));
  EXPECT_EQ(slow->got, (strings{"1-1", "1-2 x"}));
}

TEST_F(streams, beyond_the_bound_the_oldest_that_listens_is_ended_and_may_come_again) {
  std::vector<std::shared_ptr<seen_outlet>> all;
  std::vector<serving::exchange_ptr> readers;
  for (std::size_t i = 0; i <= tunables::listening_streams; ++i) {
    all.push_back(outlet_here());
    readers.push_back(reader());
    of.listen(all.back(), readers.back());
  }
  EXPECT_TRUE(told_to_end(readers[0]));
  EXPECT_EQ(all[0]->got, (strings{"1-1", "1-2 retry"}));
  EXPECT_FALSE(told_to_end(readers[1]));
  const auto again = outlet_here();
  EXPECT_EQ(of.resume("1-2", again, reader()).how, resumption::resumed);
}

TEST_F(streams, of_those_that_were_left_few_are_remembered) {
  for (std::size_t i = 0; i < tunables::left_streams + 3; ++i) {
    const auto to = outlet_here();
    of.left(of.listen(to, reader()), to.get());
  }
  EXPECT_EQ(of.resume("3-1", outlet_here(), reader()).how, resumption::dropped);
  EXPECT_EQ(of.resume("4-1", outlet_here(), reader()).how, resumption::resumed);
}

TEST_F(streams, a_stream_has_one_connection) {
  const auto own = outlet_here(), first = outlet_here(), second = outlet_here();
  const auto stream = of.begin(own);
  const auto a = reader(), b = reader();
  EXPECT_TRUE(of.send(stream, "one"));
  EXPECT_EQ(of.resume("1-1", first, a).how, resumption::resumed);
  EXPECT_TRUE(own->ended);
  of.left(stream, own.get());  // it is not its any more
  EXPECT_TRUE(of.send(stream, "two"));
  EXPECT_EQ(of.resume("1-2", second, b).how, resumption::resumed);
  EXPECT_TRUE(told_to_end(a));
  EXPECT_EQ(of.end(stream, "reply", own.get()), "");
  EXPECT_EQ(own->got, (strings{"1-1", "1-2 one"}));
  EXPECT_EQ(first->got, (strings{"1-2 one", "1-3 two"}));
  EXPECT_EQ(second->got, (strings{"1-3 two", "1-4 reply"}));
  EXPECT_TRUE(told_to_end(b));
  EXPECT_EQ(of.resume("1-1", first, a).how, resumption::ended);
}

TEST_F(streams, news_that_a_slow_reader_does_not_take_have_no_number) {
  const auto own = outlet_here();
  const auto stream = of.begin(own);
  own->full = true;
  EXPECT_FALSE(of.send(stream, "lost"));
  own->full = false;
  EXPECT_TRUE(of.send(stream, "later"));
  EXPECT_EQ(own->got, (strings{"1-1", "1-2 later"}));
  own->full = true;
  EXPECT_TRUE(of.ask(stream, question("q", ""), reader())) << "a question must arrive";
  EXPECT_EQ(own->got.back(), "1-3 q?");
  EXPECT_EQ(of.end(stream, "reply", own.get()), "1-4");
}

TEST_F(streams, whoever_waits_for_an_answer_ends_with_the_session) {
  const auto own = outlet_here();
  const auto call = of.begin(own);
  const auto early = reader(), late = reader();
  EXPECT_TRUE(of.ask(call, question("q", ""), early));
  EXPECT_FALSE(early->has_news());
  of.close();
  EXPECT_TRUE(early->take().abandoned);
  EXPECT_TRUE(of.ask(call, question("p", ""), late));
  EXPECT_TRUE(late->take().abandoned);
  EXPECT_EQ(own->got, (strings{"1-1", "1-2 q?"}));
}

TEST_F(streams, a_question_of_a_call_stays_with_its_stream) {
  const auto own = outlet_here(), listens = outlet_here(), again = outlet_here();
  of.listen(listens, reader());
  const auto call = of.begin(own);
  EXPECT_TRUE(of.ask(call, question("q", ""), reader()));
  of.left(call, own.get());
  EXPECT_EQ(listens->got, (strings{"1-1"})) << "it belongs to the request";
  EXPECT_EQ(of.resume("2-1", again, reader()).how, resumption::resumed);
  EXPECT_EQ(again->got, (strings{"2-2 q?"}));
  of.answered("q");
  const auto once_more = outlet_here();
  EXPECT_EQ(of.resume("2-1", once_more, reader()).how, resumption::resumed);
  EXPECT_EQ(once_more->got, strings{}) << "it is answered";
}

TEST_F(streams, a_question_of_a_task_moves_to_a_stream_that_is_there) {
  EXPECT_TRUE(of.ask_of_task(question("q")));  // it waits
  const auto first = outlet_here(), second = outlet_here();
  const auto a = of.listen(first, reader());
  EXPECT_EQ(first->got, (strings{"1-1", "1-2 q?"}));
  EXPECT_TRUE(of.ask_of_task(question("q"))) << "whoever else asks it";
  of.left(a, first.get());
  of.listen(second, reader());
  EXPECT_EQ(second->got, (strings{"2-1", "2-2 q?"}));
  const auto again = outlet_here();
  EXPECT_EQ(of.resume("1-1", again, reader()).how, resumption::resumed);
  EXPECT_EQ(again->got, strings{}) << "never on two streams";
  EXPECT_EQ(first->got.size(), 2u);
}

TEST_F(streams, the_stream_of_a_result_comes_before_those_that_listen) {
  const auto listens = outlet_here(), own = outlet_here();
  const auto get = of.listen(listens, reader());
  EXPECT_TRUE(of.carries("t", get));
  const auto call = of.begin(own);
  const auto wait = reader();
  of.add_result("t", call, wait);
  EXPECT_TRUE(of.carries("t", call));
  EXPECT_FALSE(of.carries("t", get));
  EXPECT_TRUE(of.carries("u", get)) << "another task";
  EXPECT_TRUE(of.ask_of_task(question("q")));
  EXPECT_EQ(own->got, (strings{"2-1", "2-2 q?"}));
  of.left(call, own.get());
  EXPECT_EQ(listens->got, (strings{"1-1", "1-2 q?"}));
  EXPECT_TRUE(of.carries("t", get));
  of.left(get, listens.get());
  EXPECT_TRUE(of.carries("t", call)) << "kept for who comes back";
  // A new wait for the same task ends the one that was left.
  const auto newer = of.begin(outlet_here());
  of.add_result("t", newer, reader());
  EXPECT_TRUE(wait->take().abandoned);
  of.remove_result("t", call);
  of.remove_result("t", newer);
  EXPECT_FALSE(of.carries("t", newer));
}

TEST_F(streams, questions_that_are_answered_elsewhere_are_not_put) {
  EXPECT_TRUE(of.ask_of_task(question("q")));
  task_record task;
  auto origin = std::make_shared<task_origin>();
  origin->id = "t";
  task.origin = origin;
  of.keep_open_questions(task);  // a state from before the question
  const auto early = outlet_here();
  const auto first = of.listen(early, reader());
  EXPECT_EQ(early->got, (strings{"1-1", "1-2 q?"}));
  of.left(first, early.get());
  task_input answered;
  answered.key = "key";
  answered.response = raw_json::parse("{}");
  task.inputs = std::make_shared<const task_inputs>(task_inputs{answered});
  of.keep_open_questions(task);
  const auto late = outlet_here();
  of.listen(late, reader());
  EXPECT_EQ(late->got, (strings{"2-1"}));
}

TEST_F(streams, questions_of_a_task_that_ended_are_not_put) {
  EXPECT_TRUE(of.ask_of_task(question("q")));
  task_record task;
  auto origin = std::make_shared<task_origin>();
  origin->id = "t";
  task.origin = origin;
  task.status = task_status::cancelled;
  of.keep_open_questions(task);
  const auto to = outlet_here();
  of.listen(to, reader());
  EXPECT_EQ(to->got, (strings{"1-1"}));
}

// A client with GET and `tasks/result` open was asked twice: its answer was on its way while the
// second one still saw an open question.
TEST_F(streams, an_answered_question_is_not_put_again_by_who_does_not_know) {
  const auto to = outlet_here(), other = outlet_here();
  of.listen(to, reader());
  EXPECT_TRUE(of.ask_of_task(question("q")));
  of.answered("q");
  const auto result = of.begin(other);
  of.add_result("t", result, reader());
  EXPECT_TRUE(of.ask_of_task(question("q")));
  EXPECT_EQ(to->got, (strings{"1-1", "1-2 q?"}));
  EXPECT_EQ(other->got, (strings{"2-1"}));
  of.not_answered("q");  // it could not be kept
  EXPECT_TRUE(of.ask_of_task(question("q")));
  EXPECT_EQ(other->got, (strings{"2-1", "2-2 q?"}));
}

TEST_F(streams, open_questions_are_bounded) {
  for (std::size_t i = 0; i < tunables::open_questions; ++i) {
    ASSERT_TRUE(of.ask_of_task(question(std::to_string(i))));
  }
  EXPECT_FALSE(of.ask_of_task(question("one too many")));
  of.answered("7");
  EXPECT_TRUE(of.ask_of_task(question("one too many")));
}

TEST_F(streams, nothing_but_replies_comes_before_initialized) {
  session_streams fresh(look_of(revision::v2025_11_25), std::make_shared<event_budget>());
  const auto own = outlet_here(), listens = outlet_here();
  const auto call = fresh.begin(own);
  fresh.listen(listens, reader());
  EXPECT_TRUE(fresh.ask(call, question("q", ""), reader()));
  EXPECT_TRUE(fresh.ask_of_task(question("r")));
  EXPECT_FALSE(fresh.tell("x"));
  EXPECT_EQ(own->got, (strings{"1-1"}));
  EXPECT_EQ(listens->got, (strings{"2-1"}));
  fresh.set_initialized();
  EXPECT_EQ(own->got, (strings{"1-1", "1-2 q?"}));
  EXPECT_EQ(listens->got, (strings{"2-1", "2-2 r?"}));
}

TEST_F(streams, tasks_that_are_told_of_are_bounded_and_the_newest) {
  for (std::size_t i = 0; i < tunables::session_tasks + 2; ++i) of.note_task(std::to_string(i));
  of.note_task("5");
  const auto known = of.tasks();
  EXPECT_EQ(known.size(), tunables::session_tasks);
  EXPECT_EQ(known.front(), "2");
  of.forget_task("2");
  EXPECT_EQ(of.tasks().front(), "3");
}

TEST_F(streams, the_end_of_the_session_ends_those_that_listen_and_keeps_nothing) {
  const auto own = outlet_here(), listens = outlet_here();
  const auto call = of.begin(own);
  const auto ears = reader();
  of.listen(listens, ears);
  of.close();
  EXPECT_TRUE(told_to_end(ears));
  EXPECT_EQ(of.listen(outlet_here(), reader()), 0u);
  EXPECT_EQ(of.resume("1-1", outlet_here(), reader()).how, resumption::unknown);
  EXPECT_FALSE(own->ended);
  of.leave_early(call, 1s);
  EXPECT_FALSE(own->ended) << "nobody could come back";
  EXPECT_TRUE(of.send(call, "news"));
  EXPECT_EQ(of.end(call, "reply", own.get()), "1-3");
}

// Whatever threads do at once, each event is on one stream, and its client misses nothing.
TEST_F(streams, threads_send_while_clients_come_and_go) {
  const auto own = outlet_here();
  const auto stream = of.begin(own);
  constexpr int each = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        of.send(stream, "m");
        of.ask_of_task(question(std::to_string(t) + "." + std::to_string(i % 20)));
        of.answered(std::to_string(t) + "." + std::to_string(i % 20));
      }
    });
  }
  std::string last = "1-1";
  std::vector<std::shared_ptr<seen_outlet>> all;
  for (int i = 0; i < 50; ++i) {
    all.push_back(outlet_here());
    ASSERT_EQ(of.resume(last, all.back(), reader()).how, resumption::resumed);
    of.left(stream, all.back().get());
    if (!all.back()->got.empty())
      last = all.back()->got.back().substr(0, all.back()->got.back().find(' '));
  }
  for (std::thread& one : threads) one.join();
  all.push_back(outlet_here());
  ASSERT_EQ(of.resume(last, all.back(), reader()).how, resumption::resumed);
  std::size_t next = 2;
  for (const auto& to : all) {
    for (const std::string& line : to->got) {
      EXPECT_EQ(line, "1-" + std::to_string(next) + " m");
      ++next;
    }
  }
  EXPECT_EQ(next, 2u + 3 * each);
}

}  // namespace
}  // namespace longhaul::wire
