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
    std::size_t now = taken();
    do {  // never more than there is, not even for a moment: others would be refused meanwhile
      if (bytes > bound || now > bound - bytes) return false;
    } while (!taken_.compare_exchange_weak(now, now + bytes, std::memory_order_relaxed));
    return true;
  }
  void give(std::size_t bytes) noexcept { taken_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

 private:
  const std::size_t all_, for_large_;
  std::atomic<std::size_t> taken_{0};
};

/// So many bytes of it for the length of a scope, if there is room (`granted`).
class body_share {
 public:
  body_share(body_memory& from, std::size_t bytes) noexcept
      : from_(from), bytes_(bytes), granted_(from.take(bytes, bytes)) {}
  ~body_share() {
    if (granted_) from_.give(bytes_);
  }
  body_share(const body_share&) = delete;
  body_share& operator=(const body_share&) = delete;
  bool granted() const noexcept { return granted_; }

 private:
  body_memory& from_;
  const std::size_t bytes_;
  const bool granted_;
};

}  // namespace longhaul::transport
