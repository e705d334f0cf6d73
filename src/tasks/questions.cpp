// SPDX-License-Identifier: Apache-2.0
#include "tasks/questions.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "tasks/submission.hpp"
#include "typed/question_answer.hpp"

namespace longhaul::tasks {

std::vector<stores::question> to_questions(const named_questions& named) {
  std::vector<stores::question> result;
  result.reserve(named.size());
  for (const auto& [key, asked] : named) {
    if (key.empty()) throw question_error("a question needs a key that is not empty");
    stores::question question;
    question.key = key;
    question.request = detail::request_of(asked);
    question.request_hash = sha256(question.request.view());
    result.push_back(std::move(question));
  }
  return result;
}

bool all_answered(const task_record& task, const std::vector<stores::question>& questions) {
  return std::all_of(questions.begin(), questions.end(), [&](const stores::question& question) {
    const task_input* input = find_input(task, question.key);
    return input != nullptr && input->response;
  });
}

bool were_asked(const task_record& task, const std::vector<stores::question>& questions) {
  return all_answered(task, questions) &&
         std::ranges::all_of(questions, [&](const stores::question& question) {
           return find_input(task, question.key)->request_hash == question.request_hash;
         });
}

std::vector<question_reply> answers_of(const task_record& task,
                                       const std::vector<stores::question>& questions) {
  std::vector<question_reply> result;
  result.reserve(questions.size());
  for (const auto& question : questions) {
    const task_input& input = *find_input(task, question.key);
    result.push_back(detail::read_reply(input.request, input.response));
  }
  return result;
}

std::vector<stores::response> fitting_responses(const task_record& task,
                                                std::span<const stores::response> responses) {
  std::vector<stores::response> result;
  for (const stores::response& given : responses) {
    const task_input* input = find_input(task, given.key);
    if (input == nullptr || input->response || !given.value) continue;
    try {
      result.push_back({given.key, detail::fitting_answer(input->request, given.value)});
    } catch (const question_error& e) {
      throw unfit_answer(given.key, e.what());
    }
  }
  return result;
}

}  // namespace longhaul::tasks
