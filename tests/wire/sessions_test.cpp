// SPDX-License-Identifier: Apache-2.0
#include "wire/sessions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/virtual_clock.hpp"
#include "wire/legacy.hpp"

namespace longhaul::wire {
namespace {

using namespace std::chrono_literals;

class sessions : public testing::Test {
 protected:
  std::shared_ptr<session> create(session_table& in, const std::string& owner = "ann") {
    return in.create(owner, legacy_2025_11_25(), {});
  }
  test::virtual_clock clock;
};

TEST_F(sessions, ids_are_long_visible_and_never_repeat) {
  session_table table(2000, 1h, clock);
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const auto id = create(table)->id();
    EXPECT_GE(id.size(), 22U);
    EXPECT_TRUE(std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7F; }));
    EXPECT_TRUE(ids.insert(id).second);
  }
}

TEST_F(sessions, do_not_exist_for_other_owners) {
  session_table table(10, 1h, clock);
  const auto made = create(table);
  EXPECT_EQ(table.find(made->id(), "ann"), made);
  EXPECT_EQ(table.find(made->id(), "bob"), nullptr);
  EXPECT_FALSE(table.end(made->id(), "bob"));
  EXPECT_TRUE(table.end(made->id(), "ann"));
  EXPECT_FALSE(table.end(made->id(), "ann"));
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(sessions, end_when_idle_but_not_while_a_request_is_open) {
  session_table table(10, 1h, clock);
  const auto idle = create(table), busy = create(table);
  ASSERT_TRUE(busy->requests()->open("i1"));
  clock.advance(50min);
  EXPECT_NE(table.find(idle->id(), "ann"), nullptr) << "use makes it live on";
  clock.advance(61min);
  EXPECT_EQ(table.find(idle->id(), "ann"), nullptr);
  EXPECT_NE(table.find(busy->id(), "ann"), nullptr);
}

TEST_F(sessions, are_bounded_and_only_idle_ones_give_way) {
  session_table table(3, 1h, clock);
  const auto a = create(table), b = create(table), c = create(table);
  EXPECT_EQ(create(table), nullptr);
  ASSERT_TRUE(a->requests()->open("i1"));
  clock.advance(2min);
  EXPECT_NE(table.find(b->id(), "ann"), nullptr);
  EXPECT_NE(create(table), nullptr);
  EXPECT_NE(table.find(a->id(), "ann"), nullptr);
  EXPECT_NE(table.find(b->id(), "ann"), nullptr);
  EXPECT_EQ(table.find(c->id(), "ann"), nullptr);
  EXPECT_EQ(table.size(), 3U);
}

TEST_F(sessions, one_stream_at_a_time_gets_the_messages_of_a_task) {
  session_table table(3, 1h, clock);
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
  session_table table(3, 1h, clock);
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
    ASSERT_TRUE(requests->open(std::to_string(i)));
  }
  EXPECT_FALSE(requests->open("one more"));
}

}  // namespace
}  // namespace longhaul::wire
