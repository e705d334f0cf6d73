// SPDX-License-Identifier: Apache-2.0
// Task ids: 10 characters of creation time (48-bit milliseconds), then 26 characters of 128 random
// bits, both lower-case Crockford base32, most significant first. So they sort by time, which keeps
// an index local, and cannot be guessed, which is all that protects an anonymous caller's task.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "longhaul/clock.hpp"

namespace longhaul {

inline constexpr std::size_t task_id_length = 36;

/// A new id, behind `mark`. Times outside 48 bits (before 1970, after the year 10889) are cut to
/// the nearest.
std::string new_task_id(timestamp created_at, std::string_view mark = {});

/// True if `text` has the form of an id: 36 characters of the alphabet.
bool is_task_id(std::string_view text) noexcept;

}  // namespace longhaul
