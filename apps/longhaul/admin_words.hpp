// SPDX-License-Identifier: Apache-2.0
// What the operators' API says, as `longhaul admin` prints it: members out of JSON, times, lengths,
// JSON itself.
//
// Threads: pure functions, but for `print_json`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin.hpp"
#include "json/view.hpp"
#include "longhaul/clock.hpp"
#include "longhaul/raw_json.hpp"
#include "terminal/console.hpp"

namespace longhaul {

/// Empty, 0, false and null for what is not there, or of another kind.
std::string text_in(json::value member);
std::int64_t number_in(json::value member);
bool flag_in(json::value member);
std::optional<milliseconds> length_in(json::value member);
/// A time of RFC 3339 in UTC, as the API writes them.
std::optional<timestamp> time_in(json::value member);

/// "386 ms", "2 min 5 s"; never negative.
std::string length_text(milliseconds length);
/// How long ago, or `-`.
std::string age_text(std::optional<timestamp> then, timestamp now);
/// "33 % (1 of 3), step 1": progress and message of a task, where it has them.
std::string progress_text(json::value task);
/// Text of anybody on one line, in the characters of that terminal.
std::string shown(std::string_view text, const terminal::look& looks);

/// The beginnings of ids that tell these apart, and so long that others hardly share them.
std::vector<std::string> shown_ids(const std::vector<std::string>& ids);

/// `longhaul admin WORDS` for a shell, with the options of `here` that say which server it is.
/// Requires: the words are as a shell takes them.
std::string line_to_copy(const admin_command& here, const std::string& words);

/// One JSON value on standard output, as it came. On a terminal, characters that nobody sees (of
/// control, of direction) are written as `\uXXXX`, which is the same value.
void print_json(const raw_json& value);

}  // namespace longhaul
