// SPDX-License-Identifier: Apache-2.0
#include "server/context.hpp"

#include <new>

#include "server/refusals.hpp"
#include "tasks/failure.hpp"
#include "tasks/tunables.hpp"
#include "tasks/wait_words.hpp"

namespace longhaul::serving {

task_view context::view(task_ptr task) const {
  const milliseconds interval = tools.poll_interval_of(task->tool());
  // What it asks, its handler may say better.
  const bool asks = task->status == task_status::input_required;
  const bool says_itself = asks && !task->status_message.empty();
  std::string waits = says_itself ? std::string() : engine.waits().now(*task);
  return {std::move(task), interval, std::move(waits)};
}

std::optional<refused> context::decline(const caller& who, call_request& call) const {
  if (!options.middleware) return std::nullopt;
  std::optional<refused> why;
  try {
    why = options.middleware->arrive(who, call);
  } catch (const std::exception& e) {
    why = failure(e);
  }
  if (why) options.middleware->refused_unrun(who, call, *why);
  return why;
}

std::optional<refused> context::decline(const caller& who, std::string_view verb,
                                        std::string_view task) const {
  if (!options.middleware) return std::nullopt;
  try {
    return options.middleware->arrive(who, verb, task);
  } catch (const std::exception& e) {
    return failure(e);
  }
}

refused context::failure(const std::exception& e) const {
  if (dynamic_cast<const tasks::too_many_followers*>(&e) != nullptr) {
    return busy("too many requests wait for this task already: try again later");
  }
  if (dynamic_cast<const std::bad_alloc*>(&e) != nullptr) {
    return busy("the server has no memory for this now: try again later");
  }
  if (const auto* const store = dynamic_cast<const stores::store_error*>(&e)) {
    // A full disk, a file that is gone: callers hear why, without paths, and may come again.
    std::string words = "tasks cannot be stored or read now: " + store->reason();
    if (store->outcome_unknown()) words += "; what was asked may have been done all the same";
    refused result = busy(std::move(words));
    result.retry_after = tasks::tunables::store_retry_after;
    return result;
  }
  refused result = refuse(refusal::internal, {});
  result.error_id = tasks::new_error_id();
  result.message = tasks::with_error_id("Internal error", result.error_id);
  options.log.error("request.failed", e.what(), {{"error_id", result.error_id}});
  return result;
}

}  // namespace longhaul::serving
