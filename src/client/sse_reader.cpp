// SPDX-License-Identifier: Apache-2.0
#include "client/sse_reader.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace longhaul::remote {

bool sse_reader::feed(std::string_view bytes, const std::function<void(sse_event)>& take) {
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n");
    rest_ += bytes.substr(0, end);
    if (rest_.size() + data_.size() > limit_) return false;
    if (end == std::string_view::npos) return true;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    const std::string whole = std::exchange(rest_, {});
    line(whole, take);
  }
  return true;
}

void sse_reader::line(std::string_view text, const std::function<void(sse_event)>& take) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (std::exchange(at_start_, false) && text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  if (text.empty()) {
    // An event without data is none, but its id counts.
    last_id_ = id_;
    const bool whole = std::exchange(has_data_, false) && is_message_;
    std::string data = std::exchange(data_, {});
    is_message_ = true;
    if (whole) take({std::move(data), last_id_});
    return;
  }
  const std::size_t colon = text.find(':');
  if (colon == 0) return;  // a comment
  std::string_view value = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  field(text.substr(0, colon), value);
}

void sse_reader::field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (std::exchange(has_data_, true)) data_ += '\n';
    data_ += value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "event") {
    // Other events than messages are not ours: a server may say "ping" like this.
    is_message_ = value.empty() || value == "message";
  } else if (name == "retry") {
    std::uint32_t count = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), count);
    if (read.ec == std::errc() && read.ptr == value.data() + value.size()) {
      retry_ = std::chrono::milliseconds(count);
    }
  }
}

}  // namespace longhaul::remote
