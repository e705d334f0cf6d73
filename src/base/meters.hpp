// SPDX-License-Identifier: Apache-2.0
// What is counted where work is done, and read when somebody looks: numbers that cost a few
// nanoseconds, without locks. A reader may see one of two that belong together and not yet the
// other.
//
// Threads: any.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "longhaul/figures.hpp"

namespace longhaul {

class counter {
 public:
  void add(std::uint64_t more = 1) noexcept { count_.fetch_add(more, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> count_{0};
};

class histogram {
 public:
  /// `bounds`: upper ones, growing; must live for ever.
  explicit histogram(std::span<const double> bounds)
      : bounds_(bounds), counts_(std::make_unique<counter[]>(bounds.size() + 1)) {}

  void note(double value) noexcept {
    const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[static_cast<std::size_t>(at)].add();
    sum_.fetch_add(value, std::memory_order_relaxed);
  }
  template <class Rep, class Period>
  void note(std::chrono::duration<Rep, Period> length) noexcept {
    note(std::chrono::duration<double>(length).count());
  }
  distribution read() const {
    distribution result{bounds_, {}, sum_.load(std::memory_order_relaxed)};
    result.counts.reserve(bounds_.size() + 1);
    for (std::size_t i = 0; i <= bounds_.size(); ++i) result.counts.push_back(counts_[i].value());
    return result;
  }

 private:
  const std::span<const double> bounds_;
  const std::unique_ptr<counter[]> counts_;
  std::atomic<double> sum_{0};
};

}  // namespace longhaul
