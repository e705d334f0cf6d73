// SPDX-License-Identifier: Apache-2.0
#include "tasks/handler_run.hpp"

#include <boost/system/system_error.hpp>
#include <stdexcept>

#include "tasks/askable.hpp"
#include "tasks/outcomes.hpp"
#include "tasks/preflight.hpp"
#include "tasks/sync.hpp"

namespace longhaul::tasks {

bool handler_run::client_can(client_capability asked_so) const {
  return may_ask(begun_as().request_meta, asked_so);
}

bool handler_run::settle_retry(const handler_result& result) {
  const bool failed = result && (result->is_error || result->is_protocol_error);
  if (failed && !retry_ && includes(begun_as().retry_on, retry_on::error)) {
    retry_ = retry_wish{why_failed(*result)};
  }
  limit_retry();
  return retry_.has_value();
}

std::string handler_run::own_traceparent() const {
  for (const auto& one : observers()) {
    if (std::string mine = one->traceparent_of(begun()); !mine.empty()) return mine;
  }
  return {};
}

void handler_run::pause(std::chrono::milliseconds duration) const {
  if (!pauses().by_hand()) return task_context::pause(duration);
  pauses().wait(id(), duration, stop_token());
  throw_if_cancelled();
}

boost::asio::awaitable<void> handler_run::async_pause(std::chrono::milliseconds duration) const {
  if (!pauses().by_hand()) co_return co_await task_context::async_pause(duration);
  try {
    co_await pauses().async_wait(id(), duration, stop_token());
  } catch (const boost::system::system_error&) {
    throw_if_cancelled();  // else whoever awaits us has lost interest, as in `a || b`
    throw;
  }
  throw_if_cancelled();
}

std::vector<question_reply> handler_run::put(const named_questions& named) {
  if (!blocking()) throw std::logic_error("ask blocks: in a coroutine handler use async_ask");
  auto questions = to_questions(named);
  if (questions.empty()) return {};
  return sync(put_questions(std::move(questions)));
}

boost::asio::awaitable<std::vector<question_reply>> handler_run::async_put(named_questions named) {
  auto questions = to_questions(named);
  if (questions.empty()) co_return std::vector<question_reply>();
  co_return co_await put_questions(std::move(questions));
}

namespace {

void note(given_answers& so_far, const named_questions& asked,
          std::vector<question_reply> replies) {
  for (std::size_t i = 0; i < asked.size(); ++i) {
    so_far.insert_or_assign(asked[i].first, std::move(replies[i]));
  }
}

}  // namespace

void handler_run::ask_first() {
  given_answers so_far;
  while (true) {
    const named_questions next = next_questions(tool(), arguments(), so_far);
    if (next.empty()) return;
    note(so_far, next, put(next));
  }
}

boost::asio::awaitable<void> handler_run::async_ask_first() {
  given_answers so_far;
  while (true) {
    const named_questions next = next_questions(tool(), arguments(), so_far);
    if (next.empty()) co_return;
    std::vector<question_reply> replies = co_await async_put(next);
    note(so_far, next, std::move(replies));
  }
}

}  // namespace longhaul::tasks
