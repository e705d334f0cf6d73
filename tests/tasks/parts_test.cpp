// SPDX-License-Identifier: Apache-2.0
// The parts the engine is made of, each alone: slots, hub, pool, waiter.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <latch>
#include <thread>

#include "stores/memory_store.hpp"
#include "support/fault_store.hpp"
#include "support/seed.hpp"
#include "support/virtual_clock.hpp"
#include "tasks/blocking_pool.hpp"
#include "tasks/hub.hpp"
#include "tasks/lanes.hpp"
#include "tasks/slots.hpp"
#include "tasks/sync.hpp"
#include "tasks/waiter.hpp"

namespace longhaul::test {
namespace {

using namespace tasks;

task_ptr task_of(const std::string& id, std::uint64_t rev) {
  auto origin = std::make_shared<task_origin>();
  origin->id = id;
  auto task = std::make_shared<task_record>();
  task->origin = std::move(origin);
  task->rev = rev;
  return task;
}

class counter : public follower {
 public:
  void on_task(const task_ptr&) override { ++heard; }
  std::atomic<int> heard{0};
};

// --- slots

TEST(slots_test, the_reserve_is_for_quotas_with_nothing_running) {
  slots all(4, 1, 1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(all.try_acquire("busy"));
  EXPECT_FALSE(all.try_acquire("busy"));
  EXPECT_EQ(all.reserve(10).count(), 1u);
  EXPECT_TRUE(all.reserve(10).saturated().contains("busy"));
  EXPECT_TRUE(all.try_acquire("other"));
  EXPECT_FALSE(all.try_acquire("third"));
  EXPECT_EQ(all.reserve(10).count(), 0u);
  all.release("busy");
  EXPECT_FALSE(all.try_acquire("busy"));
  EXPECT_TRUE(all.try_acquire("third"));
}

TEST(slots_test, those_that_return_come_before_new_ones_in_their_order) {
  slots all(1, 0, 1);
  ASSERT_TRUE(all.try_acquire("a"));
  std::vector<int> order;
  all.reacquire("b", {}, [&] { order.push_back(1); });
  all.reacquire("c", {}, [&] { order.push_back(2); });
  EXPECT_TRUE(order.empty());
  all.release("a");
  EXPECT_EQ(order, std::vector<int>{1});
  EXPECT_FALSE(all.try_acquire("a"));
  all.release("b");
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  all.release("c");
  EXPECT_EQ(all.running(), 0u);
  all.reacquire("d", {}, [&] { order.push_back(3); });
  EXPECT_EQ(order.size(), 3u) << "at once, where there is room";
}

TEST(slots_test, a_tool_never_runs_more_often_than_its_own_limit) {
  slots all(10, 0, 1);
  const tool_use rare{"rare", 2}, common{"common", 0};
  EXPECT_TRUE(all.try_acquire("a", rare));
  EXPECT_TRUE(all.try_acquire("b", rare));
  EXPECT_FALSE(all.try_acquire("c", rare));
  EXPECT_TRUE(all.try_acquire("c", common));
  EXPECT_EQ(all.left(rare), 0u);
  bool on = false;
  all.reacquire("d", rare, [&] { on = true; });
  EXPECT_FALSE(on) << "one that returns waits for its own tool";
  all.release("c", common);
  EXPECT_FALSE(on);
  all.release("a", rare);
  EXPECT_TRUE(on);
  EXPECT_FALSE(all.try_acquire("c", rare));
}

TEST(slots_test, a_tools_room_cannot_be_taken_while_a_claim_is_under_way) {
  slots all(10, 0, 1);
  const tool_use rare{"rare", 1};
  slots::reservation room = all.reserve(3);
  EXPECT_EQ(room.count(), 3u);
  EXPECT_EQ(all.left(rare), 1u);
  EXPECT_FALSE(all.try_acquire("a", rare)) << "the claim may bring one";
  bool on = false;
  all.reacquire("b", rare, [&] { on = true; });
  EXPECT_FALSE(on);
  room.use("c", rare);
  EXPECT_FALSE(on);
  room.keep(0);
  EXPECT_EQ(all.running(), 1u);
  EXPECT_FALSE(on);
  all.release("c", rare);
  EXPECT_TRUE(on);
}

TEST(slots_test, parked_handlers_are_bounded) {
  slots all(1, 0, 2);
  EXPECT_TRUE(all.park("ann"));
  EXPECT_TRUE(all.park("bob"));
  EXPECT_FALSE(all.park("cid"));
  all.unpark("ann");
  EXPECT_TRUE(all.park("cid"));
}

TEST(slots_test, P21_one_quota_has_half_of_the_places_of_parked_handlers) {
  slots all(1, 0, 3);
  EXPECT_TRUE(all.park("ann"));
  EXPECT_TRUE(all.park("ann"));
  EXPECT_FALSE(all.park("ann"));
  EXPECT_TRUE(all.park("bob")) << "what ann leaves is for others";
  all.unpark("ann");
  EXPECT_TRUE(all.park("ann"));
  slots one(1, 0, 1), none(1, 0, 0);
  EXPECT_TRUE(one.park("ann")) << "at least one";
  EXPECT_FALSE(none.park("ann"));
}

// --- hub

TEST(hub_test, a_subscription_ends_once_and_only_for_its_own_task) {
  hub all(10);
  const auto who = std::make_shared<counter>();
  auto first = all.follow("a", who);
  auto second = all.follow("a", who);
  auto third = all.follow("b", who);
  all.publish(task_of("a", 1));
  EXPECT_EQ(who->heard, 2);
  second = std::move(first);  // ends the second
  EXPECT_EQ(all.followers(), 2u);
  all.publish(task_of("a", 2));
  EXPECT_EQ(who->heard, 3);
  second.reset();
  second.reset();
  third = {};
  EXPECT_EQ(all.followers(), 0u);
}

TEST(hub_test, a_store_that_others_write_is_asked_for_what_has_a_follower) {
  virtual_clock clock;
  stores::memory_store beneath({}, clock);
  const auto store = std::make_shared<fault_store>(beneath, 1, fault_rates{});
  hub all(2, store);
  const auto who = std::make_shared<counter>();
  auto first = all.follow("a", who);
  auto second = all.follow("a", who);
  EXPECT_THROW(static_cast<void>(all.follow("a", who)), too_many_followers);
  first.reset();
  EXPECT_EQ(store->followed(), std::vector<std::string>{"+a"});
  second.reset();
  EXPECT_EQ(store->followed(), (std::vector<std::string>{"+a", "-a"}));
  const auto id = lanes::new_id(task_policy::never, clock.now());
  const auto passing = all.follow(id, who);
  EXPECT_EQ(store->followed().size(), 2u) << "a plain call is nobody else's";
}

TEST(hub_test, a_follower_that_the_store_cannot_take_is_none) {
  virtual_clock clock;
  stores::memory_store beneath({}, clock);
  const auto store = std::make_shared<fault_store>(beneath, 1, fault_rates{});
  hub all(2, store);
  const auto who = std::make_shared<counter>();
  store->fail_follow();
  EXPECT_THROW(static_cast<void>(all.follow("a", who)), std::bad_alloc);
  EXPECT_EQ(all.followers(), 0u);
  const auto second = all.follow("a", who);
  EXPECT_EQ(store->followed(), std::vector<std::string>{"+a"}) << "the store is asked again";
}

TEST(hub_test, a_follower_that_is_gone_is_passed_over) {
  hub all(10);
  auto who = std::make_shared<counter>();
  const auto following = all.follow("a", who);
  who.reset();
  all.publish(task_of("a", 1));
}

TEST(hub_test, a_subscription_may_outlive_the_hub) {
  auto all = std::make_unique<hub>(10);
  const auto who = std::make_shared<counter>();
  auto following = all->follow("a", who);
  all.reset();
  following.reset();
}

TEST(hub_test, follow_and_publish_from_many_threads) {
  hub all(100);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto who = std::make_shared<counter>();
      for (std::uint64_t n = 1; n <= 500; ++n) {
        const auto following = all.follow("a", who);
        all.publish(task_of("a", n));
      }
      EXPECT_GE(who->heard, 500);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(all.followers(), 0u);
}

// --- pool

TEST(blocking_pool_test, everything_submitted_runs_before_close_returns) {
  std::atomic<int> ran = 0;
  blocking_pool pool;
  for (int i = 0; i < 1000; ++i) pool.submit([&] { ++ran; });
  pool.close();
  EXPECT_EQ(ran, 1000);
  EXPECT_EQ(pool.threads(), 0u);
  pool.submit([&] { ++ran; });
  pool.close();
  EXPECT_EQ(ran, 1000) << "dropped";
}

TEST(blocking_pool_test, jobs_that_wait_for_each_other_all_get_threads) {
  blocking_pool pool;
  constexpr int count = 20;
  std::latch all(count);
  for (int i = 0; i < count; ++i) pool.submit([&] { all.arrive_and_wait(); });
  pool.close();
}

TEST(blocking_pool_test, jobs_that_came_together_and_among_others_all_get_threads) {
  blocking_pool pool;
  constexpr int count = 32;
  std::atomic<int> ran = 0;
  std::thread others([&] {
    for (int i = 0; i < 2000; ++i) pool.submit([&] { ++ran; });
  });
  for (int round = 0; round < 20; ++round) {
    const auto all = std::make_shared<std::latch>(count + 1);
    pool.submit(std::vector<blocking_pool::job>(count, [all] { all->arrive_and_wait(); }));
    all->arrive_and_wait();
  }
  others.join();
  pool.close();
  EXPECT_EQ(ran, 2000);
}

TEST(blocking_pool_test, idle_threads_are_used_again) {
  blocking_pool pool;
  for (int i = 0; i < 200; ++i) {
    std::latch done(1);
    pool.submit([&] { done.count_down(); });
    done.wait();
  }
  EXPECT_LE(pool.threads(), 8u);
}

// --- waiter

boost::asio::awaitable<std::uint64_t> wait_for_rev(std::shared_ptr<waiter> hears,
                                                   std::uint64_t rev) {
  const waiter::closer closing(*hears);
  task_ptr now;
  while (!now || now->rev < rev) {
    auto next = hears->next();
    now = co_await std::move(next);
  }
  co_return now->rev;
}

TEST(waiter_test, no_news_are_lost_on_an_executor_of_many_threads) {
  boost::asio::io_context context;
  auto work = boost::asio::make_work_guard(context);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { context.run(); });
  for (int round = 0; round < 3000 / slowdown; ++round) {
    const auto hears = std::make_shared<waiter>(context.get_executor());
    std::latch done(1);
    auto waiting = wait_for_rev(hears, 5);
    boost::asio::co_spawn(context, std::move(waiting),
                          [&](std::exception_ptr, std::uint64_t) { done.count_down(); });
    for (std::uint64_t rev = 1; rev <= 5; ++rev) hears->on_task(task_of("a", rev));
    done.wait();
  }
  work.reset();
  for (auto& thread : threads) thread.join();
}

boost::asio::awaitable<task_ptr> next_of(std::shared_ptr<waiter> hears,
                                         waiter::clock::time_point deadline) {
  auto next = hears->next(deadline);
  co_return co_await std::move(next);
}

TEST(waiter_test, an_old_state_is_no_news_and_wake_and_deadline_end_the_wait) {
  boost::asio::io_context context;
  const auto hears = std::make_shared<waiter>(context.get_executor());
  const auto next = [&](waiter::clock::time_point deadline) {
    task_ptr result;
    auto waiting = next_of(hears, deadline);
    boost::asio::co_spawn(context, std::move(waiting),
                          [&](std::exception_ptr, task_ptr t) { result = std::move(t); });
    context.restart();
    context.run();
    return result;
  };
  EXPECT_FALSE(next(waiter::clock::time_point::min()));
  hears->on_task(task_of("a", 3));
  EXPECT_EQ(next(waiter::clock::time_point::max())->rev, 3u);
  hears->on_task(task_of("a", 2));
  EXPECT_EQ(next(waiter::clock::now() + std::chrono::milliseconds(1))->rev, 3u);
  hears->wake();
  EXPECT_EQ(next(waiter::clock::time_point::max())->rev, 3u);
  hears->close();
  hears->wake();
  hears->on_task(task_of("a", 4));
}

}  // namespace
}  // namespace longhaul::test
