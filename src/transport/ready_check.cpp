// SPDX-License-Identifier: Apache-2.0
#include "transport/ready_check.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace longhaul::transport {
namespace {

bool is_word(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         c == '-' || c == '.' || (c & 0x80) != 0;
}

// Where a path that begins at `from` ends.
std::size_t end_of_path(std::string_view text, std::size_t from) {
  const char before = from == 0 ? ' ' : text[from - 1];
  if (before == '"' || before == '\'' || before == '`') {
    return std::min(text.find(before, from), text.size());
  }
  std::size_t end = text.size();
  for (const std::string_view next : {": ", ", ", "; ", ". ", ")", "\n", "\"", "'"}) {
    end = std::min(end, text.find(next, from));
  }
  return end;
}

}  // namespace

std::string without_paths(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const bool begins = text[at] == '/' && (at == 0 || !is_word(text[at - 1]));
    if (begins) {
      result += "[path]";
      at = end_of_path(text, at);
    } else {
      result += text[at++];
    }
  }
  return result;
}

ready_check::ready_check(std::function<std::string()> not_ready, logger log)
    : not_ready_(std::move(not_ready)), log_(std::move(log)) {}

std::string ready_check::cause() const {
  if (!not_ready_) return {};
  try {
    const std::string why = not_ready_();
    tell(why);
    return without_paths(why);
  } catch (const std::exception& e) {
    tell(std::string("the check failed: ") + e.what());
    return "the readiness check failed";
  }
}

void ready_check::tell(const std::string& why) const {
  {
    const guard lock(mutex_);
    if (told_ == why) return;
    told_ = why;
  }
  if (why.empty()) {
    log_.info("server.ready", "again");
  } else {
    // A drain is no error, and what is one has an event of its own.
    log_.warning("server.not_ready", why);
  }
}

}  // namespace longhaul::transport
