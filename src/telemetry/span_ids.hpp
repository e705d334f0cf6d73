// SPDX-License-Identifier: Apache-2.0
// The ids of a task's spans. They are made of the task's id alone, so every process that has a part
// in a task derives the same ones, and nobody has to store or send any:
//
//   digest   = SHA-256 of "longhaul trace " and the id, which nobody can guess or find out from it
//   trace id = that of the caller's `traceparent`; else bytes 0…15 of the digest
//   span id  = 64 bits mixed of bytes 16…31, the kind of the span, the epoch and a number `n`
//
// The span of a call is (call, 0, 0), of an attempt (attempt, epoch, 0): a child that is told of by
// another process, or after a crash, still finds its parent. Spans without children have the time
// of their beginning as `n`. No id is ever zero.
//
// Threads: any; pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "longhaul/task.hpp"

namespace longhaul::telemetry {

using trace_id = std::array<std::uint8_t, 16>;
/// Big-endian, as it is written. 0: none.
using span_id = std::uint64_t;

enum class span_kind : std::uint8_t {
  call,     ///< the whole life of the task
  queue,    ///< it was ready, and waited for a slot
  attempt,  ///< its handler
  question,
  store_create,
  store_finish,
  store_retry
};

/// What the caller sent, as W3C Trace Context has it.
struct caller_trace {
  trace_id trace{};
  span_id parent = 0;
  std::uint8_t flags = 0;  ///< 1: the caller records it
  std::string state;       ///< `tracestate`
};

/// Null: it sent none that is valid.
std::optional<caller_trace> caller_trace_of(const task_origin& task);
/// The flags alone, which costs no allocation in what callers usually send; null: no valid trace.
std::optional<std::uint8_t> caller_flags_of(const task_origin& task);

class span_ids {
 public:
  /// Throws `std::runtime_error` if there are no hashes, `std::bad_alloc`.
  explicit span_ids(const task_origin& task);

  const trace_id& trace() const noexcept { return trace_; }
  /// The caller's; its parent is that of the call.
  const std::optional<caller_trace>& caller() const noexcept { return caller_; }
  span_id call() const noexcept { return of_span(span_kind::call, 0, 0); }
  span_id attempt(std::uint64_t epoch) const noexcept {
    return of_span(span_kind::attempt, epoch, 0);
  }
  span_id of_span(span_kind kind, std::uint64_t epoch, std::uint64_t n) const noexcept;

 private:
  std::optional<caller_trace> caller_;
  trace_id trace_{};
  std::uint64_t first_ = 0, second_ = 0;
};

/// Lower-case hex digits: 32, and 16.
void append_hex(std::string& out, const trace_id& id);
void append_hex(std::string& out, span_id id);

}  // namespace longhaul::telemetry
