// SPDX-License-Identifier: Apache-2.0
// Bytes of any kind, as JSON carries them. Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace longhaul::detail {

/// Throws `std::invalid_argument` for more than 1 GiB.
std::string base64(std::string_view bytes);
/// The same as JSON text: a string, with its quotes.
std::string base64_json(std::string_view bytes);

inline std::string_view chars(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace longhaul::detail
