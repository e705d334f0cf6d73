// SPDX-License-Identifier: Apache-2.0
// Latencies in log-linear buckets, as HdrHistogram has them: 128 to a power of two, so that every
// figure is right to 0.8 %, at a fixed size whatever the range.
//
// Threads: one at a time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace longhaul::bench {

class histogram {
 public:
  using duration = std::chrono::nanoseconds;

  void add(duration value) {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
    ++counts_[std::min(bucket_of(ns), counts_.size() - 1)];
    ++total_;
  }

  void add(const histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
  }

  std::uint64_t total() const noexcept { return total_; }

  /// The value that `share` (0 to 1) of all values do not exceed; zero if there are none.
  duration at(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > 0 && seen >= wanted) return duration(static_cast<std::int64_t>(upper_end(i)));
    }
    return duration(0);
  }

 private:
  static constexpr unsigned sub_bits = 7;
  static constexpr std::size_t sub_count = std::size_t{1} << sub_bits;
  static constexpr unsigned max_bits = 40;  // 18 minutes; more counts as that

  // Below `sub_count` exact; then `sub_count` buckets to every further power of two.
  static std::size_t bucket_of(std::uint64_t ns) noexcept {
    if (ns < sub_count) return static_cast<std::size_t>(ns);
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - sub_bits;
    return (shift + 1) * sub_count + static_cast<std::size_t>((ns >> shift) - sub_count);
  }
  static std::uint64_t upper_end(std::size_t bucket) noexcept {
    if (bucket < sub_count) return bucket;
    const std::size_t shift = bucket / sub_count - 1;
    return ((bucket % sub_count + sub_count + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> counts_ =
      std::vector<std::uint64_t>((max_bits - sub_bits + 1) * sub_count);
  std::uint64_t total_ = 0;
};

}  // namespace longhaul::bench
