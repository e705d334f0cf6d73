// SPDX-License-Identifier: Apache-2.0
#include "terminal/dialogue.hpp"

#include <algorithm>

#include "terminal/plain_text.hpp"
#include "terminal/tunables.hpp"

namespace longhaul::terminal {
namespace {

constexpr std::size_t narrowest = 20;  // columns that are written, on whatever terminal

std::size_t columns_of(const look& looks) {
  return looks.width == 0 ? tunables::usual_columns : std::max(looks.width, narrowest);
}

std::string in_characters(const std::string& text, const look& looks) {
  return looks.unicode ? text : in_ascii(text);
}

}  // namespace

void dialogue::say(std::string_view text, std::size_t indent) {
  const look looks = at_.looks();
  const std::string safe = in_characters(plain_lines(text), looks);
  if (!safe.empty()) at_.write(paragraph(safe, columns_of(looks), indent));
}

void dialogue::say_whole(std::string_view text, std::size_t indent) {
  at_.write(std::string(indent, ' ') + in_characters(plain(text), at_.looks()) + "\n");
}

std::optional<std::string> dialogue::ask(std::string_view prompt) {
  at_.write(in_characters(plain(prompt), at_.looks()));
  return at_.read_line();
}

}  // namespace longhaul::terminal
