// SPDX-License-Identifier: Apache-2.0
#include "protocol/base64.hpp"

#include <array>
#include <cstdint>

namespace longhaul::protocol {
namespace {

constexpr std::string_view common =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::uint8_t foreign = 0xFF;

constexpr std::array<std::uint8_t, 256> table(char last_but_one, char last) {
  std::array<std::uint8_t, 256> values{};
  values.fill(foreign);
  for (std::size_t i = 0; i < common.size(); ++i) {
    values[static_cast<unsigned char>(common[i])] = static_cast<std::uint8_t>(i);
  }
  values[static_cast<unsigned char>(last_but_one)] = 62;
  values[static_cast<unsigned char>(last)] = 63;
  return values;
}

constexpr auto standard_values = table('+', '/');
constexpr auto url_values = table('-', '_');

// `text` comes without padding.
std::optional<std::string> decode(std::string_view text,
                                  const std::array<std::uint8_t, 256>& values) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::uint8_t value = values[static_cast<unsigned char>(c)];
    if (value == foreign) return std::nullopt;
    bits = (bits << 6) | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>((bits >> count) & 0xFF));
    }
  }
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace

std::string base64url_encode(std::string_view bytes) {
  const auto letter = [](std::uint32_t six) {
    return six < 62 ? common[six] : (six == 62 ? '-' : '_');
  };
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    count += 8;
    while (count >= 6) {
      count -= 6;
      text.push_back(letter((bits >> count) & 63));
    }
  }
  if (count > 0) text.push_back(letter((bits << (6 - count)) & 63));
  return text;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  return decode(text, url_values);
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(text, standard_values);
}

}  // namespace longhaul::protocol
