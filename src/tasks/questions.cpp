// SPDX-License-Identifier: Apache-2.0
#include "tasks/questions.hpp"

#include "base/digest.hpp"

namespace longhaul::tasks {

std::vector<stores::question> to_questions(const named_questions& named) {
  std::vector<stores::question> result;
  result.reserve(named.size());
  for (const auto& [key, elicited] : named) {
    if (key.empty()) throw question_error("a question needs a key that is not empty");
    stores::question question;
    question.key = key;
    question.request = elicited.request();
    question.request_hash = sha256(question.request.view());
    result.push_back(std::move(question));
  }
  return result;
}

}  // namespace longhaul::tasks
