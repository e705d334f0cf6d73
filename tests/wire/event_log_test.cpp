// SPDX-License-Identifier: Apache-2.0
#include "wire/event_log.hpp"

#include <gtest/gtest.h>

namespace longhaul::wire {
namespace {

using place = event_log::place;

message_ptr text(const std::string& what) { return std::make_shared<const std::string>(what); }

class event_logs : public testing::Test {
 protected:
  std::vector<std::string> after(event_id id) const {
    std::vector<std::string> found;
    for (const auto& one : log.after(id)) found.push_back(text_of(one.id) + " " + *one.data);
    return found;
  }
  event_id add(stream_number stream, const std::string& what, urgency how = urgency::must_arrive) {
    return log.add(stream, text(what), how);
  }

  std::shared_ptr<event_budget> budget = std::make_shared<event_budget>();
  event_log log{budget};
};

using strings = std::vector<std::string>;

TEST_F(event_logs, ids_are_read_as_they_are_written_and_in_no_other_way) {
  EXPECT_EQ(read_event_id("3-17"), (event_id{3, 17}));
  EXPECT_EQ(read_event_id(text_of({18446744073709551615U, 1})),
            (event_id{18446744073709551615U, 1}));
  for (const char* bad :
       {"", "-", "1", "1-", "-1", "0-1", "1-0", "01-1", "1-01", "1-1 ", " 1-1", "+1-1", "1-1-1",
        "1--1", "18446744073709551616-1", "a-b", "1-1\n", "1_1"}) {
    EXPECT_FALSE(read_event_id(bad)) << bad;
  }
  EXPECT_FALSE(read_event_id(std::string_view("1-1\0", 4)));
  EXPECT_FALSE(read_event_id(std::string(1 << 20, '1')));
}

TEST_F(event_logs, tell_what_followed_an_event_on_its_stream_alone) {
  const auto a = log.begin(), b = log.begin();
  const auto start = log.mark(a);
  add(a, "one");
  add(b, "other");
  add(a, "news", urgency::news);
  const auto last = add(a, "two");
  EXPECT_EQ(after(start), (strings{"1-2 one", "1-3 news", "1-4 two"}));
  EXPECT_EQ(after({a, 3}), (strings{"1-4 two"}));
  EXPECT_EQ(after(last), strings{});
  EXPECT_EQ(log.look(last), place::here);
  EXPECT_EQ(log.look({a, 5}), place::unknown);
  EXPECT_EQ(log.look({3, 1}), place::unknown);
  EXPECT_EQ(log.look({0, 1}), place::unknown);
}

TEST_F(event_logs, news_go_first_and_are_not_missed) {
  const auto a = log.begin();
  const auto start = log.mark(a);
  for (std::size_t i = 0; i < tunables::kept_events; ++i) {
    add(a, "news", urgency::news);
  }
  add(a, "counts");
  EXPECT_EQ(log.events(), tunables::kept_events);
  EXPECT_EQ(log.look(start), place::here);
  EXPECT_EQ(after(start).back(), text_of({a, tunables::kept_events + 2}) + " counts");
}

TEST_F(event_logs, what_counts_is_kept_or_its_loss_is_known) {
  const auto a = log.begin();
  const auto start = log.mark(a);
  const auto first = add(a, "first");
  for (std::size_t i = 0; i < tunables::kept_events; ++i) add(a, "more");
  EXPECT_EQ(log.events(), tunables::kept_events);
  EXPECT_EQ(log.look(start), place::dropped);
  EXPECT_EQ(log.look(first), place::here) << "the client has what is lost";
}

TEST_F(event_logs, streams_that_ended_give_way_to_those_that_are_open) {
  const auto open = log.begin(), ended = log.begin();
  add(open, "question");
  add(ended, "reply");
  log.end(ended);
  for (std::size_t i = 0; i + 2 < tunables::kept_events; ++i) add(open, "more");
  EXPECT_EQ(log.look({ended, 1}), place::here);
  add(open, "one too many");
  EXPECT_EQ(log.look({ended, 1}), place::dropped) << "all of it is gone";
  EXPECT_EQ(after({open, 1}).size(), tunables::kept_events - 1);
  EXPECT_EQ(log.look({open, 1}), place::here);
}

TEST_F(event_logs, bytes_are_bounded_and_what_is_too_large_is_known_as_lost) {
  const auto a = log.begin();
  const auto start = log.mark(a);
  add(a, std::string(tunables::kept_event_bytes, 'x'));
  EXPECT_EQ(log.bytes(), 0u);
  EXPECT_EQ(log.look(start), place::dropped);
  const std::size_t half = tunables::kept_event_bytes / 2;
  const auto behind = add(a, std::string(half, 'x'));
  add(a, std::string(half, 'y'));
  EXPECT_LE(log.bytes(), tunables::kept_event_bytes);
  EXPECT_EQ(log.events(), 1u);
  EXPECT_EQ(log.look(behind), place::here);
  EXPECT_EQ(budget->used(), log.bytes());
}

TEST_F(event_logs, share_their_bytes_and_give_them_back) {
  const auto small = std::make_shared<event_budget>(2000);
  {
    event_log one(small), two(small);
    const auto a = one.begin(), b = two.begin();
    const auto start = two.mark(b);
    one.add(a, text(std::string(1500, 'x')), urgency::must_arrive);
    EXPECT_FALSE(small->was_short());
    two.add(b, text(std::string(500, 'x')), urgency::must_arrive);
    EXPECT_EQ(two.look(start), place::dropped);
    EXPECT_TRUE(small->was_short());
    EXPECT_FALSE(small->was_short()) << "it is said once";
    one.end(a);
    one.forget_ended();
    two.add(b, text(std::string(500, 'x')), urgency::must_arrive);
    EXPECT_EQ(two.after({b, 2}).size(), 1u);
  }
  EXPECT_EQ(small->used(), 0u);
}

TEST_F(event_logs, what_is_withdrawn_is_no_loss) {
  const auto a = log.begin();
  const auto start = log.mark(a);
  const auto question = add(a, "question");
  add(a, "reply");
  log.withdraw(question);
  log.withdraw(question);
  log.withdraw({77, 1});
  EXPECT_EQ(log.look(start), place::here);
  EXPECT_EQ(after(start), (strings{"1-3 reply"}));
}

TEST_F(event_logs, keep_nothing_once_they_are_closed) {
  const auto a = log.begin();
  add(a, "one");
  log.close();
  EXPECT_EQ(add(a, "two"), (event_id{a, 2})) << "it is still numbered";
  EXPECT_EQ(budget->used(), 0u);
  EXPECT_EQ(log.look({a, 1}), place::dropped);
}

}  // namespace
}  // namespace longhaul::wire
