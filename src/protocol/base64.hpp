// SPDX-License-Identifier: Apache-2.0
// Base64 in the two alphabets that the wire needs (RFC 4648): the standard one with padding for
// header values, the URL one without padding for ids and sealed state. Decoding is strict: foreign
// characters, wrong padding and non-zero spare bits are refused, so one value has one spelling.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace longhaul::protocol {

std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

/// Standard alphabet; the length must be a multiple of four, padding included.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace longhaul::protocol
