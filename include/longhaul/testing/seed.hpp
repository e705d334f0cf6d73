// SPDX-License-Identifier: Apache-2.0
// Seeds of random tests, and how large these should be.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>

namespace longhaul::testkit {

/// One for the whole process: the number in the environment variable LONGHAUL_TEST_SEED, to repeat
/// a failure, or a random one. Printed when it is first asked for. Thread-safe.
inline std::uint64_t random_seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("LONGHAUL_TEST_SEED");
    const std::uint64_t chosen =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
    std::cout << "LONGHAUL_TEST_SEED=" << chosen << std::endl;
    return chosen;
  }();
  return seed;
}

/// Divides the size of long tests under sanitizers, which are ten times slower.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int slowdown = 10;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr int slowdown = 10;
#else
inline constexpr int slowdown = 1;
#endif
#else
inline constexpr int slowdown = 1;
#endif

}  // namespace longhaul::testkit
