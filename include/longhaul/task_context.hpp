// SPDX-License-Identifier: Apache-2.0
// What a handler sees of the task it works on. One handler serves every path of the wire; what it
// reports and asks reaches whoever called, in that caller's dialect.
//
// Threads: a context belongs to its handler; `progress`, `status`, `log`, `alive`, `close_stream`,
// `stop_token` and `on_cancel` may also be called from other threads while the handler runs.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/log.hpp"
#include "longhaul/question.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/schema.hpp"
#include "longhaul/task.hpp"
#include "longhaul/trace_context.hpp"

namespace longhaul {

/// Thrown by `throw_if_cancelled`, `sleep_for`, `ask` and `save_checkpoint` once the task is
/// cancelled, past a limit, or runs elsewhere: let it pass, the task's end is already written.
class task_stopped : public std::exception {
 public:
  const char* what() const noexcept override { return "the task was stopped"; }
};

/// Who called.
struct caller_info {
  std::string owner;  ///< `local`, `anonymous`, `key:<name>`, issuer + subject
};

class task_context {
 public:
  virtual ~task_context() = default;

  /// The task's id; stable across attempts and restarts.
  virtual const std::string& id() const noexcept = 0;
  virtual caller_info caller() const = 0;
  /// What is kept of the `_meta` of the request that began this (progress token, trace, what
  /// middleware set), an object, or absent.
  virtual raw_json request_meta() const { return {}; }
  /// The trace that the call belongs to; empty texts where none came.
  /// Where the server reports its own part of the trace, its `traceparent` names that part as the
  /// parent.
  trace_context trace() const;
  /// 1 on the first run; grows with every re-run, after a crash or a failure.
  virtual std::uint32_t attempt() const noexcept = 0;
  /// For tools that are `external`: what `task_engine` wants to see from whoever finishes the task.
  /// Empty for others.
  virtual const std::string& completion_token() const noexcept = 0;

  /// Stop is requested when the task is cancelled, past a limit, superseded, or the server drains
  /// beyond its grace. What a coroutine handler awaits is cancelled then: an Asio operation fails
  /// with `operation_aborted`, and so does every `co_await` after it; let it pass. Clean-up that
  /// awaits begins with `co_await boost::asio::this_coro::reset_cancellation_state()`. A coroutine
  /// that the handler spawned and does not await is not told: it has to look at the token.
  virtual std::stop_token stop_token() const noexcept = 0;
  bool cancelled() const noexcept { return stop_token().stop_requested(); }
  /// Throws `task_stopped` if stop was requested.
  void throw_if_cancelled() const {
    if (cancelled()) throw task_stopped();
  }
  /// Calls `fn` once when stop is requested (at once if it was), on a thread of ours; for C
  /// libraries with a cancel function of their own. Returns a registration: destroying it waits
  /// for a running `fn`. What `fn` throws is dropped.
  [[nodiscard]] std::unique_ptr<std::stop_callback<std::function<void()>>> on_cancel(
      std::function<void()> fn) const;

  /// Waits for `duration`, or until stop is requested; it throws `task_stopped` then. For blocking
  /// handlers. The slot is kept.
  template <class Rep, class Period>
  void sleep_for(std::chrono::duration<Rep, Period> duration) {
    pause(in_milliseconds(duration));
  }
  /// The same for coroutine handlers: `co_await task.async_sleep_for(1s)`.
  template <class Rep, class Period>
  boost::asio::awaitable<void> async_sleep_for(std::chrono::duration<Rep, Period> duration) {
    return async_pause(in_milliseconds(duration));
  }

  /// Reports progress; never blocks. `done` must grow: what does not is dropped.
  virtual void progress(double done, std::optional<double> total = std::nullopt,
                        std::string_view message = {}) = 0;
  /// Sets the status message without progress; never blocks.
  virtual void status(std::string_view message) = 0;
  /// Sends a log line to the open request, where the dialect has one and the caller wants it.
  virtual void log(log_level level, std::string_view message) = 0;

  /// Says that the work goes on, although there is nothing to tell: counts against `stall_limit`
  /// alone. Never blocks.
  virtual void alive() {}

  /// Lets the caller's connection go while the handler works on: the client comes back after
  /// `retry` and is given what it missed, the result last (MCP 2025-11-25, "polling"). For calls
  /// that take long behind proxies that cut connections. Does nothing where the client could not
  /// come back: before 2025-11-25, from 2026-07-28 on (a task does this), over stdio, to a caller
  /// that did not wait for a stream. Never blocks.
  virtual void close_stream(std::chrono::milliseconds retry = std::chrono::seconds(1)) {
    static_cast<void>(retry);
  }

  /// Whether the caller that began this declared that it can be asked so. A task may outlive its
  /// caller: its questions wait for one that can be asked.
  virtual bool client_can(client_capability asked_so) const = 0;

  /// Asks the user of the caller, and waits for the answer. For blocking handlers only: it gives
  /// the handler's slot up while it waits. `key` names this question for the task's whole life: an
  /// answer stored under it (by an earlier attempt) is returned at once.
  /// Throws `task_stopped`; `question_error` if the caller cannot be asked, the key was used for
  /// another question, or too many handlers wait already.
  answer ask(std::string_view key, const elicitation& question);
  /// Asks the model of the caller. Throws `question_refused` too, and `std::invalid_argument` for a
  /// request that no client takes (`sampling_request::request`).
  sampling_response sample(std::string_view key, const sampling_request& request);
  /// Asks for the folders of the caller, as they are now. Throws `question_refused` too.
  std::vector<root> list_roots(std::string_view key = "roots");
  /// Asks several at once and waits for all; answers come in the order of the questions.
  std::vector<answer> ask_all(const std::vector<std::pair<std::string, elicitation>>& questions);
  /// The same with questions of several kinds. It throws for none that was refused:
  /// `question_reply` does.
  template <class Any = void>  // where all are elicitations, the other one is meant
  std::vector<question_reply> ask_all(
      const std::vector<std::pair<std::string, question>>& questions) {
    return put(questions);
  }

  /// The same for coroutine handlers.
  boost::asio::awaitable<answer> async_ask(std::string key, elicitation question);
  boost::asio::awaitable<sampling_response> async_sample(std::string key, sampling_request request);
  boost::asio::awaitable<std::vector<root>> async_list_roots(std::string key = "roots");
  boost::asio::awaitable<std::vector<answer>> async_ask_all(
      std::vector<std::pair<std::string, elicitation>> questions);
  template <class Any = void>
  boost::asio::awaitable<std::vector<question_reply>> async_ask_all(
      std::vector<std::pair<std::string, question>> questions) {
    return async_put(std::move(questions));
  }

  /// Says that what the user was sent to (`elicitation::url`, under this key) is done, so that the
  /// client need not wait to be told by its user. Optional; never blocks. Sent where the dialect
  /// has it (2025-11-25: `notifications/elicitation/complete`), on the stream that asked.
  virtual void url_done(std::string_view key) = 0;

  /// What an earlier attempt saved, or null. `T` is a described struct or what Boost.JSON converts.
  template <class T>
  std::optional<T> checkpoint() const {
    const raw_json saved = saved_checkpoint();
    if (!saved) return std::nullopt;
    return from_json<T>(saved);
  }
  /// Saves what a re-run needs to go on; written with the next report, the last one always.
  /// Throws `std::length_error` if it is larger than `byte_limits::max_checkpoint`.
  template <class T>
  void save_checkpoint(const T& value) {
    save_checkpoint_bytes(to_json(value));
  }
  virtual raw_json saved_checkpoint() const = 0;
  virtual void save_checkpoint_bytes(raw_json value) = 0;

 protected:
  /// What the sleeps above come to: on the machine's clock, unless a test owns the time.
  virtual void pause(std::chrono::milliseconds duration) const = 0;
  virtual boost::asio::awaitable<void> async_pause(std::chrono::milliseconds duration) const = 0;

 private:
  /// What `trace` says instead of what the caller sent; empty: nothing.
  virtual std::string own_traceparent() const { return {}; }
  /// What all of the questions above come to: puts them, and waits for all answers.
  virtual std::vector<question_reply> put(const named_questions& questions) = 0;
  virtual boost::asio::awaitable<std::vector<question_reply>> async_put(
      named_questions questions) = 0;

  // Longer than anybody waits is as good as for ever, and can be counted in any unit.
  template <class Rep, class Period>
  static std::chrono::milliseconds in_milliseconds(std::chrono::duration<Rep, Period> duration) {
    using wide = std::chrono::duration<long double, std::milli>;
    constexpr std::chrono::milliseconds longest = std::chrono::hours(24) * 365 * 100;
    if (wide(duration) >= wide(longest)) return longest;
    if (!(wide(duration) > wide(0))) return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(duration);
  }
};

}  // namespace longhaul
