// SPDX-License-Identifier: Apache-2.0
// What a call of a tool that returns at once costs: its allocations are counted, and may not grow.
#include <algorithm>
#include <cstddef>

#include "tasks/allocations.hpp"
#include "tasks/direct_fixture.hpp"

#if LONGHAUL_OWN_ALLOCATIONS
namespace longhaul::test {
namespace {

using direct_cost = direct_fixture;

TEST_F(direct_cost, a_call_that_returns_at_once_allocates_so_often_at_most) {
  add_quick(greet);
  start();
  auto work = call("quick");
  work.hidden = true;
  std::size_t fewest = 1000;
  for (int i = 0; i < 50; ++i) {  // frames are kept by their thread from the first one on
    boost::asio::post(context, [&] {
      const std::size_t before = allocations();
      work.id = engine->new_id(*work.tool);
      const task_ptr done = engine->run_directly(work, caller, context.get_executor());
      EXPECT_TRUE(done && done->terminal());
      fewest = std::min(fewest, allocations() - before);
    });
    context.restart();
    context.poll();
  }
  EXPECT_LE(fewest, 16u);
}

}  // namespace
}  // namespace longhaul::test
#endif  // LONGHAUL_OWN_ALLOCATIONS
