// SPDX-License-Identifier: Apache-2.0
#include "tasks/preflight.hpp"

#include <algorithm>
#include <string>

#include "tasks/questions.hpp"
#include "tasks/submission.hpp"
#include "tasks/tunables.hpp"
#include "typed/question_answer.hpp"

namespace longhaul::tasks {
namespace {

task_input answered_input(const stores::question& asked, raw_json fitting, timestamp now) {
  task_input input;
  input.key = asked.key;
  input.request = asked.request;
  input.request_hash = asked.request_hash;
  input.response = std::move(fitting);
  input.asked_rev = 1;
  input.answered_at = now;
  return input;
}

raw_json fitting_or_throw(const stores::question& asked, const stores::response& given) {
  try {
    return detail::fitting_answer(asked.request, given.value);
  } catch (const question_error& e) {
    throw unfit_answer(asked.key, e.what());
  }
}

}  // namespace

named_questions next_questions(const tool_definition& tool, const raw_json& arguments,
                               const given_answers& so_far) {
  if (so_far.size() > tunables::preflight_questions) {
    throw question_error("the preflight of this tool asks more than " +
                         std::to_string(tunables::preflight_questions) + " questions");
  }
  named_questions next = tool.options.preflight(or_empty_object(arguments), so_far);
  std::erase_if(next, [&](const named_question& one) { return so_far.contains(one.first); });
  return next;
}

settled_questions settle(const tool_definition& tool, const raw_json& arguments,
                         std::span<const stores::response> given, timestamp now) {
  settled_questions result;
  given_answers so_far;
  while (result.open.empty()) {
    std::vector<stores::question> asked = to_questions(next_questions(tool, arguments, so_far));
    if (asked.empty()) break;
    for (stores::question& one : asked) {
      const auto found = std::ranges::find(given, one.key, &stores::response::key);
      if (found == given.end() || !found->value) {
        result.open.push_back(std::move(one));
        continue;
      }
      raw_json fitting = fitting_or_throw(one, *found);
      so_far.insert_or_assign(one.key, detail::read_reply(one.request, fitting));
      result.answered.push_back(answered_input(one, std::move(fitting), now));
    }
  }
  return result;
}

}  // namespace longhaul::tasks
