// SPDX-License-Identifier: Apache-2.0
// How long something took, and when it began: what figures and traces are made of. Lengths are
// those of a steady clock, so a clock that is set changes none.
//
// Threads: plain values.
#pragma once

#include <chrono>

namespace longhaul {

struct stretch {
  std::chrono::system_clock::time_point from{};
  std::chrono::nanoseconds length{0};
};

class stopwatch {
 public:
  stretch so_far() const { return {began_, std::chrono::steady_clock::now() - steady_}; }

 private:
  std::chrono::system_clock::time_point began_ = std::chrono::system_clock::now();
  std::chrono::steady_clock::time_point steady_ = std::chrono::steady_clock::now();
};

}  // namespace longhaul
