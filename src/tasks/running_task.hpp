// SPDX-License-Identifier: Apache-2.0
// A task whose handler runs here: the context its handler sees, and what the engine keeps of it
// until the handler has returned and the end is written.
//
// Threads: the handler's own calls; `request_stop` and `take_report` from any thread.
#pragma once

#include <atomic>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "longhaul/task_context.hpp"
#include "stores/store.hpp"
#include "tasks/follower.hpp"
#include "tasks/slots.hpp"
#include "tasks/tool_source.hpp"

namespace longhaul::tasks {

class engine;
class waiter;

class running_task final : public task_context, public std::enable_shared_from_this<running_task> {
 public:
  running_task(engine& owner, stores::store& store, task_ptr claimed, tool_ptr tool,
               boost::asio::io_context& handlers);

  // --- task_context
  const std::string& id() const noexcept override { return claimed_->id(); }
  caller_info caller() const override { return {claimed_->owner()}; }
  std::uint32_t attempt() const noexcept override { return claimed_->attempt; }
  const std::string& completion_token() const noexcept override { return claimed_->origin->token; }
  std::stop_token stop_token() const noexcept override { return stop_.get_token(); }
  void progress(double done, std::optional<double> total, std::string_view message) override;
  void status(std::string_view message) override;
  void log(log_level level, std::string_view message) override;
  answer ask(std::string_view key, const elicitation& question) override;
  std::vector<answer> ask_all(
      const std::vector<std::pair<std::string, elicitation>>& questions) override;
  boost::asio::awaitable<answer> async_ask(std::string key, elicitation question) override;
  boost::asio::awaitable<std::vector<answer>> async_ask_all(
      std::vector<std::pair<std::string, elicitation>> questions) override;
  raw_json saved_checkpoint() const override;
  void save_checkpoint_bytes(raw_json value) override;

  // --- the engine's side
  const task_ptr& claimed() const noexcept { return claimed_; }
  /// As it was when the task started.
  const tool_definition& tool() const noexcept { return *tool_; }
  stores::store& store() noexcept { return store_; }
  stores::writer writer() const noexcept { return {claimed_->epoch, claimed_->origin->token}; }
  bool blocking() const noexcept { return blocking_; }
  /// Where its coroutine runs, on one thread, and its stop is requested: what the two share
  /// (timers, sockets) needs no lock.
  boost::asio::io_context& handlers() const noexcept { return handlers_; }
  /// Of its coroutine: what that waits for is cancelled, on its own thread, once stop is requested.
  boost::asio::cancellation_slot cancellation() noexcept { return cancellation_.slot(); }

  /// Requests stop, once, on a thread where user callbacks may run.
  void request_stop();
  bool stop_requested() const noexcept { return stop_sent_.load(); }
  /// Either its handler begins, or it is left to be handed back: who comes first decides.
  /// False: it was left.
  bool begin() noexcept { return settle(phase::begun) == phase::begun; }
  /// True: its handler has not begun, and will not.
  bool leave_unstarted() noexcept { return settle(phase::left) == phase::left; }
  /// From now on a terminal state in the store is our own doing, no reason to stop.
  void begin_end() noexcept { ending_ = true; }
  bool ending() const noexcept { return ending_; }

  /// What is to be reported since the last call; null if nothing.
  std::optional<stores::report_change> take_report();
  /// Puts back what could not be written.
  void put_back(const stores::report_change& change);
  monotonic_time last_report{};  ///< keeper thread only

  std::atomic<bool> holds_slot{true};
  /// Questions side by side wait for one slot together: whoever got it wakes the others.
  void await_slot(const std::shared_ptr<waiter>& hears);
  void slot_came_back();

 private:
  enum class phase : std::uint8_t { fresh, begun, left };
  phase settle(phase wanted) noexcept {
    phase now = phase::fresh;
    return phase_.compare_exchange_strong(now, wanted) ? wanted : now;
  }
  void changed(std::unique_lock<std::mutex>& lock);
  boost::asio::awaitable<std::vector<answer>> put_questions(
      std::vector<std::pair<std::string, elicitation>> questions);
  boost::asio::awaitable<task_ptr> wait_for_answers(task_ptr asked,
                                                    const std::vector<stores::question>& keys);

  engine& engine_;
  stores::store& store_;
  const task_ptr claimed_;
  const tool_ptr tool_;
  boost::asio::io_context& handlers_;
  const bool blocking_;
  std::stop_source stop_;
  boost::asio::cancellation_signal cancellation_;  // thread of `handlers_` only
  std::atomic<bool> stop_sent_{false}, ending_{false};
  std::atomic<phase> phase_{phase::fresh};

  mutable std::mutex mutex_;                // beneath it:
  std::optional<progress_state> progress_;  // the newest
  std::optional<progress_state> unwritten_progress_;
  std::optional<std::string> unwritten_message_;
  raw_json checkpoint_;
  bool checkpoint_unwritten_ = false;
  bool dirty_ = false;
  std::vector<std::weak_ptr<waiter>> await_slot_;
};

}  // namespace longhaul::tasks
