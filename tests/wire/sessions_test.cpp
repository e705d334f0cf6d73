// SPDX-License-Identifier: Apache-2.0
#include "wire/sessions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <set>

#include "support/virtual_clock.hpp"

namespace longhaul::wire {
namespace {

using namespace std::chrono_literals;

struct mute_outlet final : outlet {
  bool send(std::string) override { return true; }
  bool send_event(stream_event, urgency) override { return true; }
  void expect_wait() override {}
  void on_gone(std::function<void()>) override {}
};

class sessions : public testing::Test {
 protected:
  static std::shared_ptr<session> create(session_table& in, const std::string& owner = "ann") {
    return in.create({owner, owner, true}, {.version = revision::v2025_11_25}, {});
  }
  static serving::caller who(const std::string& owner) { return {owner, owner, true}; }
  const session_ids sealed{std::vector<std::string>{"one"}};
  test::virtual_clock clock;
};

TEST_F(sessions, ids_are_long_visible_and_never_repeat) {
  session_table table({2000, 2000, 1h}, clock, sealed);
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const auto id = create(table)->id();
    EXPECT_GE(id.size(), 22U);
    EXPECT_TRUE(std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7F; }));
    EXPECT_TRUE(ids.insert(id).second);
  }
}

TEST_F(sessions, do_not_exist_for_other_owners) {
  session_table table({10, 10, 1h}, clock, sealed);
  const auto made = create(table);
  EXPECT_EQ(table.find(made->id(), "ann"), made);
  EXPECT_EQ(table.find(made->id(), "bob"), nullptr);
  EXPECT_FALSE(table.end(made->id(), "bob"));
  EXPECT_TRUE(table.end(made->id(), "ann"));
  EXPECT_FALSE(table.end(made->id(), "ann"));
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(sessions, end_when_idle_but_not_while_a_request_is_open) {
  session_table table({10, 10, 1h}, clock, sealed);
  const auto idle = create(table), busy = create(table);
  ASSERT_EQ(busy->requests()->open("i1"), opening::opened);
  clock.advance(50min);
  EXPECT_NE(table.find(idle->id(), "ann"), nullptr) << "use makes it live on";
  clock.advance(61min);
  EXPECT_EQ(table.find(idle->id(), "ann"), nullptr);
  EXPECT_NE(table.find(busy->id(), "ann"), nullptr);
}

TEST_F(sessions, live_while_somebody_listens_and_an_hour_longer) {
  session_table table({10, 10, 1h}, clock, sealed);
  const auto heard = create(table);
  boost::asio::io_context context;
  const auto reader = std::make_shared<serving::exchange>(context.get_executor());
  const auto ear = std::make_shared<mute_outlet>();
  const auto stream = heard->streams().listen(ear, reader);
  clock.advance(3h);
  EXPECT_NE(table.find(heard->id(), "ann"), nullptr);
  heard->streams().left(stream, ear.get());
  clock.advance(59min);
  EXPECT_NE(table.find(heard->id(), "ann"), nullptr);
  clock.advance(61min);
  EXPECT_EQ(table.find(heard->id(), "ann"), nullptr);
  EXPECT_EQ(heard->streams().listen(ear, reader), 0u) << "its streams ended with it";
}

TEST_F(sessions, that_ended_streams_give_room_to_others) {
  session_table table({100, 100, 1h}, clock, sealed);
  // As much as all may keep together, of streams that have ended.
  const auto fill = [&](session& one) {
    const auto stream = one.streams().begin(std::make_shared<mute_outlet>());
    one.streams().end(stream, std::string(tunables::kept_event_bytes - 1024, 'x'), nullptr);
    return std::to_string(stream) + "-1";
  };
  std::vector<std::shared_ptr<session>> full;
  for (std::size_t i = 0; i < tunables::all_event_bytes / tunables::kept_event_bytes; ++i) {
    full.push_back(create(table));
    fill(*full.back());
  }
  boost::asio::io_context context;
  const auto resume = [&](session& one, const std::string& id) {
    return one.streams()
        .resume(id, std::make_shared<mute_outlet>(),
                std::make_shared<serving::exchange>(context.get_executor()))
        .how;
  };
  EXPECT_EQ(resume(*full[0], "1-1"), session_streams::resumption::ended);
  const auto late = create(table);
  EXPECT_EQ(resume(*late, fill(*late)), session_streams::resumption::dropped);
  table.make_room_for_events();
  EXPECT_EQ(resume(*full[0], "1-1"), session_streams::resumption::dropped);
  EXPECT_EQ(resume(*late, fill(*late)), session_streams::resumption::ended);
}

TEST_F(sessions, are_bounded_and_only_idle_ones_give_way) {
  session_table table({3, 100, 1h}, clock, sealed);
  const auto a = create(table), b = create(table), c = create(table);
  EXPECT_EQ(create(table), nullptr);
  ASSERT_EQ(a->requests()->open("i1"), opening::opened);
  clock.advance(2min);
  EXPECT_NE(table.find(b->id(), "ann"), nullptr);
  EXPECT_NE(create(table), nullptr);
  EXPECT_NE(table.find(a->id(), "ann"), nullptr);
  EXPECT_NE(table.find(b->id(), "ann"), nullptr);
  EXPECT_EQ(table.find(c->id(), "ann"), nullptr);
  EXPECT_EQ(table.size(), 3U);
}

TEST_F(sessions, of_one_caller_are_bounded_and_its_own_oldest_idle_one_gives_way) {
  session_table table({100, 3, 1h}, clock, sealed);
  const auto others = create(table, "bob");
  const auto a = create(table), b = create(table), c = create(table);
  ASSERT_EQ(a->requests()->open("i1"), opening::opened);
  clock.advance(1s);
  ASSERT_NE(table.find(b->id(), "ann"), nullptr);
  clock.advance(1s);
  EXPECT_NE(create(table), nullptr) << "however young the others are";
  EXPECT_EQ(table.find(c->id(), "ann"), nullptr) << "unused the longest, and idle";
  EXPECT_NE(table.find(a->id(), "ann"), nullptr) << "it has an open request";
  EXPECT_NE(table.find(b->id(), "ann"), nullptr);
  EXPECT_NE(table.find(others->id(), "bob"), nullptr);
  EXPECT_EQ(table.size(), 4U);
}

TEST_F(sessions, of_one_caller_that_are_all_busy_leave_no_room_for_another) {
  session_table table({100, 2, 1h}, clock, sealed);
  const auto a = create(table), b = create(table);
  ASSERT_EQ(a->requests()->open("i1"), opening::opened);
  ASSERT_EQ(b->requests()->open("i1"), opening::opened);
  EXPECT_EQ(create(table), nullptr);
  EXPECT_NE(create(table, "bob"), nullptr);
  EXPECT_TRUE(table.end(a->id(), "ann"));
  EXPECT_NE(create(table), nullptr) << "what ended leaves its place";
  EXPECT_EQ(table.size(), 3U);
}

TEST_F(sessions, expired_ones_leave_their_share) {
  session_table table({100, 2, 1h}, clock, sealed);
  for (int round = 0; round < 3; ++round) {
    const auto a = create(table), b = create(table);
    clock.advance(61min);
    EXPECT_EQ(table.find(a->id(), "ann"), nullptr);
    EXPECT_EQ(table.find(b->id(), "ann"), nullptr);
    EXPECT_EQ(table.size(), 0U);
  }
}

TEST_F(sessions, one_stream_at_a_time_gets_the_messages_of_a_task) {
  session_table table({3, 3, 1h}, clock, sealed);
  const auto of = create(table);
  int first = 0, second = 0;
  EXPECT_TRUE(of->hold_stream("t", &first));
  EXPECT_TRUE(of->hold_stream("t", &first));
  EXPECT_FALSE(of->hold_stream("t", &second));
  EXPECT_TRUE(of->hold_stream("u", &second));
  of->release_stream("t", &second);
  EXPECT_FALSE(of->hold_stream("t", &second));
  of->release_stream("t", &first);
  EXPECT_TRUE(of->hold_stream("t", &second));
}

TEST_F(sessions, progress_only_grows_over_all_streams) {
  session_table table({3, 3, 1h}, clock, sealed);
  const auto of = create(table);
  EXPECT_TRUE(of->advance_progress("t", 0));
  EXPECT_FALSE(of->advance_progress("t", 0));
  EXPECT_TRUE(of->advance_progress("t", 2));
  EXPECT_FALSE(of->advance_progress("t", 1));
  EXPECT_TRUE(of->advance_progress("u", 1));
}

TEST(open_requests, an_id_is_open_once_and_cancelled_when_it_says_so) {
  const auto requests = std::make_shared<open_requests>();
  {
    open_request one(requests, "i1"), again(requests, "i1"), text(requests, "s1");
    EXPECT_TRUE(one.accepted());
    EXPECT_FALSE(again.accepted());
    EXPECT_TRUE(text.accepted());
    requests->cancel("i1");
    requests->cancel("i2");
    EXPECT_TRUE(one.close());
    EXPECT_FALSE(text.close());
  }
  EXPECT_TRUE(requests->empty());
}

TEST(open_requests, a_cancellation_that_comes_before_the_exchange_is_not_lost) {
  boost::asio::io_context context;
  const auto requests = std::make_shared<open_requests>();
  open_request one(requests, "i1");
  requests->cancel("i1");
  const auto exchange = std::make_shared<serving::exchange>(context.get_executor());
  one.attach(exchange);
  EXPECT_TRUE(exchange->take().abandoned);
}

TEST(open_requests, are_bounded) {
  const auto requests = std::make_shared<open_requests>();
  for (std::size_t i = 0; i < tunables::open_requests_per_session; ++i) {
    ASSERT_EQ(requests->open(std::to_string(i)), opening::opened);
  }
  EXPECT_EQ(requests->open("one more"), opening::full);
  EXPECT_EQ(requests->open("7"), opening::in_use);
  EXPECT_EQ(requests->open("urgent", true), opening::opened);
  requests->close("urgent");
  requests->close("7");
  EXPECT_EQ(requests->open("one more"), opening::opened);
}

TEST_F(sessions, are_served_by_every_process_that_knows_the_secret) {
  session_table first({10, 10, 1h}, clock, sealed), second({10, 10, 1h}, clock, sealed);
  serving::question_modes modes;
  modes.add(client_capability::elicitation_form).add(client_capability::roots);
  const auto begun = first.create(
      who("ann"),
      {.version = revision::v2025_06_18, .modes = modes, .extensions = {"com.example/a", "b"}}, {});
  EXPECT_EQ(second.find(begun->id(), "ann"), nullptr);
  session_facts seen;
  const auto restored = second.restore(begun->id(), who("ann"),
                                       [&](const auto&, const auto& facts) { seen = facts; });
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(restored->id(), begun->id());
  EXPECT_EQ(restored->look().version, revision::v2025_06_18);
  EXPECT_EQ(restored->modes().bits(), modes.bits());
  EXPECT_EQ(seen.extensions, (std::vector<std::string>{"com.example/a", "b"}));
  EXPECT_TRUE(restored->initialized());
  EXPECT_TRUE(restored->restored());
  EXPECT_FALSE(begun->restored());
  EXPECT_EQ(second.find(begun->id(), "ann"), restored);
  EXPECT_EQ(second.restore(begun->id(), who("ann"), {}), restored) << "somebody was faster";
  EXPECT_EQ(second.size(), 1U);
}

TEST_F(sessions, of_others_are_not_restored) {
  session_table first({10, 10, 1h}, clock, sealed), second({10, 10, 1h}, clock, sealed);
  const session_ids others(std::vector<std::string>{"two"});
  session_table stranger({10, 10, 1h}, clock, others);
  const std::string id = create(first)->id();
  EXPECT_EQ(second.restore(id, who("bob"), {}), nullptr);
  EXPECT_EQ(stranger.restore(id, who("ann"), {}), nullptr);
  EXPECT_EQ(first.restore(id, who("ann"), {}), nullptr) << "it knows its own";
  for (std::size_t i = 0; i < id.size(); ++i) {
    std::string changed = id;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(second.restore(changed, who("ann"), {}), nullptr);
  }
  for (const char* none : {"", "gone", "AAAA"}) {
    EXPECT_EQ(second.restore(none, who("ann"), {}), nullptr);
  }
  clock.advance(7 * 24h + 1s);
  EXPECT_EQ(second.restore(id, who("ann"), {}), nullptr) << "it began too long ago";
}

TEST_F(sessions, that_ended_here_stay_ended) {
  session_table first({10, 10, 1h}, clock, sealed), second({10, 10, 1h}, clock, sealed);
  const std::string own = create(first)->id();
  EXPECT_TRUE(first.end(own, "ann"));
  EXPECT_EQ(first.restore(own, who("ann"), {}), nullptr);
  const std::string other = create(first)->id();
  ASSERT_NE(second.restore(other, who("ann"), {}), nullptr);
  EXPECT_TRUE(second.end(other, "ann"));
  EXPECT_EQ(second.restore(other, who("ann"), {}), nullptr);
}

TEST_F(sessions, that_are_restored_count_and_take_the_place_of_idle_ones) {
  session_table first({100, 100, 1h}, clock, sealed), second({100, 2, 1h}, clock, sealed);
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(create(first)->id());
  for (const std::string& id : ids) {
    clock.advance(1s);
    EXPECT_NE(second.restore(id, who("ann"), {}), nullptr);
  }
  EXPECT_EQ(second.size(), 2U);
  EXPECT_EQ(second.find(ids[0], "ann"), nullptr);
  EXPECT_NE(second.restore(ids[0], who("ann"), {}), nullptr) << "it comes again";
}

TEST_F(sessions, whose_initialized_went_to_another_process_hear_of_everything_soon) {
  session_table table({10, 10, 1h}, clock, sealed);
  const auto begun = create(table);
  EXPECT_FALSE(table.find(begun->id(), "ann")->initialized());
  clock.advance(2s);
  EXPECT_TRUE(table.find(begun->id(), "ann")->initialized());
}

TEST_F(sessions, number_their_streams_as_no_other_process_does) {
  session_table first({10, 10, 1h}, clock, sealed), second({10, 10, 1h}, clock, sealed);
  const auto begun = create(first);
  const auto restored = second.restore(begun->id(), who("ann"), {});
  const auto theirs = begun->streams().begin(std::make_shared<mute_outlet>());
  const auto ours = restored->streams().begin(std::make_shared<mute_outlet>());
  EXPECT_NE(theirs, ours);
  boost::asio::io_context context;
  const auto resumed =
      restored->streams().resume(std::to_string(theirs) + "-1", std::make_shared<mute_outlet>(),
                                 std::make_shared<serving::exchange>(context.get_executor()));
  EXPECT_EQ(resumed.how, session_streams::resumption::unknown);
}

}  // namespace
}  // namespace longhaul::wire
