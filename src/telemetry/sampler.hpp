// SPDX-License-Identifier: Apache-2.0
// Which traces are recorded: the samplers of OpenTelemetry that need no collector to tell them. The
// decision is a function of the trace alone, so all spans of a task, and all processes of a fleet,
// decide alike, and nothing is remembered.
//
// Threads: any; plain values.
#pragma once

#include <cstdint>

#include "longhaul/task.hpp"

namespace longhaul::telemetry {

/// OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG.
struct sampler {
  enum class rule : std::uint8_t { always_on, always_off, ratio };

  /// What a caller that sent a trace decided, goes; `root` is for those who sent none.
  bool follows_parent = true;
  rule root = rule::always_on;
  double ratio = 1.0;  ///< of traces, 0 to 1; of `ratio` only

  friend bool operator==(const sampler&, const sampler&) = default;
};

/// Whether spans of this task are recorded. Cheap, but for `ratio` without a caller's trace, which
/// costs a hash. Throws `std::runtime_error` if there are no hashes, `std::bad_alloc`.
bool is_sampled(const sampler& by_rule, const task_origin& task);

}  // namespace longhaul::telemetry
