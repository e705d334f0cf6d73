// SPDX-License-Identifier: Apache-2.0
// What is an origin of web pages (RFC 6454), as the Origin header has it and as people write it
// into settings. Pure functions.
#pragma once

#include <string_view>

namespace longhaul {

/// What is wrong with `text` as an allowed origin, and what to write instead; empty: nothing.
/// Origins are `scheme://host` or `scheme://host:port`; `*` and `null` are also taken.
std::string_view origin_fault(std::string_view text);

/// `*` (every page), and `null`, which any page can make its own.
bool is_every_origin(std::string_view text);

/// Why such an origin may not be allowed where callers need no key.
inline constexpr std::string_view every_origin_fault =
    "lets the pages of every site run these tools: name the sites, or give the callers keys";

}  // namespace longhaul
