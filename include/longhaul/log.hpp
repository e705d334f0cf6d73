// SPDX-License-Identifier: Apache-2.0
// What a server tells its operator: records of what happened, and where they go.
//
// A record never carries arguments, results, keys or secrets. A task is named by the first
// characters of its id: enough to find it in `longhaul store list`, too few to be let in by.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <type_traits>

namespace longhaul {

/// RFC 5424, from the least to the most serious.
enum class log_level : std::uint8_t {
  debug,
  info,
  notice,
  warning,
  error,
  critical,
  alert,
  emergency
};

/// A name and what it is: text, a whole number, or yes and no. The text is not copied.
struct log_field {
  enum class kind : std::uint8_t { text, number, boolean };

  log_field(std::string_view n, std::string_view t) : name(n), text(t) {}
  template <class Integer>
    requires std::is_integral_v<Integer>
  log_field(std::string_view n, Integer value)
      : name(n),
        type(std::is_same_v<Integer, bool> ? kind::boolean : kind::number),
        number(static_cast<std::int64_t>(value)) {}

  std::string_view name;
  kind type = kind::text;
  std::string_view text{};
  std::int64_t number = 0;
};

/// Valid during the call that passes it. Texts may hold what a peer or a tool said: they are
/// escaped by whoever prints them.
struct log_record {
  log_level level = log_level::info;
  std::string_view event;  ///< what happened, by a fixed name: `task.end`
  std::string_view text;   ///< the same for people, if the fields do not say it
  std::span<const log_field> fields;
};

/// What is kept of what happens; `info` has a line for each begin and end of a task.
enum class log_detail : std::uint8_t { off, error, info, debug };
/// How records are written on standard error: `TIME LEVEL EVENT name=value … text`, or one JSON
/// object a line.
enum class log_style : std::uint8_t { text, json };

/// Takes records, from any thread, transport threads included: it must not block.
using log_sink = std::function<void(const log_record&)>;

}  // namespace longhaul
