// SPDX-License-Identifier: Apache-2.0
// Questions as handlers put them, and as they are stored.
//
// Pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/question.hpp"
#include "longhaul/stores/store.hpp"

namespace longhaul::tasks {

/// Throws `question_error` if a key is empty, `std::invalid_argument` for a question that nobody
/// can be asked.
std::vector<stores::question> to_questions(const named_questions& named);

/// Each of these questions, by key, has its answer.
bool all_answered(const task_record& task, const std::vector<stores::question>& questions);
/// The same, and the questions are those that were asked.
bool were_asked(const task_record& task, const std::vector<stores::question>& questions);
/// Requires: all of them are answered.
std::vector<question_reply> answers_of(const task_record& task,
                                       const std::vector<stores::question>& questions);

/// Of these answers those to what is open in `task`, as they are stored. Throws `unfit_answer` for
/// the first that does not fit.
std::vector<stores::response> fitting_responses(const task_record& task,
                                                std::span<const stores::response> responses);

}  // namespace longhaul::tasks
