// SPDX-License-Identifier: Apache-2.0
// What is the memory store's own, and the fault decorator around it.
#include "stores/memory_store.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/task_id.hpp"
#include "support/fault_store.hpp"
#include "support/run.hpp"
#include "support/virtual_clock.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
using stores::change_code;
using stores::create_code;

stores::new_task small_task(std::string arguments = "{}") {
  auto origin = std::make_shared<task_origin>();
  origin->id = new_task_id(system_clock().now());
  origin->owner = origin->quota = "alice";
  origin->tool = "render";
  origin->arguments = raw_json::trusted(std::move(arguments));
  stores::new_task task;
  task.origin = std::move(origin);
  task.claim_for = new_process_id();
  task.retention = 1s;
  return task;
}

TEST(memory_store, is_not_durable_and_gathers_nothing) {
  const stores::memory_store store;
  EXPECT_FALSE(store.durable());
  EXPECT_EQ(store.report_interval(), 0ms);
}

TEST(memory_store, works_with_one_shard) {
  stores::memory_store store({.shards = 0});
  const auto task = small_task();
  EXPECT_EQ(run(store.create(task)).code, create_code::created);
  EXPECT_TRUE(run(store.get("alice", task.origin->id)));
}

TEST(memory_store, refuses_tasks_beyond_its_bytes_and_results_an_eighth_later) {
  virtual_clock clock;
  stores::memory_store store({.shards = 4}, clock);
  stores::byte_bounds bounds;
  bounds.memory_total = 50'000;
  store.limit(bounds);
  const auto first = small_task();
  ASSERT_EQ(run(store.create(first)).code, create_code::created);
  const auto large = small_task('"' + std::string(60'000, 'x') + '"');
  const auto refused = run(store.create(large));
  EXPECT_EQ(refused.code, create_code::busy);
  EXPECT_EQ(refused.bound, stores::bound_names::memory);
  EXPECT_FALSE(run(store.get("alice", large.origin->id)));

  const outcome result = outcome::result(raw_json::trusted('"' + std::string(52'000, 'x') + '"'));
  EXPECT_EQ(run(store.finish(first.origin->id, {1, {}}, result, "")).code, change_code::applied);
  EXPECT_GT(run(store.stats()).bytes, 52'000U);
  const auto second = small_task();
  EXPECT_EQ(run(store.create(second)).code, create_code::busy);
  clock.advance(1s);
  run(store.purge(10));
  EXPECT_EQ(run(store.create(second)).code, create_code::created);
}

TEST(memory_store, counts_its_bytes_back_to_nothing) {
  virtual_clock clock;
  stores::memory_store store({}, clock);
  auto task = small_task(R"({"scene":"a long one"})");
  std::const_pointer_cast<task_origin>(task.origin)->idempotency_key = "key";
  run(store.create(task));
  const std::size_t before = run(store.stats()).bytes;
  EXPECT_GT(before, 500U);
  stores::report_change change;
  change.checkpoint = raw_json::trusted(std::string(1000, '1'));
  run(store.report(task.origin->id, {1, {}}, change));
  EXPECT_EQ(run(store.stats()).bytes, before + 1000);
  run(store.cancel("alice", task.origin->id, "", stores::visibility::hidden_too));
  EXPECT_LT(run(store.stats()).bytes, before + 1000) << "the checkpoint is gone";
  clock.advance(1s);
  run(store.purge(10));
  EXPECT_EQ(run(store.stats()).bytes, 0U);
}

TEST(memory_store, snapshots_are_shared_not_copied) {
  stores::memory_store store;
  const auto task = small_task();
  const auto made = run(store.create(task)).task;
  EXPECT_EQ(made, run(store.get("alice", task.origin->id)));
  EXPECT_EQ(made->origin, task.origin);
}

TEST(memory_store, observers_may_call_back) {
  virtual_clock clock;
  stores::memory_store store({.shards = 1}, clock);
  std::size_t called = 0;
  store.watch([&](const task_ptr& task) {  // no lock is held: this would never return
    ++called;
    boost::asio::io_context context;
    boost::asio::co_spawn(
        context, store.get("alice", task->id()),
        [&](std::exception_ptr, const task_ptr& read) { EXPECT_EQ(read->rev, task->rev); });
    context.run();
  });
  auto task = small_task();
  std::const_pointer_cast<task_origin>(task.origin)->idempotency_key = "key";
  run(store.create(task));
  run(store.release(task.origin->id, {1, {}}));
  stores::claim_request request;
  request.tools = {{"render", 1000}};
  run(store.claim(request));
  run(store.recover());
  clock.advance(1s);
  run(store.purge(1));
  EXPECT_EQ(called, 4U);
}

TEST(memory_store, waiting_tasks_that_end_leave_no_queue_behind) {
  // Nobody claims: all slots are busy. 300 in one shard pass what the intake may hold.
  virtual_clock clock;
  stores::memory_store store({.shards = 1}, clock);
  for (int i = 0; i < 1000; ++i) {
    auto task = small_task();
    task.claim_for.reset();
    run(store.create(task));
    run(store.cancel("alice", task.origin->id, "", stores::visibility::hidden_too));
  }
  auto last = small_task();
  last.claim_for.reset();
  run(store.create(last));
  stores::claim_request request;
  request.tools = {{"render", 1000}};
  request.count = 10;
  const auto mine = run(store.claim(request));
  ASSERT_EQ(mine.size(), 1U);
  EXPECT_EQ(mine[0]->id(), last.origin->id);
}

TEST(memory_store, indexes_forget_with_the_tasks) {
  virtual_clock clock;
  stores::memory_store store({}, clock);
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    auto task = small_task();
    auto origin = std::make_shared<task_origin>(*task.origin);
    origin->idempotency_key = std::to_string(i % 50);
    origin->tool = i < 50 ? "render" : "resize";
    origin->quota = "quota" + std::to_string(i % 7);
    origin->overall_limit = 1h;
    task.hidden = i % 3 == 0;
    if (i % 2 == 0) task.claim_for.reset();
    task.origin = origin;
    run(store.create(task));
    ids.push_back(origin->id);
  }
  EXPECT_GT(store.index_size(), 300U);  // and what waits is in the queue now
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i % 3 == 0 && i % 4 == 0) run(store.reveal("alice", ids[i], 1s));
    const auto ended = run(store.cancel("alice", ids[i], "", stores::visibility::hidden_too));
    EXPECT_EQ(ended.code, change_code::applied);
  }
  clock.advance(1s);
  EXPECT_EQ(run(store.purge(1000)).size(), 100U);
  EXPECT_EQ(store.index_size(), 0U);
}

// --- the fault decorator

TEST(fault_store, time_outs_before_do_nothing) {
  stores::memory_store memory;
  fault_store faults(memory, 1, {.timeout_before = 1});
  const auto task = small_task();
  try {
    run(faults.create(task));
    FAIL();
  } catch (const stores::store_error& error) {
    EXPECT_TRUE(error.outcome_unknown());
  }
  EXPECT_FALSE(run(memory.get("alice", task.origin->id)));
}

TEST(fault_store, done_but_reported_failed_is_done) {
  stores::memory_store memory;
  fault_store faults(memory, 1, {.done_but_failed = 1});
  const auto task = small_task();
  try {
    run(faults.create(task));
    FAIL();
  } catch (const stores::store_error& error) {
    EXPECT_TRUE(error.outcome_unknown());
  }
  EXPECT_TRUE(run(memory.get("alice", task.origin->id)));
}

TEST(fault_store, unavailable_is_a_known_outcome) {
  stores::memory_store memory;
  fault_store faults(memory, 1, {.unavailable = 1});
  const auto task = small_task();
  try {
    run(faults.create(task));
    FAIL();
  } catch (const stores::store_error& error) {
    EXPECT_FALSE(error.outcome_unknown());
  }
  EXPECT_FALSE(run(memory.get("alice", task.origin->id)));
}

TEST(fault_store, a_crash_stays_until_the_restart) {
  stores::memory_store memory;
  fault_store faults(memory, 1, {});
  const auto task = small_task();
  faults.crash_at("create.after");
  EXPECT_THROW(run(faults.create(task)), crashed);
  EXPECT_THROW(run(faults.get("alice", task.origin->id)), crashed);
  faults.restart();
  EXPECT_TRUE(run(faults.get("alice", task.origin->id))) << "committed before the crash";

  faults.crash_at("cancel.before");
  EXPECT_THROW(run(faults.cancel("alice", task.origin->id, "", stores::visibility::hidden_too)),
               crashed);
  faults.restart();
  EXPECT_EQ(run(faults.get("alice", task.origin->id))->status, task_status::working);
}

TEST(fault_store, one_seed_is_one_schedule) {
  const auto schedule = [](std::uint64_t seed) {
    stores::memory_store memory;
    fault_store faults(memory, seed, {0.2, 0.2, 0.2});
    std::string codes;
    for (int i = 0; i < 50; ++i) {
      try {
        run(faults.stats());
        codes += '.';
      } catch (const stores::store_error& error) {
        codes += error.what();
      }
    }
    return codes;
  };
  EXPECT_EQ(schedule(7), schedule(7));
  EXPECT_NE(schedule(7), schedule(8));
}

}  // namespace
}  // namespace longhaul::test
