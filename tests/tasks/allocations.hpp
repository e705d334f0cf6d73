// SPDX-License-Identifier: Apache-2.0
// The allocations of this suite: counted by thread, and one of them fails where a test wants it.
// Not with a sanitizer: those have allocators of their own, whose halves must not be mixed with
// these.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LONGHAUL_OWN_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LONGHAUL_OWN_ALLOCATIONS 0
#endif
#endif
#ifndef LONGHAUL_OWN_ALLOCATIONS
#define LONGHAUL_OWN_ALLOCATIONS 1
#endif

#if LONGHAUL_OWN_ALLOCATIONS
namespace longhaul::test {

/// How many this thread has made.
std::size_t allocations() noexcept;
/// After `more` more of them, one of this thread throws `std::bad_alloc`, once.
void fail_allocation_after(std::size_t more) noexcept;
/// Whatever was to fail, on any thread, does not any more. True: it has.
bool stop_failing() noexcept;

}  // namespace longhaul::test
#endif
