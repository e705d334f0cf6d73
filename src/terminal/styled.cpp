// SPDX-License-Identifier: Apache-2.0
#include "terminal/styled.hpp"

#include "terminal/plain_text.hpp"

namespace longhaul::terminal {
namespace {

std::string_view code_of(tone tone) {
  switch (tone) {
    case tone::strong:
      return "1";
    case tone::faint:
      return "2";
    case tone::good:
      return "32";
    case tone::bad:
      return "31";
    case tone::asking:
      return "33";
    case tone::busy:
      return "36";
    default:
      return "";
  }
}

}  // namespace

std::string fitted(std::string_view text, std::size_t width, const look& look) {
  std::string whole = plain(text);
  if (look.unicode) return cut_to_width(whole, width);
  whole = in_ascii(whole);  // a column a byte from here on
  if (whole.size() <= width) return whole;
  constexpr std::string_view dots = "..";
  if (width <= dots.size()) return whole.substr(0, width);
  return whole.substr(0, width - dots.size()).append(dots);
}

std::string painted(std::string_view text, tone tone, const look& look) {
  const std::string_view code = code_of(tone);
  if (!look.colour || code.empty() || text.empty()) return std::string(text);
  return std::string("\x1b[").append(code).append("m").append(text).append("\x1b[0m");
}

}  // namespace longhaul::terminal
