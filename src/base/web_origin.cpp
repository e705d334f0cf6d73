// SPDX-License-Identifier: Apache-2.0
#include "base/web_origin.hpp"

#include <algorithm>

namespace longhaul {
namespace {

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_scheme(std::string_view text) {
  return !text.empty() && is_letter(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_authority(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return false;
  const std::size_t colon = text.find(':', bracket);
  const std::string_view host = text.substr(0, colon);
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return c > ' ' && c < 0x7F && std::string_view("/?#@\\\"*,").find(c) == std::string_view::npos;
  });
}

}  // namespace

bool is_every_origin(std::string_view text) { return text == "*" || text == "null"; }

std::string_view origin_fault(std::string_view text) {
  if (is_every_origin(text)) return {};
  constexpr std::string_view mark = "://";
  const std::size_t end = text.find(mark);
  if (end == std::string_view::npos || !is_scheme(text.substr(0, end))) {
    return "must begin with a scheme, as in \"https://app.example\" or \"http://localhost:5173\"";
  }
  const std::string_view rest = text.substr(end + mark.size());
  if (rest.find('/') != std::string_view::npos) {
    return "must be scheme, host and port alone, without a path or a slash at its end, as in "
           "\"https://app.example\"";
  }
  if (!is_authority(rest)) {
    return "must be scheme, host and port alone, as in \"https://app.example\" or "
           "\"http://localhost:5173\"";
  }
  return {};
}

}  // namespace longhaul
