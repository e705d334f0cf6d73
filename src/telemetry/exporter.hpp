// SPDX-License-Identifier: Apache-2.0
// Sends spans to a collector: takes them from a queue, a batch whenever one is full, and all that
// wait every `schedule_delay`. One request is under way at most.
//
//            ┌────────────── wait: a full batch, or the time is over ◄─────────┐
//            ▼                                                                 │
//   take ──► send ──► accepted ────────────────────────────────────────────────┤
//            ▲  └───► refused, or the last attempt: dropped and counted ───────┤
//            └─ pause ◄── try again                                            │
//   close: what waits is sent, each batch once and without pauses ──► the end ◄┘
//
// A collector that is away or hangs costs spans and nothing else: whoever adds them never waits,
// and `close` returns when its grace is over. What goes wrong is said once ("traces.failed"), and
// once that it works again ("traces.mended"); what is tried again, at the level debug
// ("traces.again").
//
// Threads: one of its own, with an io_context; everything here may be called on any other.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

#include "base/log.hpp"
#include "telemetry/span_queue.hpp"
#include "telemetry/trace_settings.hpp"

namespace longhaul::telemetry {

struct export_counts {
  std::uint64_t exported = 0;  ///< spans that the collector has accepted
  std::uint64_t dropped = 0;   ///< that it has not, and never will
  std::size_t waiting = 0;     ///< that are queued, or being sent
};

class exporter {
 public:
  /// Starts the thread. Throws `std::invalid_argument` if the endpoint or the file of authorities
  /// cannot be read, `std::system_error` if there is no thread to be had.
  exporter(const trace_settings& settings, logger log);
  /// As `close`, without a grace.
  ~exporter();
  exporter(const exporter&) = delete;
  exporter& operator=(const exporter&) = delete;

  /// Where spans are added; it may outlive the exporter, and drops them then.
  const std::shared_ptr<span_queue>& queue() const noexcept;
  /// No span is taken in any more; what waits is sent, and the thread ends, within `grace` and two
  /// seconds at most. The rest counts as dropped. Once, or one after the other; logs nothing later.
  void close(std::chrono::milliseconds grace) noexcept;
  export_counts counts() const noexcept;

  class core;

 private:
  const std::shared_ptr<core> core_;
  std::thread thread_;
};

}  // namespace longhaul::telemetry
