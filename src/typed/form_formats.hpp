// SPDX-License-Identifier: Apache-2.0
// The formats that a form can ask for. Pure functions.
#pragma once

#include <string_view>

namespace longhaul::detail {

/// RFC 3339 `full-date`: a day that exists.
bool is_date(std::string_view text);
/// RFC 3339 `date-time`: with seconds and an offset.
bool is_date_time(std::string_view text);
/// RFC 5321 `Mailbox`, also with letters beyond ASCII (RFC 6531).
bool is_email(std::string_view text);
/// RFC 3986: a scheme, a colon, something behind it; visible ASCII, `%` only before two hex digits.
bool is_absolute_uri(std::string_view text);

}  // namespace longhaul::detail
