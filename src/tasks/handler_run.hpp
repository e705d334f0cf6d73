// SPDX-License-Identifier: Apache-2.0
// One run of a handler: the context that the handler sees, as far as it is the same for all runs.
// A `running_task` has a row in a store, a `direct_run` has none (yet).
//
// Threads: a handler's own calls; `stopping` on any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/task_context.hpp"
#include "longhaul/tool.hpp"
#include "tasks/pauses.hpp"
#include "tasks/questions.hpp"
#include "tasks/stopper.hpp"
#include "tasks/tool_source.hpp"
#include "tasks/work_observer.hpp"

namespace longhaul::tasks {

class handler_run : public task_context {
 public:
  /// `handlers`: the context of the handler thread where its coroutine runs; null if it runs
  /// elsewhere, or blocks.
  handler_run(tool_ptr tool, std::shared_ptr<stopper> stopping, boost::asio::io_context* handlers)
      : tool_(std::move(tool)), stopping_(std::move(stopping)), handlers_(handlers) {}

  /// As it was when the run began.
  const tool_definition& tool() const noexcept { return *tool_; }
  const tool_ptr& shared_tool() const noexcept { return tool_; }
  const std::shared_ptr<stopper>& stopping() const noexcept { return stopping_; }
  boost::asio::io_context* handlers() const noexcept { return handlers_; }
  bool blocking() const noexcept { return stopping_->blocking(); }
  void request_stop() { stopping_->request(); }
  bool stop_requested() const noexcept { return stopping_->requested(); }

  // --- task_context
  raw_json request_meta() const override { return begun_as().request_meta; }
  std::stop_token stop_token() const noexcept override { return stopping_->token(); }
  bool client_can(client_capability asked_so) const override;

  virtual const task_origin& begun_as() const noexcept = 0;
  const raw_json& arguments() const noexcept { return begun_as().arguments; }
  /// Of its arguments, what the tool has read when it accepted them. Before the handler begins.
  void was_read(std::shared_ptr<void> arguments) noexcept { read_ = std::move(arguments); }
  /// Its handler wants another attempt, although this one ended as it did.
  struct retry_wish {
    std::string why;
    std::optional<std::chrono::milliseconds> after = std::nullopt;  ///< null: as the tool has it
  };
  void wish_retry(retry_wish wish) { retry_ = std::move(wish); }
  /// Why there is to be another attempt; null: the end of this one is that of the task. Once its
  /// handler has returned; `settle_retry` decides.
  const std::optional<retry_wish>& retry() const noexcept { return retry_; }
  /// The handler has returned with this: true if another attempt follows.
  bool settle_retry(const handler_result& result);
  /// What was wished meanwhile is held to the attempts that are left.
  void limit_retry() noexcept {
    if (!may_retry() || stop_requested()) retry_.reset();
  }
  /// What the handler is called with, once.
  call_arguments take_arguments() { return {arguments(), std::move(read_)}; }
  /// Asks what its tool wants settled before it begins; throws as questions do.
  void ask_first();
  boost::asio::awaitable<void> async_ask_first();
  bool asks_first() const noexcept { return bool(tool().options.preflight); }
  /// The handler has returned (null: without an outcome). False: its end has to be written, …
  virtual bool end_at_once(handler_result& result) = 0;
  /// … awaited where its coroutine ran (only after `end_at_once`), …
  virtual boost::asio::awaitable<void> end(handler_result result) = 0;
  /// … or called where it blocked, which this may do as well.
  virtual void end_here(handler_result result) = 0;
  /// `end` or `end_here` threw: the next tick writes the end.
  virtual void end_later() noexcept = 0;
  /// Stores the questions, of which there is at least one, and waits for their answers.
  virtual boost::asio::awaitable<std::vector<question_reply>> put_questions(
      std::vector<stores::question> questions) = 0;

  /// The task as this attempt began.
  virtual const task_record& begun() const noexcept = 0;
  /// How long it has been ready to begin.
  virtual milliseconds waited() const = 0;
  virtual const work_observers& observers() const noexcept = 0;
  /// Where it waits for time to pass.
  virtual tasks::pauses& pauses() const noexcept = 0;

 protected:
  void pause(std::chrono::milliseconds duration) const override;
  boost::asio::awaitable<void> async_pause(std::chrono::milliseconds duration) const override;

 private:
  std::string own_traceparent() const override;
  std::vector<question_reply> put(const named_questions& named) override;
  boost::asio::awaitable<std::vector<question_reply>> async_put(named_questions named) override;

  /// An attempt may follow this one.
  virtual bool may_retry() const noexcept { return false; }

  const tool_ptr tool_;
  std::shared_ptr<void> read_;
  std::optional<retry_wish> retry_;
  const std::shared_ptr<stopper> stopping_;
  boost::asio::io_context* const handlers_;
};

}  // namespace longhaul::tasks
