// SPDX-License-Identifier: Apache-2.0
#include "status.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>

namespace longhaul::runner {
namespace {

constexpr std::size_t reserved_size = 4096;
// Of each text, escaped: two of them and the rest fit into what is reserved.
constexpr std::size_t longest_text = 1900;

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
  const std::size_t most = out.size() + longest_text;
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

std::system_error failure(const std::string& path) {
  return {errno, std::generic_category(), "cannot write " + path};
}

void write_all(int fd, std::string_view text, const std::string& path) {
  off_t at = 0;
  while (!text.empty()) {
    const ssize_t written = ::pwrite(fd, text.data(), text.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw failure(path);
    text.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
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
  if (how.stopped) out += ",\"stopped\":true";
  if (!how.output_error.empty()) {
    out += ",\"output_error\":";
    append_text(out, how.output_error);
  }
  out += "}\n";
  return out;
}

status_file::status_file(const std::string& folder)
    : path_(folder + "/status"), unfinished_(path_ + ".new") {
  ::unlink(path_.c_str());
  ::unlink(unfinished_.c_str());
  file_.reset(
      ::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file_) throw failure(unfinished_);
  write_all(file_.get(), std::string(reserved_size, ' '), unfinished_);
}

void status_file::write(const ending& how) {
  const std::string line = status_line(how);
  write_all(file_.get(), line, unfinished_);
  if (::ftruncate(file_.get(), static_cast<off_t>(line.size())) != 0) throw failure(unfinished_);
  if (::rename(unfinished_.c_str(), path_.c_str()) != 0 && errno != ENOENT) throw failure(path_);
}

}  // namespace longhaul::runner
