// SPDX-License-Identifier: Apache-2.0
// Questions of a server, asked on a console: forms, pages, prompts for the model.
//
// Threads: as the console.
#pragma once

#include "longhaul/question.hpp"
#include "longhaul/raw_json.hpp"
#include "terminal/console.hpp"

namespace longhaul::terminal {

/// Asks `request`, `{"method":…,"params":…}` of `elicitation/create` or `sampling/createMessage`.
/// Members of a form that are in `given`, an object, are not asked for. Other requests are refused
/// (roots are nothing to ask a person for). Blocks. Requires: `at.interactive()`.
question_reply ask_question(console& at, const raw_json& request, const raw_json& given = {});

}  // namespace longhaul::terminal
