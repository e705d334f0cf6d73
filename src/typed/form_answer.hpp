// SPDX-License-Identifier: Apache-2.0
// Answers to questions, held against what was asked. One check for every way an answer can come:
// what it lets through is all that handlers and programs ever see.
//
// Threads: pure functions.
#pragma once

#include "longhaul/raw_json.hpp"

namespace longhaul::detail {

/// The answer (an `ElicitResult`) in the form that is stored: `{"action":…}`, and for an accepted
/// form `"content"` with the members that were asked for, in the order they came; others are
/// dropped, and so is an optional member that is null. `request` is the question as `task_input`
/// has it. Throws `question_error` if the answer is none or does not fit: the text begins with the
/// place, as `content.color: expected a string, got 5`.
raw_json fitting_answer(const raw_json& request, const raw_json& given);

}  // namespace longhaul::detail
