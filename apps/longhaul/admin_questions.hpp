// SPDX-License-Identifier: Apache-2.0
// The open questions of a task, as the API has them, and replies to them in words.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "json/view.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul {

struct open_question {
  std::string key;  ///< not plain
  raw_json request;
  std::string reply = {};  ///< JSON; empty: none yet
};

/// In their order. `task` is one of `GET tasks/{id}`.
std::vector<open_question> open_questions(json::value task);

std::string method_of(const open_question& asked);
bool is_form(const open_question& asked);
/// What it says, or else its method; not plain.
std::string message_of(json::value request);

/// The reply that accepts a form with this content.
std::string accepted(const raw_json& content);
/// A word for `--answer` that answers a form with values made up, quoted for a shell and in ASCII
/// but for the JSON. Empty: no example that fits is known, or the key is nothing to copy.
std::string example_answer(const open_question& asked);

}  // namespace longhaul
