// SPDX-License-Identifier: Apache-2.0
#include "tasks/questions.hpp"

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
