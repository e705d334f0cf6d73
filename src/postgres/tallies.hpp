// SPDX-License-Identifier: Apache-2.0
// How many tasks there are, and what they take up, against the bounds of `create` and `answer`.
//
// Each process counts what it changes in rows of its own (`counts`), in the transaction of the
// change, so no two processes wait for a row of numbers; their sum is exact. For the bounds a
// process adds to its own numbers what it last heard of those of the others, which is a second old
// at most: with many processes a bound may be passed by what they create in that second.
//
// Threads: the database thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/stores/store.hpp"
#include "stores/index_keys.hpp"

namespace longhaul::postgres {

/// What one task counts as, or a change of that: the columns of `counts`, in their order.
struct numbers {
  enum kind : std::uint8_t {
    working,
    input_required,
    completed,
    failed,
    cancelled,  // as `task_status`
    queued,
    external,
    open_bytes,
    stored_bytes,
    kinds
  };
  std::array<std::int64_t, kinds> all{};

  numbers& operator+=(const numbers& more) noexcept;
  numbers operator-() const noexcept;
  bool none() const noexcept { return *this == numbers(); }
  std::int64_t open_tasks() const noexcept { return all[working] + all[input_required]; }
  std::int64_t stored_tasks() const noexcept;
  friend bool operator==(const numbers&, const numbers&) = default;
};
inline constexpr std::array<std::string_view, numbers::kinds> number_names = {
    "working", "input_required", "completed",  "failed",      "cancelled",
    "queued",  "external",       "open_bytes", "stored_bytes"};

numbers numbers_of(const task_record& task, std::size_t bytes);
stores::status_counts counts_of(const numbers& sums);

class tallies {
 public:
  void limit(const stores::byte_bounds& bounds) noexcept { bytes_ = bounds; }

  /// The bound that refuses one more task of so many bytes; empty: none does.
  std::string_view refuses(std::string_view quota, const stores::create_bounds& bounds,
                           std::size_t bytes) const;
  /// An open task may take so many bytes more.
  bool may_grow(std::string_view quota, std::size_t more) const;
  /// This process has changed so much, or is about to.
  void add(std::string_view quota, const numbers& change);

  /// … or has changed so much in all, as it has just been read.
  void set_own(stores::by_name<numbers> sums);

  /// Quotas of whose use by others nothing is known that is new enough.
  bool is_known(std::string_view quota, std::chrono::steady_clock::time_point now) const;
  void heard_of_others(std::string_view quota, const numbers& sums,
                       std::chrono::steady_clock::time_point now);
  void heard_of_all_others(const numbers& sums, std::chrono::steady_clock::time_point now);

 private:
  struct heard {
    numbers sums;
    std::chrono::steady_clock::time_point at{};
  };
  numbers use_of(std::string_view quota) const;
  numbers use_of_all() const;
  void forget_old(std::chrono::steady_clock::time_point now);

  stores::byte_bounds bytes_;
  stores::by_name<numbers> own_;
  stores::by_name<heard> others_;
  numbers all_own_;
  heard all_others_;
  std::chrono::steady_clock::time_point forgotten_at_{};
};

}  // namespace longhaul::postgres
