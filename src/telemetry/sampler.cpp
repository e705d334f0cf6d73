// SPDX-License-Identifier: Apache-2.0
#include "telemetry/sampler.hpp"

#include "telemetry/span_ids.hpp"

namespace longhaul::telemetry {
namespace {

// OpenTelemetry "TraceIdRatioBased": the lower 8 bytes of the id are a number that is as good as
// random; those below the bound are recorded. So a lower ratio records a part of what a higher one
// does, and every service of a trace decides alike.
bool is_below(double ratio, const trace_id& trace) noexcept {
  if (ratio >= 1) return true;
  std::uint64_t number = 0;
  for (std::size_t i = 8; i < trace.size(); ++i) number = (number << 8U) | trace[i];
  constexpr double all = 18446744073709551616.0;  // 2^64
  return ratio > 0 && number < static_cast<std::uint64_t>(ratio * all);
}

}  // namespace

bool is_sampled(const sampler& by_rule, const task_origin& task) {
  if (by_rule.follows_parent) {
    if (const auto flags = caller_flags_of(task)) return (*flags & 1U) != 0;
  }
  switch (by_rule.root) {
    case sampler::rule::always_on:
      return true;
    case sampler::rule::always_off:
      return false;
    case sampler::rule::ratio:
      return is_below(by_rule.ratio, span_ids(task).trace());
  }
  return false;
}

}  // namespace longhaul::telemetry
