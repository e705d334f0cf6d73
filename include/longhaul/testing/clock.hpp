// SPDX-License-Identifier: Apache-2.0
// Time that a test owns. Both clocks stand still until they are told to move.
//
// Threads: any.
#pragma once

#include <atomic>

#include "longhaul/clock.hpp"

namespace longhaul::testkit {

class manual_clock final : public clock_source {
 public:
  timestamp now() const override { return timestamp(milliseconds(wall_.load())); }
  monotonic_time monotonic() const override { return monotonic_time(milliseconds(mono_.load())); }

  /// Time passes on both clocks.
  void advance(milliseconds by) {
    wall_.fetch_add(by.count());
    mono_.fetch_add(by.count());
  }
  /// Somebody sets the wall clock; negative: back.
  void skew_wall(milliseconds by) { wall_.fetch_add(by.count()); }

 private:
  std::atomic<milliseconds::rep> wall_{1'750'000'000'000};  // June 2025
  std::atomic<milliseconds::rep> mono_{1'000'000};
};

}  // namespace longhaul::testkit
