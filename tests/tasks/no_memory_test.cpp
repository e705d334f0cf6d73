// SPDX-License-Identifier: Apache-2.0
// One allocation fails, each in turn: the call is answered, its slot comes back, nothing is left.
#include <atomic>
#include <new>

#include "tasks/allocations.hpp"
#include "tasks/direct_fixture.hpp"

#if LONGHAUL_OWN_ALLOCATIONS
namespace longhaul::test {
namespace {

class no_memory : public direct_fixture {
 protected:
  no_memory() {
    options.log = logger([this](const log_record& record) {
      if (record.event != "task.change") return;
      if (begins.exchange(false)) {
        ends = true;
        fail_allocation_after(spared);
      } else if (ends.exchange(false) && stop_failing()) {
        has_failed = true;
      }
    });
  }
  ~no_memory() override { stop_failing(); }
  /// The state that it ended with, ticking until it has.
  task_ptr end_of(const task_ptr& task) {
    task_ptr now;
    EXPECT_TRUE(wait_until([&] {
      engine->tick();
      now = get(task);
      return now && now->terminal();
    }));
    return now;
  }
  /// One allocation fails once its row is created, until its question is stored. False: it ended
  /// with the exception.
  bool run_without_memory(const tasks::submission& work, task_ptr& now) {
    bool thrown = false;
    boost::asio::post(context, [&] {
      const auto try_once = [&] {  // a claim that is under way has the slot for a moment
        begins = true;
        ends = has_failed = false;
        now = engine->run_directly(work, caller, context.get_executor());
        return now != nullptr;
      };
      try {
        EXPECT_TRUE(wait_until(try_once));
      } catch (const std::bad_alloc&) {
        thrown = true;
      }
      if (stop_failing()) has_failed = true;
    });
    context.restart();
    context.poll();
    return !thrown;
  }
  void expect_no_trace_of(const std::string& id) {
    expect_nothing_left();
    EXPECT_FALSE(tasks::sync(engine->get_any("ann", id))) << "no row is left";
  }
  void expect_nothing_runs() {
    EXPECT_TRUE(wait_until([&] {
      engine->tick();
      return engine->running() == 0;
    }));
  }

  std::atomic<std::size_t> spared = 0;  ///< allocations before the one that fails
  /// … from the next change on, until the one after it.
  std::atomic<bool> begins = false, ends = false, has_failed = false;
};

TEST_F(no_memory, a_plain_call_that_asks_is_answered_whatever_its_row_lacks) {
  tool_options one;
  one.max_running = 1;
  add_quick(
      [](task_context& task) -> awaitable<std::string> {
        auto question = ask_about("Which color?");
        const auto reply = co_await task.async_ask("color", std::move(question));
        co_return std::string(reply.content.view());
      },
      one);
  start();
  for (bool failed = true; failed; ++spared) {
    SCOPED_TRACE(spared);
    caller = std::make_shared<mailbox>();
    auto work = call("quick");
    work.id = engine->new_id(*work.tool);
    task_ptr now;
    const bool answered = run_without_memory(work, now);
    failed = has_failed;
    if (!answered) {
      expect_no_trace_of(work.id);
      continue;
    }
    if (!now->terminal()) {
      now = caller->await([](const task_record& t) { return is_asking(t) || t.terminal(); });
    }
    if (!now->terminal()) {
      answer(now, "color", accept_blue);
      context.restart();
      context.poll();
      now = end();
    }
    EXPECT_EQ(now->status,
              now->status_message.empty() ? task_status::completed : task_status::failed);
    expect_no_trace_of(work.id);
  }
  EXPECT_GT(spared, 10u);
}

// The slot was gone for good, and the task never ended.
TEST_F(no_memory, a_task_that_ends_is_ended_whatever_its_report_and_its_end_lack) {
  options.max_running = 1;
  add({.name = "work"}, [&](task_context& task) {
    fail_allocation_after(spared);
    try {
      task.progress(1, 2, "a message that is too long for any small string");
    } catch (const std::bad_alloc&) {
      task.status("no memory");
    }
    return std::string("done");
  });
  start();
  for (bool failed = true; failed; ++spared) {
    SCOPED_TRACE(spared);
    const task_ptr task = submit(call("work"));
    ASSERT_TRUE(task);
    EXPECT_TRUE(end_of(task)->terminal());
    expect_nothing_runs();
    failed = stop_failing();
  }
  EXPECT_GT(spared, 10u);
  EXPECT_EQ(end_of(submit(call("work")))->status, task_status::completed);
}

TEST_F(no_memory, what_a_tick_could_not_write_is_written_with_the_end) {
  std::atomic<int> arrived = 0;
  std::atomic<gate*> door = nullptr;
  add({.name = "work"}, [&](task_context& task) {
    task.progress(1, 2, "a message that is too long for any small string");
    ++arrived;
    door.load()->pass();
  });
  start();
  for (bool failed = true; failed; ++spared) {
    SCOPED_TRACE(spared);
    door = &new_gate();
    const task_ptr task = submit(call("work"));
    door.load()->await_arrivals(1);
    fail_allocation_after(spared);
    try {
      engine->tick();
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): the next one comes
    }
    failed = stop_failing();
    door.load()->open();
    const task_ptr last = end_of(task);
    EXPECT_EQ(last->status, task_status::completed);
    ASSERT_TRUE(last->progress);
    EXPECT_EQ(last->progress->done, 1);
    expect_nothing_runs();
  }
  EXPECT_GT(spared, 3u);
}

}  // namespace
}  // namespace longhaul::test
#endif  // LONGHAUL_OWN_ALLOCATIONS
