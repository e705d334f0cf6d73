// SPDX-License-Identifier: Apache-2.0
// Spans that wait to be sent. Whoever adds one never waits: when the queue is full, the span is
// dropped and counted.
//
// Threads: any add and read the counters; one takes. A lock is held for moving a span or swapping
// two vectors, never while anybody is told.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.hpp"
#include "telemetry/span.hpp"

namespace longhaul::telemetry {

class span_queue {
 public:
  /// `most`: spans that wait at once. `batch`: so many are worth a request of their own.
  span_queue(std::size_t most, std::size_t batch);

  /// Dropped if it is full or closed, or if there is no memory.
  void push(span one) noexcept;
  /// Whoever takes is told when a batch is full, once until it has taken; any thread. Must not
  /// throw.
  void on_batch(std::function<void()> tell);
  /// All that wait. Throws nothing.
  std::vector<span> take() noexcept;
  /// Of spans that somebody else could not note or send.
  void count_dropped(std::uint64_t spans) noexcept {
    dropped_.fetch_add(spans, std::memory_order_relaxed);
  }
  /// Nothing is added any more.
  void close() noexcept;

  bool has_batch() const noexcept;
  std::size_t size() const noexcept;
  /// How many were not taken in, or counted as such, since the beginning.
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  const std::size_t most_, batch_;
  std::atomic<std::uint64_t> dropped_{0};
  mutable guarded_mutex mutex_;
  std::vector<span> waiting_ LONGHAUL_GUARDED_BY(mutex_);
  std::shared_ptr<const std::function<void()>> tell_ LONGHAUL_GUARDED_BY(mutex_);
  bool told_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool closed_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace longhaul::telemetry
