// SPDX-License-Identifier: Apache-2.0
#include "tasks/handler_run.hpp"

#include <stdexcept>

#include "tasks/sync.hpp"

namespace longhaul::tasks {

answer handler_run::ask(std::string_view key, const elicitation& question) {
  named_questions one;
  one.emplace_back(std::string(key), question);
  return std::move(ask_all(one).front());
}

std::vector<answer> handler_run::ask_all(const named_questions& named) {
  if (!blocking()) throw std::logic_error("ask blocks: in a coroutine handler use async_ask");
  auto questions = to_questions(named);
  if (questions.empty()) return {};
  return sync(put_questions(std::move(questions)));
}

boost::asio::awaitable<answer> handler_run::async_ask(std::string key, elicitation question) {
  named_questions one;
  one.emplace_back(std::move(key), std::move(question));
  auto answers = co_await async_ask_all(std::move(one));
  co_return std::move(answers.front());
}

boost::asio::awaitable<std::vector<answer>> handler_run::async_ask_all(named_questions named) {
  auto questions = to_questions(named);
  if (questions.empty()) co_return std::vector<answer>();
  co_return co_await put_questions(std::move(questions));
}

}  // namespace longhaul::tasks
