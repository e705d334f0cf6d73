// SPDX-License-Identifier: Apache-2.0
// Server-sent events out of bytes that come in pieces of any size (WHATWG HTML, "Server-sent
// events", Parsing an event stream).
//
// Threads: one.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace longhaul::remote {

struct sse_event {
  std::string data;
  std::string id;  ///< the last that was given, by this event or one before it
};

class sse_reader {
 public:
  /// Longest event, in bytes.
  explicit sse_reader(std::size_t limit) : limit_(limit) {}

  /// Gives each event that `bytes` ends to `take`. False: an event is longer than the limit, and no
  /// more can be read.
  bool feed(std::string_view bytes, const std::function<void(sse_event)>& take);
  /// That of the last event that is whole; empty: none was given.
  const std::string& last_id() const noexcept { return last_id_; }
  /// How long to wait before connecting again, if the server said so.
  std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

 private:
  void line(std::string_view text, const std::function<void(sse_event)>& take);
  void field(std::string_view name, std::string_view value);

  const std::size_t limit_;
  std::string rest_;  // of a line that is not whole
  std::string data_;
  std::string id_;  // counts when the event is whole: what is cut off is to come again
  std::string last_id_;
  std::optional<std::chrono::milliseconds> retry_;
  bool has_data_ = false, is_message_ = true, after_cr_ = false, at_start_ = true;
};

}  // namespace longhaul::remote
