// SPDX-License-Identifier: Apache-2.0
// Answers to forms and pages, held against what was asked.
//
// Threads: pure functions.
#pragma once

#include <string>

#include "json/view.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul::detail {

/// Throws `question_error`, which begins with `at`, if `v` is not what a form's member allows.
void check_form_value(json::value schema, json::value v, const std::string& at);

/// The answer (an `ElicitResult`) in the form that is stored: `{"action":…}`, and for an accepted
/// form `"content"` with the members that were asked for, in the order they came; others are
/// dropped, and so is an optional member that is null. `request` is the question as `task_input`
/// has it. Throws `question_error` as `fitting_answer` does, which calls this.
raw_json fitting_form(const raw_json& request, const raw_json& given);

}  // namespace longhaul::detail
