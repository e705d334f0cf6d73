// SPDX-License-Identifier: Apache-2.0
// The ids in a text that is not to be read as a message: cut off, no JSON, or more than is taken.
// Whoever sent it waits for an answer to its id (JSON-RPC 2.0 section 5), so it is looked for
// whatever is wrong around it, and given only if it stands there beyond doubt.
//
// Pure functions, without recursion; views live as long as the text.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "json/view.hpp"

namespace longhaul::protocol {

/// What can be seen of a message in text that is no JSON.
struct glimpse {
  json::value id;  ///< a string or an integer, or absent
  /// Certainly a notification or a response: nobody waits for an answer.
  bool unanswerable = false;
};

/// Of a text that should be one message. The id is the member `id` of the outermost object, the
/// last one if it comes several times, as most readers have it. Bad numbers, words and escapes,
/// invalid UTF-8, an end that is missing or too late, and any depth do not hide it. Where brackets,
/// quotes or commas are wrong, an id that follows counts only if the object ends where the text
/// ends.
glimpse glimpse_of(std::string_view text);

/// Of each element of a text that should be an array of messages; empty: it does not begin as an
/// array, or has more than `most` elements.
std::vector<glimpse> glimpses_of(std::string_view text, std::size_t most);

}  // namespace longhaul::protocol
