// SPDX-License-Identifier: Apache-2.0
// A store that cannot say whether what was claimed is still as it was: nothing starts then, nothing
// is lost, and all of it starts once the store can.
#include "support/fault_store.hpp"
#include "support/process_census.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

class unstarted : public engine_fixture {
 protected:
  void start_with_fault() {
    beneath = std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
    store = std::make_shared<fault_store>(*beneath, 1, fault_rates{});
    store->fail_known(true);
    options.store = store;
    start();
  }
  void tick_and_look() {
    clock.advance(options.claim_poll);
    engine->tick();
  }
  bool waits(const task_ptr& task) {
    const task_ptr now = get(task);
    return now->status == task_status::working && !now->process && engine->running() == 0;
  }

  std::shared_ptr<fault_store> store;
};

TEST_F(unstarted, what_cannot_be_started_waits_for_the_tick_and_starts_once_the_store_heals) {
  std::atomic<int> ran = 0;
  options.max_running = 2;
  add({.name = "work", .max_running = 1, .max_attempts = 2}, [&] { ++ran; });
  start_with_fault();
  const task_ptr first = submit(call("work")), second = submit(call("work", "bob"));
  for (int round = 0; round < 6; ++round) {
    const std::uint64_t before = get(first)->epoch + get(second)->epoch;
    tick_and_look();
    EXPECT_TRUE(wait_until([&] { return get(first)->epoch + get(second)->epoch > before; }))
        << "each tick tries again";
    EXPECT_TRUE(wait_until([&] { return waits(first) && waits(second); }));
  }
  const std::uint64_t before = get(first)->epoch + get(second)->epoch;
  engine->tick();
  engine->tick();
  EXPECT_LE(get(first)->epoch + get(second)->epoch, before + 8) << "not over and over";
  EXPECT_EQ(ran, 0);
  store->fail_known(false);
  tick_and_look();
  EXPECT_EQ(await_end(first)->status, task_status::completed);
  EXPECT_EQ(await_end(second)->status, task_status::completed);
  EXPECT_EQ(await_end(submit(call("work")))->status, task_status::completed);
  EXPECT_EQ(ran, 3);
  EXPECT_TRUE(wait_until([&] { return engine->running() == 0; }));
}

TEST_F(unstarted, work_that_is_handed_over_is_failed_at_once_and_its_place_comes_back) {
  options.max_running = 1;
  options.max_parked = 1;
  std::atomic<int> ran = 0;
  add({.name = "hand_over"}, [&](task_context&) {
    ++ran;
    return external{};
  });
  start_with_fault();
  for (int i = 0; i < 5; ++i) {
    const task_ptr task = submit(call("hand_over"));
    ASSERT_TRUE(task) << "no place is left";
    EXPECT_EQ(await_end(task)->status_message, "the work could not be started");
  }
  EXPECT_EQ(ran, 0);
  store->fail_known(false);
  const task_ptr task = submit(call("hand_over"));
  EXPECT_TRUE(wait_until([&] { return ran == 1 && waits(task); }));
}

}  // namespace
}  // namespace longhaul::test
