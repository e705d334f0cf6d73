// SPDX-License-Identifier: Apache-2.0
// Answers to questions of every kind, held against what was asked. One check for every way an
// answer can come: what it lets through is all that is stored, and that handlers and programs see.
//
// Threads: pure functions.
#pragma once

#include <string_view>

#include "longhaul/question.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul::detail {

/// The stored form of a question. Throws `std::invalid_argument` for one that nobody can be asked.
raw_json request_of(const question& asked);

/// The answer in the form that is stored, by the kind of `request`, which is the question as
/// `task_input` has it. Throws `question_error` if the answer is none or does not fit: the text
/// begins with the place, as `content.color: expected a string, got 5`.
raw_json fitting_answer(const raw_json& request, const raw_json& given);

/// What is stored where nobody answers: to forms and pages a dismissal, else the client's error.
raw_json no_answer(const raw_json& request, int code, std::string_view message);

/// A stored answer. What does not fit (older versions stored it unchecked) counts as no answer.
question_reply read_reply(const raw_json& request, const raw_json& stored);

}  // namespace longhaul::detail
