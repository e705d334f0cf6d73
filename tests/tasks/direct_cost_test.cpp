// SPDX-License-Identifier: Apache-2.0
// What a call of a tool that returns at once costs: its allocations are counted, and may not grow.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "tasks/direct_fixture.hpp"

// Sanitizers have allocators of their own, whose halves must not be mixed with these.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LONGHAUL_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LONGHAUL_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef LONGHAUL_COUNTS_ALLOCATIONS
#define LONGHAUL_COUNTS_ALLOCATIONS 1
#endif

#if LONGHAUL_COUNTS_ALLOCATIONS
namespace {

thread_local std::size_t allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

// Those of arrays and without exceptions come to these.
void* operator new(std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

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
      const std::size_t before = allocations;
      work.id = engine->new_id(*work.tool);
      const task_ptr done = engine->run_directly(work, caller, context.get_executor());
      EXPECT_TRUE(done && done->terminal());
      fewest = std::min(fewest, allocations - before);
    });
    context.restart();
    context.poll();
  }
  EXPECT_LE(fewest, 16u);
}

}  // namespace
}  // namespace longhaul::test
#endif  // LONGHAUL_COUNTS_ALLOCATIONS
