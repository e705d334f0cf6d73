// SPDX-License-Identifier: Apache-2.0
// Who answers the questions of a server: the words of the command line, then the user.
#pragma once

#include <string>
#include <vector>

#include "longhaul/tool_call.hpp"
#include "seat.hpp"

namespace longhaul {

/// How questions are answered.
struct answering_options {
  std::vector<std::string> answers;  ///< words `key=value` of --answer
  bool decline = false;
  bool ask = true;  ///< at the terminal, if there is one
};

/// Null is given where nobody answers. `roots` says which folders there are, or is empty.
question_handler answers_from(seat& at, const answering_options& options, question_handler roots);

/// The answer that words give to a question, alone. Throws `terminal::argument_error` if they do
/// not.
question_reply answer_by_words(const asked_question& asked, const std::vector<std::string>& words);

}  // namespace longhaul
