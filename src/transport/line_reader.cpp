// SPDX-License-Identifier: Apache-2.0
#include "transport/line_reader.hpp"

#include <utility>

#include "base/utf8.hpp"
#include "transport/tunables.hpp"

namespace longhaul::transport {

namespace {

constexpr std::size_t kept_of_line = tunables::kept_of_long_line;

}  // namespace

void line_reader::put(std::string_view bytes, const std::function<void(std::string)>& on_line,
                      const std::function<void()>& on_too_long) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (!skipping_) {
      if (line_.size() + part.size() > max_line_) {
        skipping_ = true;
        if (line_.size() < kept_of_line) line_ += part.substr(0, kept_of_line - line_.size());
        line_ = line_.substr(0, kept_of_line);
        on_too_long();
        line_ = std::string();
      } else {
        line_ += part;
      }
    }
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    if (!std::exchange(skipping_, false)) finish(on_line);
    first_ = false;
  }
}

void line_reader::end(const std::function<void(std::string)>& on_line) {
  if (!skipping_) finish(on_line);
}

void line_reader::finish(const std::function<void(std::string)>& on_line) {
  if (first_ && line_.starts_with(byte_order_mark)) line_.erase(0, byte_order_mark.size());
  if (line_.ends_with('\r')) line_.pop_back();
  if (line_.find_first_not_of(" \t\r") != std::string::npos) on_line(std::move(line_));
  line_ = std::string();
}

}  // namespace longhaul::transport
