// SPDX-License-Identifier: Apache-2.0
// What is noted of a span where it happens: a few words of memory. Its ids, its name and its JSON
// are made later, by the thread that sends it.
//
// Threads: plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "longhaul/task.hpp"
#include "telemetry/span_ids.hpp"

namespace longhaul::telemetry {

using wall_time = std::chrono::system_clock::time_point;

/// What it came to.
enum class span_outcome : std::uint8_t {
  none,       ///< nothing that could fail
  completed,  ///< with a result
  error,      ///< with one that says `isError`
  failed,     ///< with a JSON-RPC error
  cancelled,
  retry,    ///< another attempt follows
  stopped,  ///< others have ended it
  answered,
  unanswered
};

struct span {
  std::shared_ptr<const task_origin> origin;  ///< maybe without its arguments
  span_kind kind = span_kind::call;
  span_outcome outcome = span_outcome::none;
  std::uint32_t attempt = 0;  ///< of a call: how many there were
  std::uint64_t epoch = 0;    ///< of an attempt, and of what belongs to one
  std::size_t questions = 0;
  wall_time from{}, to{};
  raw_json failure;  ///< the JSON-RPC error of a call that has failed
};

}  // namespace longhaul::telemetry
