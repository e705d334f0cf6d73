// SPDX-License-Identifier: Apache-2.0
// Questions that a tool has settled before its work begins (`tool_options::preflight`), without a
// task: by whoever has the answers at hand. Where there is a task, `handler_run` asks them.
//
// Threads: pure functions, which call the tool's own.
#pragma once

#include <span>
#include <vector>

#include "longhaul/stores/store.hpp"
#include "longhaul/tool.hpp"

namespace longhaul::tasks {

/// What is to be asked next: what the tool's function names and was not answered. Throws what it
/// throws, and `question_error` if it asks without end.
named_questions next_questions(const tool_definition& tool, const raw_json& arguments,
                               const given_answers& so_far);

struct settled_questions {
  std::vector<stores::question> open;  ///< what nobody has answered; then more may follow
  task_inputs answered;
};
/// Asks on as long as `given` has the answers. Throws `unfit_answer` for one that does not fit.
settled_questions settle(const tool_definition& tool, const raw_json& arguments,
                         std::span<const stores::response> given, timestamp now);

}  // namespace longhaul::tasks
