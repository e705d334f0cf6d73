// SPDX-License-Identifier: Apache-2.0
// Values of the headers that mirror a request. MCP 2026-07-28 "Streamable HTTP: Request Metadata",
// "Value Encoding".
//
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/view.hpp"

namespace longhaul::protocol {

/// A header value with white space trimmed and `=?base64?…?=` decoded. Null: the encoding is wrong,
/// or it holds characters that a header cannot.
std::optional<std::string> decode_header_value(std::string_view value);

/// True if the header value says what the body says: strings byte for byte, numbers by value
/// (42 and 42.0 are one), booleans by name. `header` is decoded.
bool same_value(std::string_view header, json::value body);

}  // namespace longhaul::protocol
