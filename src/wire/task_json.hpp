// SPDX-License-Identifier: Apache-2.0
// Tasks as each revision that knows them shows them: `task_look` has the names. Whoever asks, or is
// told, gets them from the same function, so they cannot differ.
//
// Pure functions.
#pragma once

#include <string>

#include "json/write.hpp"
#include "server/requests.hpp"
#include "wire/revisions.hpp"

namespace longhaul::wire {

/// The status message with progress folded in, as there is no field for it. May be empty.
std::string shown_message(const task_record& task);

/// Members of `Task`.
void append_task(json::object& into, const task_look& look, const serving::task_view& view,
                 timestamp now);
/// Members of `DetailedTask` (the tasks extension): the same, and result, error or open questions
/// of these modes. A result looks as it does when it answers the call itself.
void append_detailed_task(json::object& into, const revision_look& look,
                          const serving::task_view& view, const serving::question_modes& modes,
                          timestamp now);
/// One `notifications/tasks/status` (2025-11-25).
std::string status_message(const task_look& look, const serving::task_view& view, timestamp now);
/// The member of `_meta` that says which task a message is about (2025-11-25).
std::string related_task(std::string_view id);

}  // namespace longhaul::wire
