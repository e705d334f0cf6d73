// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "client/http_client.hpp"
#include "client/tunables.hpp"

namespace longhaul::remote {

bool is_header(std::string_view name, std::string_view value) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const auto token = [&](char c) {
    return is_digit(c) || is_letter(c) || marks.find(c) != std::string_view::npos;
  };
  const auto printable = [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
  };
  return !name.empty() && name.size() + value.size() <= tunables::longest_header &&
         std::ranges::all_of(name, token) && std::ranges::all_of(value, printable);
}

}  // namespace longhaul::remote
