// SPDX-License-Identifier: Apache-2.0
// A server that was frozen for longer than its lease (a virtual machine that was moved, say) began
// no task any more until somebody restarted it, and /readyz was content. Now it goes on under a new
// id.
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;

class declared_dead : public engine_fixture {};

TEST_F(declared_dead, a_process_goes_on_under_a_new_id_and_what_it_ran_is_not_its_own) {
  gate& door = new_gate();
  std::atomic<int> runs = 0;
  add({.name = "work"}, [&](task_context& task) {
    if (++runs == 1) door.pass(task.stop_token());
    return std::string("done");
  });
  start();
  const auto lost = submit(call("work"));
  door.await_arrivals(1);
  const auto former = get(lost)->process;

  clock.advance(1min);  // nothing of it runs meanwhile
  tasks::sync(options.store->recover());
  EXPECT_EQ(await_end(lost)->status, task_status::failed) << "as somebody else said";
  const auto late = submit(call("work"));
  EXPECT_FALSE(get(late)->process) << "its lease is over, and it knows";

  engine->tick();
  EXPECT_EQ(await_end(late)->status, task_status::completed);
  const auto next = submit(call("work"));
  EXPECT_EQ(await_end(next)->status, task_status::completed);
  EXPECT_EQ(runs, 3);
  const auto held = tasks::sync(options.store->claimed(*former));
  EXPECT_TRUE(held.empty());
}

}  // namespace
}  // namespace longhaul::test
