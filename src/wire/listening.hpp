// SPDX-License-Identifier: Apache-2.0
// GET in a session (MCP 2025-11-25 "Listening for Messages from the Server"): a stream of its own,
// or one that is taken up again behind an event. It tells what belongs to no request: that a list
// has changed, and what happens to tasks of the session that no `tasks/result` tells of. On a pipe
// there is always a way to the client: of tasks it carries their questions.
//
// Threads: a coroutine for each stream, on its connection's executor, and one for each task that it
// tells of; no thread waits.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wire/context.hpp"

namespace longhaul::wire {

/// Serves one GET until its stream ends, the client leaves, or the server stops.
/// `last_event`: Last-Event-ID; null: a new stream. Requires: the client takes streams.
awaitable<http_reply> serve_listening(context& shared, std::shared_ptr<session> client,
                                      std::shared_ptr<const serving::caller> who,
                                      std::optional<std::string> last_event,
                                      std::shared_ptr<outlet> out);

/// Puts the questions of a session's tasks on its pipe, whether or not a `tasks/result` waits for
/// them: until the session's streams are closed, or the server stops.
awaitable<void> carry_questions(context& shared, std::shared_ptr<session> client,
                                std::shared_ptr<const serving::caller> who,
                                std::shared_ptr<outlet> pipe);

/// A refusal over HTTP that answers no message.
http_reply http_refusal(int status, std::string_view words, int error_code = code::invalid_request);

}  // namespace longhaul::wire
