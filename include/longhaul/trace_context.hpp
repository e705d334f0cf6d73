// SPDX-License-Identifier: Apache-2.0
// The trace that a call belongs to: W3C Trace Context and Baggage, as it came in `_meta` or in the
// headers of the request (MCP 2026-07-28 "Trace context"). It is kept with the task.
//
// Threads: plain values.
#pragma once

#include <string>
#include <string_view>

namespace longhaul {

struct trace_context {
  std::string traceparent = {};  ///< `00-<trace id>-<parent id>-<flags>`; empty: no trace
  std::string tracestate = {};   ///< of vendors; empty without a `traceparent`
  std::string baggage = {};      ///< `key=value,…`
};

/// Whether this is a `traceparent` as its specification has it; only such are kept.
bool is_traceparent(std::string_view text) noexcept;

}  // namespace longhaul
