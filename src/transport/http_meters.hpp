// SPDX-License-Identifier: Apache-2.0
// What a listener counts.
//
// Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/meters.hpp"
#include "wire/http_figures.hpp"

namespace longhaul::transport {

class http_meters {
 public:
  void replied(int status) noexcept {
    const auto at = static_cast<std::size_t>(status - least);
    if (at < replies_.size()) replies_[at].add();
  }

  /// One stream, as long as it lives.
  class stream {
   public:
    explicit stream(http_meters& home) noexcept : home_(home) {
      home_.streams_.fetch_add(1, std::memory_order_relaxed);
      home_.replied(200);
    }
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream() { home_.streams_.fetch_sub(1, std::memory_order_relaxed); }

   private:
    http_meters& home_;
  };

  wire::http_figures read(std::size_t connections) const {
    wire::http_figures result{connections, streams_.load(std::memory_order_relaxed), {}};
    for (std::size_t i = 0; i < replies_.size(); ++i) {
      const std::uint64_t count = replies_[i].value();
      if (count != 0) result.replies.emplace(static_cast<int>(i) + least, count);
    }
    return result;
  }

 private:
  static constexpr int least = 200;
  std::array<counter, 400> replies_;
  std::atomic<std::size_t> streams_{0};
};

}  // namespace longhaul::transport
