// SPDX-License-Identifier: Apache-2.0
// What is sent beside replies: progress, log messages, that a list changed; and the audience that
// sends it on the stream of its own request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "longhaul/task_context.hpp"
#include "server/audience.hpp"
#include "tasks/follower.hpp"
#include "wire/context.hpp"

namespace longhaul::wire {

/// One `notifications/progress`. `meta`: members for `_meta`, or empty.
std::string progress_message(json::value token, const tasks::progress_event& event,
                             std::string_view meta = {});
/// One `notifications/message`.
std::string log_message(const tasks::log_event& event);
/// One `notifications/…/list_changed`. `meta` as above.
std::string list_changed_message(serving::list_kind kind, std::string_view meta = {});
/// One `notifications/resources/updated`. `meta` as above.
std::string resource_updated_message(std::string_view uri, std::string_view meta = {});

std::string_view to_string(log_level level) noexcept;
std::optional<log_level> parse_log_level(json::value name);

/// What every audience does alike: announces the wait, and sends if messages may be sent.
class stream_audience : public serving::audience {
 public:
  explicit stream_audience(const incoming& request) : request_(request) {}
  void waiting() override;

 protected:
  /// False: the peer is gone or too slow. True without sending if this request takes no messages.
  bool send(std::string text);
  const incoming& request_;
};

/// Abandons an exchange when the client of this request leaves; for the time of a scope.
class gone_watch {
 public:
  gone_watch(const incoming& request, const std::shared_ptr<serving::exchange>& exchange);
  gone_watch(const gone_watch&) = delete;
  gone_watch& operator=(const gone_watch&) = delete;
  ~gone_watch();

 private:
  outlet* out_;
};

}  // namespace longhaul::wire
