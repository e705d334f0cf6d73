// SPDX-License-Identifier: Apache-2.0
// The numbers that a store keeps, as whoever looks often reads them: asked for at most about once a
// second for all of them together, and the last ones that were known while the store is in trouble.
//
// Threads: any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>

#include "base/mutex.hpp"
#include "longhaul/stores/store.hpp"

namespace longhaul::operating {

class kept_numbers {
 public:
  struct all {
    stores::counts_by_tool counts;
    std::size_t bytes = 0;
  };

  /// Never throws `stores::store_error`.
  boost::asio::awaitable<all> read(stores::store& store);

 private:
  using clock = std::chrono::steady_clock;

  guarded_mutex mutex_;
  all last_ LONGHAUL_GUARDED_BY(mutex_);
  /// Null: they were never read.
  std::optional<clock::time_point> read_at_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::operating
