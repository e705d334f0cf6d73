// SPDX-License-Identifier: Apache-2.0
#include "tasks/allocations.hpp"

#if LONGHAUL_OWN_ALLOCATIONS
#include <atomic>
#include <cstdlib>
#include <new>

namespace longhaul::test {
namespace {

struct plan {
  std::size_t round = 0;  // of no round that is on: nothing fails
  std::size_t left = 0;
};

thread_local std::size_t made = 0;
thread_local plan mine;
std::atomic<std::size_t> round_on{1};
std::atomic<bool> has_failed{false};

bool fails_now() noexcept {
  if (mine.round != round_on || mine.left-- != 0) return false;
  mine.round = 0;
  has_failed = true;
  return true;
}

void* allocate(std::size_t size) {
  ++made;
  if (fails_now()) throw std::bad_alloc();
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

std::size_t allocations() noexcept { return made; }

void fail_allocation_after(std::size_t more) noexcept {
  has_failed = false;
  mine = {round_on, more};
}

bool stop_failing() noexcept {
  ++round_on;
  return has_failed.exchange(false);
}

}  // namespace longhaul::test

// Those of arrays and without exceptions come to these.
void* operator new(std::size_t size) { return longhaul::test::allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
