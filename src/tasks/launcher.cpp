// SPDX-License-Identifier: Apache-2.0
#include "tasks/launcher.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>
#include <variant>

#include "tasks/outcomes.hpp"

namespace longhaul::tasks {

launcher::launcher(std::size_t handler_threads, logger log, std::shared_ptr<call_hooks> hooks)
    : log_(std::move(log)), hooks_(std::move(hooks)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, handler_threads); ++i) {
    handlers_.push_back(std::make_unique<boost::asio::io_context>(1));
    work_.emplace_back(handlers_.back()->get_executor());
  }
}

launcher::~launcher() { stop(); }

void launcher::start() {
  for (const auto& context : handlers_) {
    threads_.emplace_back([&handlers = *context] { handlers.run(); });
  }
}

void launcher::stop() {
  {
    const guard lock(mutex_);
    closed_ = true;
  }
  launch_all();  // a caller's loop that ends now may not come to it
  pool_.close();
  work_.clear();
  {
    guard lock(live_mutex_);
    while (live_ != 0) idle_.wait(lock);
  }
  for (const auto& context : handlers_) context->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

launcher::seat launcher::seat_for(const tool_definition& tool) {
  if (std::holds_alternative<blocking_handler>(tool.handler)) {
    return {std::make_shared<stopper>(pool_)};
  }
  boost::asio::io_context& handlers = *handlers_[next_ % handlers_.size()];
  return {std::make_shared<stopper>(handlers.get_executor()), &handlers};
}

void launcher::launch(run_ptr run, const boost::asio::any_io_executor& caller) {
  bool first = false;
  {
    const guard lock(mutex_);
    if (!closed_) {
      launching_.push_back(std::exchange(run, nullptr));
      first = launching_.size() == 1;
    }
  }
  if (run) {  // closed
    run->request_stop();
    return run->end_here(std::nullopt);
  }
  if (!first) return;
  try {
    boost::asio::post(caller, [this] { launch_all(); });
  } catch (...) {  // those that come later count on it
    launch_all();
  }
}

void launcher::launch_all() {
  std::vector<run_ptr> all;
  {
    const guard lock(mutex_);
    all.swap(launching_);
  }
  if (all.empty()) return;
  ++next_;  // one thread is woken for all of them, the next time another one
  std::vector<run_ptr> blocking;
  for (run_ptr& run : all) {
    if (run->blocking()) blocking.push_back(std::move(run));
  }
  for (const auto& handlers : handlers_) {
    std::vector<run_ptr> runs;
    for (run_ptr& run : all) {
      if (run && run->handlers() == handlers.get()) runs.push_back(std::move(run));
    }
    if (!runs.empty()) launch_coroutines(*handlers, std::move(runs));
  }
  if (!blocking.empty()) launch_blocking(blocking);
}

void launcher::launch_coroutines(boost::asio::io_context& handlers, std::vector<run_ptr> runs) {
  boost::asio::post(handlers, [this, &handlers, runs = std::move(runs), live = begin_batch()] {
    for (const run_ptr& run : runs) {
      // The slot is the run's, which lives as long as the coroutine.
      boost::asio::co_spawn(
          handlers, run_coroutine(run),
          boost::asio::bind_cancellation_slot(run->stopping()->cancellation(),
                                              [run, live](const std::exception_ptr&) {}));
    }
  });
}

// It lives until all of them have ended, or their frames were destroyed.
launcher::batch launcher::begin_batch() {
  {
    const guard lock(live_mutex_);
    ++live_;
  }
  return {nullptr, [this](std::nullptr_t) {
            const guard lock(live_mutex_);
            --live_;
            idle_.notify_all();
          }};
}

void launcher::launch_blocking(const std::vector<run_ptr>& runs) {
  std::vector<blocking_pool::job> jobs;
  jobs.reserve(runs.size());
  for (const run_ptr& run : runs) jobs.emplace_back([this, run] { run_blocking(run); });
  try {
    pool_.submit(std::move(jobs));
  } catch (...) {
    const auto failure = std::current_exception();
    for (const run_ptr& run : runs) {
      boost::asio::co_spawn(*handlers_.front(), end_unstarted(run, failure),
                            [live = begin_batch()](const std::exception_ptr&) {});
    }
  }
}

boost::asio::awaitable<void> launcher::end_unstarted(run_ptr run, std::exception_ptr failure) {
  handler_result result = hidden_failure(*run, "the tool could not be started", failure, log_);
  if (run->end_at_once(result)) co_return;
  try {
    co_await run->end(std::move(result));
  } catch (...) {
    run->end_later();
  }
}

// Null: there is no memory to say how it failed.
handler_result launcher::result_of_failure(const run_ptr& run) const noexcept {
  try {
    return outcome_of_exception(*run, log_);
  } catch (...) {
    return std::nullopt;
  }
}

// What hooks throw counts as thrown by the handler. What is followed by another attempt is no
// result.
void launcher::settle(const run_ptr& run, handler_result& result) const noexcept {
  try {
    const bool again = run->settle_retry(result);
    if (again || run->stop_requested()) return;
    if (hooks_ && result) hooks_->on_result(*run, *result);
  } catch (...) {
    result = result_of_failure(run);
    run->limit_retry();
  }
}

// Tells who measures of one attempt: when its handler begins, and what it came to.
class launcher::attempt {
 public:
  explicit attempt(const handler_run& run) : run_(run) {
    if (run_.observers().empty() || run_.stop_requested()) return;
    const milliseconds waited = run_.waited();
    for (const auto& one : run_.observers()) one->began(run_.begun(), waited);
    watch_.emplace();
  }
  void over(const handler_result& result) const noexcept {
    if (!watch_) return;
    const stretch ran = watch_->so_far();
    for (const auto& one : run_.observers()) one->returned(run_.begun(), ran, end_of(result));
  }

 private:
  attempt_end end_of(const handler_result& result) const noexcept {
    if (run_.retry()) return attempt_end::retry;
    if (run_.stop_requested()) return attempt_end::stopped;
    const bool handed_over = !result && run_.begun_as().external;
    if (handed_over) return attempt_end::completed;
    if (!result || result->is_protocol_error) return attempt_end::failed;
    return result->is_error ? attempt_end::error : attempt_end::completed;
  }

  const handler_run& run_;
  std::optional<stopwatch> watch_;
};

void launcher::run_blocking(const run_ptr& run) {
  const attempt mine(*run);
  handler_result result;
  try {
    if (run->stop_requested()) throw task_stopped();  // the token may be raised a moment later
    if (run->asks_first()) run->ask_first();
    result = std::get<blocking_handler>(run->tool().handler)(*run, run->take_arguments());
  } catch (...) {
    result = result_of_failure(run);
  }
  settle(run, result);
  mine.over(result);
  try {
    run->end_here(std::move(result));
  } catch (...) {
    run->end_later();
  }
}

boost::asio::awaitable<void> launcher::run_coroutine(run_ptr run) {
  const attempt mine(*run);
  handler_result result;
  try {
    if (run->stop_requested()) throw task_stopped();  // the token may be raised a moment later
    if (run->asks_first()) co_await run->async_ask_first();
    auto running = std::get<coroutine_handler>(run->tool().handler)(*run, run->take_arguments());
    result = co_await std::move(running);
  } catch (...) {
    result = result_of_failure(run);
  }
  settle(run, result);
  mine.over(result);
  if (run->end_at_once(result)) co_return;
  // What stopped the handler must not stop the writing of its end.
  const auto unstoppable = boost::asio::disable_cancellation();
  co_await boost::asio::this_coro::reset_cancellation_state(unstoppable);
  try {
    co_await run->end(std::move(result));
  } catch (...) {
    run->end_later();
  }
}

}  // namespace longhaul::tasks
