// SPDX-License-Identifier: Apache-2.0
// Questions on the wire: what a client declared that it can show, questions inside results
// (stateless revisions) or as requests of their own, and answers as they come back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/questions.hpp"
#include "server/requests.hpp"
#include "wire/context.hpp"
#include "wire/fault.hpp"

namespace longhaul::wire {

/// Out of a client's capabilities. `elicitation: {}` means forms.
serving::question_modes question_modes_in(json::value capabilities, const question_look& look);
/// What may be shown to whoever sent this request.
serving::question_modes modes_of(const incoming& request);

/// As a client declares them: `{"elicitation":{"form":{}},"sampling":{}}`.
void append_client_capabilities(std::string& out, const serving::question_modes& modes);

/// `{"key":{"method":…,"params":…},…}` of the open questions that may be shown.
void append_input_requests(std::string& out, const task_record& task,
                           const serving::question_modes& modes);

/// The same of what a call asks for.
void append_input_requests(std::string& out, const serving::needs_input& asks,
                           const serving::question_modes& modes);

/// Answers that a call was given before there is a task, for its state: `{"key":{…}}`; empty: none.
std::string given_answers_json(const task_inputs& given);
/// What `given_answers_json` wrote.
std::vector<stores::response> read_given_answers(std::string_view written);

/// A question as a request to the client. `meta`: members for its `_meta`, or empty. Each round has
/// an id of its own.
std::string question_message(const context& shared, const question_look& look,
                             const task_record& task, const task_input& input, int round,
                             std::string_view meta = {});

/// One `notifications/elicitation/complete` for the page of this question.
std::string url_done_message(const context& shared, const task_record& task, std::string_view key);

/// Answers in `inputResponses`, by key: what is no object counts as not given.
result<std::vector<stores::response>> read_responses(json::value responses);

/// Takes a reply to one of our questions: a result is the answer, an error means that nobody
/// answers (a handler is told its code and words, but of forms and pages). What is no reply to a
/// question of ours is ignored. A result that does not fit has the question put again, and counts
/// as no answer in the end.
/// False: the answer could not be kept, and nobody asks for it again.
awaitable<bool> take_response(context& shared, const serving::caller& who, const message& response);

}  // namespace longhaul::wire
