// SPDX-License-Identifier: Apache-2.0
// What all bodies that are being read may hold together. Bodies are paid for as they grow, not as
// they are announced: an announcement costs its sender nothing. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>

#include "transport/tunables.hpp"

namespace longhaul::transport {

class body_memory {
 public:
  explicit body_memory(std::size_t bytes) : all_(bytes), for_large_(bytes - bytes / 4) {}

  /// False: there is no room; nothing was taken. `size`: what this body comes to with them. The
  /// last quarter is for small bodies, so that a few large ones that come slowly lock nobody out.
  bool take(std::size_t bytes, std::size_t size) noexcept {
    const std::size_t bound = size <= tunables::small_body ? all_ : for_large_;
    if (taken_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bound) return true;
    give(bytes);
    return false;
  }
  void give(std::size_t bytes) noexcept { taken_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

 private:
  const std::size_t all_, for_large_;
  std::atomic<std::size_t> taken_{0};
};

}  // namespace longhaul::transport
