// SPDX-License-Identifier: Apache-2.0
#include "status.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <string_view>

#include "command/tunables.hpp"

namespace longhaul::runner {
namespace {

// Length of the UTF-8 character at the beginning of `text`; 0: there is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second > 0x9f;
  const bool too_high = first == 0xf4 && second > 0x8f;
  return overlong || surrogate || too_high ? 0 : length;
}

void append_text(std::string& out, std::string_view text) {
  const std::size_t most = out.size() + command::tunables::helper_text;
  out += '"';
  while (!text.empty() && out.size() < most) {
    const std::size_t length = character_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else if (first < 0x20) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(first));
      out += escaped.data();
    } else {
      if (first == '"' || first == '\\') out += '\\';
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

}  // namespace

std::string status_line(const ending& how) {
  std::string out = "{";
  if (how.code) {
    out += "\"exit\":" + std::to_string(*how.code);
  } else if (how.signal) {
    out += "\"signal\":" + std::to_string(*how.signal);
  } else if (!how.lost.empty()) {
    out += "\"lost\":";
    append_text(out, how.lost);
  } else {
    out += "\"error\":";
    append_text(out, how.error);
  }
  if (!how.detail.empty()) {
    out += ",\"detail\":";
    append_text(out, how.detail);
  }
  if (how.stopped) out += ",\"stopped\":true";
  if (!how.output_error.empty()) {
    out += ",\"output_error\":";
    append_text(out, how.output_error);
  }
  out += "}\n";
  return out;
}

void report(const ending& how, int lifeline) noexcept {
  try {
    const std::string line = status_line(how);
    // A socket takes a line of this size whole.
    [[maybe_unused]] const ssize_t sent =
        lifeline >= 0 ? ::send(lifeline, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                      : ::write(STDOUT_FILENO, line.data(), line.size());
  } catch (const std::exception&) {
    return;  // no memory: the server finds no word of it
  }
}

}  // namespace longhaul::runner
