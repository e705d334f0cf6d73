// SPDX-License-Identifier: Apache-2.0
// Questions as handlers put them, and as they are stored.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "longhaul/elicitation.hpp"
#include "stores/store.hpp"

namespace longhaul::tasks {

/// By key.
using named_questions = std::vector<std::pair<std::string, elicitation>>;

/// Throws `question_error` if a key is empty.
std::vector<stores::question> to_questions(const named_questions& named);

}  // namespace longhaul::tasks
