// SPDX-License-Identifier: Apache-2.0
// The requests that are sent: whole HTTP requests, made before the measurement and varied, because
// one repeated message flatters whatever parses it. Only ids are written into them later.
//
// Threads: plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace longhaul::bench {

enum class era : std::uint8_t { modern, legacy };

/// One request with places for its id and, maybe, for a task's id.
class prepared_request {
 public:
  /// `head` ends without an empty line; `body` holds `request_id_mark` once; both may hold
  /// `task_id_mark` once.
  /// `number` is the caller's own: which of its requests this is.
  prepared_request(std::string head, const std::string& body, std::size_t number);

  /// Appends it. Requires: `task_id` has the size of `task_id_mark`, or is empty if there is no
  /// such mark.
  void append_to(std::string& out, std::uint64_t request_id, std::string_view task_id = {}) const;
  std::size_t body_size() const noexcept { return body_size_; }
  std::size_t number() const noexcept { return number_; }

 private:
  std::string bytes_;
  std::size_t number_ = 0;
  std::size_t body_size_ = 0;
  std::size_t request_id_at_ = 0;
  std::array<std::size_t, 2> task_id_at_{};
};

inline constexpr std::string_view request_id_mark = "1234567890";
inline constexpr std::string_view task_id_mark = "************************************";
/// Request ids have the size of their mark.
inline constexpr std::uint64_t first_request_id = 1'000'000'001;

/// The scene that call number `n` asks for; it comes back in the result.
std::string scene(std::size_t n);

/// The arguments of call number `n`, about 220 bytes.
std::string arguments_text(std::size_t n);
/// `tools/call` number `n`, about 650 bytes. `session` is for the legacy era; with `as_task` a task
/// is asked for (legacy) or understood (modern).
prepared_request call_request(era when, std::string_view tool, std::size_t n, bool as_task,
                              std::string_view session = {});
/// `tasks/get` number `n`. An empty `task_id` leaves its place open.
prepared_request get_request(era when, std::size_t n, std::string_view task_id,
                             std::string_view session = {});
/// What resource `n` is called and holds: 1 KB, with a break and quotes to escape in every line.
std::string resource_uri(std::string_view kind, std::size_t n);
std::string resource_text(std::size_t n);
/// `resources/read` number `n`, about 400 bytes.
prepared_request read_request(std::string_view uri, std::size_t n);
/// The start of a session of 2025-11-25.
prepared_request initialize_request();
prepared_request initialized_notification(std::string_view session);

}  // namespace longhaul::bench
