// SPDX-License-Identifier: Apache-2.0
#include "server/task_requests.hpp"

#include <string>
#include <utility>

#include "longhaul/stores/bounds.hpp"
#include "server/refusals.hpp"
#include "server/tunables.hpp"
#include "server/waiting.hpp"
#include "tasks/wait_words.hpp"

namespace longhaul::serving {

awaitable<reply<task_view>> task_requests::get(const caller& who, std::string_view id,
                                               std::string_view verb) const {
  if (!verb.empty()) {
    if (auto declined = server_.decline(who, verb, id)) co_return *std::move(declined);
  }
  try {
    task_ptr task = co_await server_.engine.get(who.owner, id);
    if (!task) co_return unknown_task();
    task_view shown = server_.view(std::move(task));
    if (!shown.waits.empty()) shown.waits = co_await server_.engine.waits().exactly(shown.task);
    co_return shown;
  } catch (const std::exception& e) {
    co_return server_.failure(e);
  }
}

awaitable<reply<task_view>> task_requests::update(const caller& who, std::string_view id,
                                                  std::span<const stores::response> answers) const {
  try {
    if (auto refused = server_.decline(who, "answer", id)) co_return *std::move(refused);
    stores::change_result result = co_await server_.engine.answer(who.owner, id, answers);
    if (!result.task) co_return unknown_task();
    if (result.code == stores::change_code::busy) {
      co_return busy_at(stores::bound_names::open_bytes_per_quota);
    }
    co_return server_.view(std::move(result.task));
  } catch (const tasks::unfit_answer& e) {
    co_return refuse_answer(e);
  } catch (const std::exception& e) {
    co_return server_.failure(e);
  }
}

awaitable<reply<task_view>> task_requests::leave_unanswered(const caller& who, std::string_view id,
                                                            std::string_view key, int error_code,
                                                            std::string_view message) const {
  try {
    stores::change_result result =
        co_await server_.engine.leave_unanswered(who.owner, id, key, error_code, message);
    if (!result.task) co_return unknown_task();
    co_return server_.view(std::move(result.task));
  } catch (const std::exception& e) {
    co_return server_.failure(e);
  }
}

awaitable<reply<task_view>> task_requests::cancel(const caller& who, std::string_view id,
                                                  std::string_view reason) const {
  try {
    if (auto refused = server_.decline(who, "cancel", id)) co_return *std::move(refused);
    stores::change_result result = co_await server_.engine.cancel_visible(who.owner, id, reason);
    if (!result.task) co_return unknown_task();
    if (result.code == stores::change_code::already_terminal) {
      co_return refuse(refusal::already_terminal,
                       "the task is already " + std::string(to_string(result.task->status)));
    }
    co_return server_.view(std::move(result.task));
  } catch (const std::exception& e) {
    co_return server_.failure(e);
  }
}

awaitable<reply<task_page>> task_requests::list(const caller& who, std::string_view cursor) const {
  try {
    if (auto refused = server_.decline(who, "list", {})) co_return *std::move(refused);
    auto found =
        co_await server_.engine.list(who.owner, std::nullopt, cursor, tunables::tasks_per_page);
    if (!found) {
      co_return refuse(refusal::bad_cursor, "this cursor is not one that tasks/list gave");
    }
    task_page page;
    page.next_cursor = std::move(found->next_cursor);
    for (task_ptr& task : found->tasks) page.tasks.push_back(server_.view(std::move(task)));
    co_return page;
  } catch (const std::exception& e) {
    co_return server_.failure(e);
  }
}

awaitable<reply<task_view>> task_requests::result(const caller& who, std::string_view id,
                                                  exchange_ptr mailbox, audience& listener) const {
  call_request stream;
  stream.ask = asking::on_stream;
  stream.modes = question_modes::of_everybody();
  const exchange_closer closing(*mailbox);
  try {
    mailbox->following.push_back(server_.engine.follow(std::string(id), mailbox));
    task_ptr task = co_await server_.engine.get(who.owner, id);
    if (!task) co_return unknown_task();
    wait_rules rules;
    rules.report_changes = true;
    task_wait wait(server_, who, stream, *mailbox, listener, std::move(task), rules);
    auto ended = co_await wait.until_end();
    if (wait.task()->terminal()) co_return server_.view(wait.task());
    refused* const why = ended ? std::get_if<refused>(&*ended) : nullptr;
    co_return why != nullptr ? std::move(*why) : refuse(refusal::abandoned, "the caller left");
  } catch (const std::exception& e) {
    co_return server_.failure(e);
  }
}

}  // namespace longhaul::serving
