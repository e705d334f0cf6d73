// SPDX-License-Identifier: Apache-2.0
// What every context can do with its stop token alone.
#include "longhaul/task_context.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "base/mutex.hpp"
#include "json/view.hpp"
#include "tasks/waiter.hpp"

namespace longhaul {
namespace {

// A time to come that a clock can say, however long the wait.
std::chrono::steady_clock::time_point time_after(std::chrono::milliseconds duration) {
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24) * 365 * 100;
  return std::chrono::steady_clock::now() +
         std::clamp(duration, std::chrono::milliseconds(0), longest);
}

named_questions one(std::string_view key, question asked) {
  named_questions result;
  result.emplace_back(std::string(key), std::move(asked));
  return result;
}

named_questions all_of(std::vector<std::pair<std::string, elicitation>> asked) {
  named_questions result;
  result.reserve(asked.size());
  for (auto& [key, question] : asked) result.emplace_back(std::move(key), std::move(question));
  return result;
}

std::vector<answer> elicited(const std::vector<question_reply>& replies) {
  std::vector<answer> result;
  result.reserve(replies.size());
  for (const question_reply& given : replies) result.push_back(given.elicited());
  return result;
}

}  // namespace

trace_context task_context::trace() const {
  trace_context result;
  if (const raw_json meta = request_meta()) {
    const json::value members(meta);
    const auto text = [&](std::string_view name) {
      return members[name].string().value_or(std::string());
    };
    result = {text("traceparent"), text("tracestate"), text("baggage")};
  }
  if (std::string own = own_traceparent(); !own.empty()) result.traceparent = std::move(own);
  return result;
}

answer task_context::ask(std::string_view key, const elicitation& wanted) {
  return put(one(key, wanted)).front().elicited();
}

sampling_response task_context::sample(std::string_view key, const sampling_request& request) {
  return put(one(key, request)).front().sampled();
}

std::vector<root> task_context::list_roots(std::string_view key) {
  return put(one(key, roots_request())).front().roots();
}

std::vector<answer> task_context::ask_all(
    const std::vector<std::pair<std::string, elicitation>>& questions) {
  return elicited(put(all_of(questions)));
}

boost::asio::awaitable<answer> task_context::async_ask(std::string key, elicitation wanted) {
  named_questions asked = one(key, std::move(wanted));
  const auto replies = co_await async_put(std::move(asked));
  co_return replies.front().elicited();
}

boost::asio::awaitable<sampling_response> task_context::async_sample(std::string key,
                                                                     sampling_request request) {
  named_questions asked = one(key, std::move(request));
  const auto replies = co_await async_put(std::move(asked));
  co_return replies.front().sampled();
}

boost::asio::awaitable<std::vector<root>> task_context::async_list_roots(std::string key) {
  named_questions asked = one(key, roots_request());
  const auto replies = co_await async_put(std::move(asked));
  co_return replies.front().roots();
}

boost::asio::awaitable<std::vector<answer>> task_context::async_ask_all(
    std::vector<std::pair<std::string, elicitation>> questions) {
  named_questions asked = all_of(std::move(questions));
  const auto replies = co_await async_put(std::move(asked));
  co_return elicited(replies);
}

std::unique_ptr<std::stop_callback<std::function<void()>>> task_context::on_cancel(
    std::function<void()> fn) const {
  return std::make_unique<std::stop_callback<std::function<void()>>>(
      stop_token(), [call = std::move(fn)] {
        try {
          call();
        } catch (...) {  // NOLINT(bugprone-empty-catch): a stop callback has nobody to tell
        }
      });
}

void task_context::pause(std::chrono::milliseconds duration) const {
  const auto until = time_after(duration);
  guarded_mutex mutex;
  condition stopped;
  const std::stop_callback wake(stop_token(), [&] {
    const guard lock(mutex);
    stopped.notify_all();
  });
  {
    guard lock(mutex);
    while (!cancelled() && stopped.wait_until(lock, until)) {
    }
  }
  throw_if_cancelled();
}

boost::asio::awaitable<void> task_context::async_pause(std::chrono::milliseconds duration) const {
  const auto hears = std::make_shared<tasks::waiter>(co_await boost::asio::this_coro::executor);
  const tasks::waiter::closer closing(*hears);
  const std::stop_callback on_stop(stop_token(), [&hears] { hears->wake(); });
  const auto until = time_after(duration);
  try {
    co_await hears->next(until);
  } catch (const boost::system::system_error&) {
    throw_if_cancelled();  // else whoever awaits us has lost interest, as in `a || b`
    throw;
  }
  throw_if_cancelled();
}

}  // namespace longhaul
