// SPDX-License-Identifier: Apache-2.0
// One call of a tool, from its request to its end, whatever the server makes of it.
//
//   tools/call ──► result ─────────────────────────────────────────────────► ended
//       ▲     └──► input_required ──► questions answered ──┐ (MRTR)
//       └────────────────────────────────────────────────── ┘
//       ▲     └──► connection lost: again, where the server knows idempotency keys
//             └──► task ──► tasks/get, again and again ──► terminal ────────► ended
//                    ▲          └──► input_required ──► tasks/update
//                    └── connection lost: again, with pauses
//             └──► "still running" ──► the same by ordinary tools (`call_driver_fallback.cpp`)
//
// A task is followed by asking; what the server tells by itself (listen, status notifications) only
// wakes who asks. In sessions before 2026-07-28 its questions come as requests, and its result by
// `tasks/result`.
//
// Threads: the coroutine runs on the io_context; `wait`, `state`, `cancel`, … any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/sleeper.hpp"
#include "client/back_off.hpp"
#include "client/fallback_task.hpp"
#include "client/session.hpp"
#include "client/task_view.hpp"
#include "longhaul/tool_call.hpp"

namespace longhaul {

class call_driver final : public remote::follower,
                          public std::enable_shared_from_this<call_driver> {
 public:
  call_driver(std::shared_ptr<remote::session> server, std::string tool, raw_json arguments,
              call_options options);
  /// Of a task that is there already.
  call_driver(std::shared_ptr<remote::session> server, const task_handle& task,
              call_options options);
  ~call_driver() override;

  void start();
  /// Asks for the task once, without following it: on the io_context, and without `start`.
  boost::asio::awaitable<call_outcome> look_once();
  /// Asks once for its end, likewise. Throws `client_error`.
  boost::asio::awaitable<bool> cancel_once();
  call_outcome wait();
  boost::asio::awaitable<call_outcome> async_wait();
  bool wait_for(milliseconds time);
  void wait_for_end();
  bool ended() const;
  void cancel();
  void detach();
  /// The client is closed.
  void leave();
  call_state state() const;
  std::optional<task_handle> handle() const;

  void asked(asked_question question, answerer answer) override;
  void withdrawn(const std::string& key) override;
  void progressed(json::value params) override;
  void task_changed(json::value task) override;

 private:
  template <class T>
  using awaitable = boost::asio::awaitable<T>;
  enum class wish { none, cancel, detach, leave };

  awaitable<void> run();
  awaitable<call_outcome> work();
  awaitable<call_outcome> call_tool();
  awaitable<raw_json> ask_for_call(const raw_json& params, remote::asking how);
  awaitable<raw_json> request_call(const raw_json& params, remote::asking& how,
                                   std::optional<remote::request_error>& lost);
  bool may_say_farewell() const;
  awaitable<bool> say_farewell();
  awaitable<raw_json> send_call(const raw_json& params, remote::asking how);
  bool may_send_again(const remote::request_error& failed, bool was_lost) const;
  remote::request_error after_loss(const std::optional<remote::request_error>& lost,
                                   const remote::request_error& failed) const;
  void set_connected(bool connected);
  awaitable<raw_json> first_params(remote::asking& how);
  awaitable<std::optional<raw_json>> answer_call(json::value asking,
                                                 std::vector<asked_question>& left);
  awaitable<call_outcome> plain_end(remote::request_error failed);
  awaitable<call_outcome> follow();
  awaitable<remote::task_view> look(bool waits);
  client_error gone(const std::string& why) const;
  awaitable<std::optional<call_outcome>> look_and_take();
  awaitable<void> unconnected(remote::back_off& pause, const client_error& why);
  void collect_result();
  awaitable<std::optional<call_outcome>> take(remote::task_view task);
  awaitable<call_outcome> end_of(remote::task_view task);
  awaitable<void> fetch_result();
  awaitable<bool> answer_task(const remote::task_view& task);
  awaitable<void> send_answers(std::string task);
  awaitable<bool> ask_for_task(const remote::task_view& task);
  awaitable<std::optional<raw_json>> answers_to(const std::vector<asked_question>& all,
                                                std::vector<asked_question>& left);
  awaitable<std::optional<question_reply>> ask(asked_question question);
  awaitable<void> send_cancel();
  awaitable<void> tell_cancel();
  void know_tools();
  bool comes_as_request(const asked_question& one) const;
  awaitable<raw_json> use_tool(std::string tool, remote::member_list arguments, bool waits);
  client_error trouble_of(const tool_reply& reply) const;
  awaitable<remote::task_view> look_by_tool(bool waits);
  awaitable<call_outcome> end_by_tool(remote::task_view task);
  awaitable<void> answer_by_tool();
  awaitable<void> rest(const remote::task_view& task);
  call_outcome left_behind() const;
  call_outcome waits_for(const std::vector<asked_question>& questions) const;
  bool leaves() const;
  void become_task(const remote::task_view& task);
  void note(const remote::task_view& task);
  void tell();
  void wish_for(wish wanted);
  void interrupt();
  void give_up_later();
  void look_soon();
  void end();
  raw_json about_task() const;
  remote::asking of_task() const;

  const std::shared_ptr<remote::session> server_;
  const std::string tool_;
  const raw_json arguments_;
  const call_options options_;
  boost::asio::steady_timer deadline_, pause_, grace_;
  remote::interruption waiting_, resting_, fetching_end_, farewell_end_;
  bool wants_task_ = false;       // the server can make one of this call
  bool may_become_task_ = false;  // … and its request is under way
  bool woken_ = false;            // while nothing was waited for
  bool cancel_told_ = false, fetching_ = false;
  // How the call was sent last, where the server knows its key: nobody else can end it.
  std::optional<std::pair<raw_json, remote::asking>> sent_;
  std::optional<raw_json> fetched_;                 // what `tasks/result` gave
  std::optional<remote::fallback_tools> by_tools_;  // it is followed by these
  std::set<std::string> answered_, skipped_;
  std::map<std::string, std::string> ready_;  // answers of a task, not sent so far; by key
  std::vector<asked_question> unanswered_;    // of a session
  std::map<std::string, std::stop_source> open_questions_;
  std::optional<call_state> told_;  // last

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  call_state state_;
  std::deque<call_state> to_tell_;  // to a callback that is busy
  std::optional<task_handle> handle_;
  wish wish_ = wish::none;
  bool late_ = false;
  bool over_ = false;
  std::optional<call_outcome> outcome_;
  std::optional<client_error> error_;
  std::exception_ptr failed_;  // by something else
  std::vector<sleeper> sleepers_;
};

namespace remote {

/// Answers one question of a task, whoever follows it. Throws `client_error`: `refused` in a
/// session before 2026-07-28, which has no way for it.
awaitable<bool> answer_task(std::shared_ptr<session> server, task_handle task, std::string key,
                            question_reply given);

}  // namespace remote
}  // namespace longhaul
