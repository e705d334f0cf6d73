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
#include "stores/store.hpp"

namespace longhaul::tasks {

/// Throws `question_error` if a key is empty, `std::invalid_argument` for a question that nobody
/// can be asked.
std::vector<stores::question> to_questions(const named_questions& named);

/// Of these answers those to what is open in `task`, as they are stored. Throws `unfit_answer` for
/// the first that does not fit.
std::vector<stores::response> fitting_responses(const task_record& task,
                                                std::span<const stores::response> responses);

}  // namespace longhaul::tasks
