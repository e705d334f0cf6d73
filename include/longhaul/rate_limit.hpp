// SPDX-License-Identifier: Apache-2.0
// Middleware that bounds how often callers call. Over it a request is refused as busy (31004) with
// `retryAfterMs`, and nothing is created; a call that one rate refuses counts against none.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "longhaul/clock.hpp"
#include "longhaul/middleware.hpp"

namespace longhaul {

/// So many in any such time; all of them may come at once.
struct rate {
  std::uint32_t count = 1;
  std::chrono::milliseconds per = std::chrono::minutes(1);

  bool operator==(const rate&) const = default;
};

/// A bound that is null is none. Callers are told apart by their keys, anonymous ones by their
/// addresses.
struct rate_limits {
  std::optional<rate> calls_per_caller = {};            ///< of tools, prompts and resources
  std::optional<rate> completions_per_caller = {};      ///< they come with every key stroke
  std::optional<rate> task_requests_per_caller = {};    ///< get, answer, cancel, list, result
  std::optional<rate> calls = {};                       ///< of all callers together
  std::map<std::string, rate, std::less<>> tools = {};  ///< by tool, of all callers together

  bool operator==(const rate_limits&) const = default;
};

/// `clock` must outlive it. Throws `std::invalid_argument` for a rate of nothing, in no time, or in
/// more than 100 years.
std::shared_ptr<middleware> limit_rates(const rate_limits& limits,
                                        const clock_source& clock = system_clock());

}  // namespace longhaul
