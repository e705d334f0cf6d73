// SPDX-License-Identifier: Apache-2.0
#include "longhaul/trace_context.hpp"

#include <algorithm>

namespace longhaul {
namespace {

// Lower-case hex digits; `some`: not all of them zeros.
bool is_hex(std::string_view text, bool some) noexcept {
  const bool hex = std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return hex && (!some || std::ranges::any_of(text, [](char c) { return c != '0'; }));
}

}  // namespace

// W3C Trace Context, "traceparent Header Field Values". Later versions may have more behind.
bool is_traceparent(std::string_view text) noexcept {
  constexpr std::size_t length = 55;
  if (text.size() < length || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const std::string_view version = text.substr(0, 2);
  if (!is_hex(version, false) || version == "ff") return false;
  if (!is_hex(text.substr(3, 32), true) || !is_hex(text.substr(36, 16), true)) return false;
  if (!is_hex(text.substr(53, 2), false)) return false;
  return text.size() == length || (version != "00" && text[length] == '-' && text.size() <= 256);
}

}  // namespace longhaul
