// SPDX-License-Identifier: Apache-2.0
// Calls of tools. What is to be done with one follows from the tool's policy and from how the
// caller wants to be answered, by one table (`plan_of`); each plan is one short function.
//
//   find the tool ──► plan ──► read the arguments ──► create its task ──► the id, or wait for the
//   end
//                       │                              (hidden, unless the id is handed out)
//                       └──► refused
//
// A call that is not done in time is handed out: its hidden work becomes a task like any other.
#pragma once

#include "server/audience.hpp"
#include "server/context.hpp"
#include "server/exchange.hpp"
#include "server/fallback_tools.hpp"
#include "server/waiting.hpp"
#include "tasks/tunables.hpp"

namespace longhaul::serving {

enum class plan : std::uint8_t {
  plain,      ///< wait for the end
  inline_or,  ///< wait for the tool's `inline_wait`, if it has one; then a task
  task,       ///< a task at once
  forbidden,  ///< the tool never runs as a task
  required    ///< the tool runs only as one, and the caller knows none
};
plan plan_of(task_policy policy, call_mode mode) noexcept;

class calls {
 public:
  explicit calls(const context& server) : server_(server) {}

  awaitable<call_reply> call(const caller& who, call_request request, exchange_ptr mailbox,
                             audience& listener) const;

 private:
  // One call on its way: what all steps need.
  struct on_its_way {
    const caller& who;
    call_request& request;
    const tool_entry& tool;
    const exchange_ptr& mailbox;
    audience& listener;
  };

  awaitable<call_reply> answer(const caller& who, call_request request, exchange_ptr mailbox,
                               audience& listener) const;
  /// The same with middleware.
  awaitable<call_reply> answer_observed(const caller& who, call_request request,
                                        exchange_ptr mailbox, audience& listener) const;
  awaitable<call_reply> begin(on_its_way& call) const;
  awaitable<call_reply> begin_as_planned(on_its_way& call) const;
  /// Of a tool that has questions settled before there is a task: preflight_calls.cpp.
  awaitable<call_reply> settle_first(on_its_way& call) const;
  plan plan_for(const on_its_way& call) const noexcept;
  awaitable<call_reply> run_as_task(on_its_way& call) const;
  awaitable<call_reply> run_hidden(on_its_way& call, bool inline_first) const;
  /// The work of this idempotency key, which somebody began before.
  awaitable<call_reply> cancel_by_key(on_its_way& call) const;
  awaitable<call_reply> join(on_its_way& call, task_ptr begun, wait_rules rules) const;
  awaitable<call_reply> resume(on_its_way& call) const;
  awaitable<call_reply> wait_or_hand_out(on_its_way& call, task_ptr task, wait_rules rules) const;
  /// Makes the hidden work behind a call a task like any other.
  awaitable<call_reply> hand_out(on_its_way& call, std::string id) const;
  bool falls_back(const on_its_way& call) const noexcept;
  wait_rules rules_for(const on_its_way& call) const;

  tasks::submission submission_for(const on_its_way& call) const;
  /// Read where the request is; longer ones on the pool.
  static bool is_short(const raw_json& arguments) noexcept {
    return arguments.size() <= tasks::tunables::checked_inline;
  }
  /// The same as `tool_entry::accept`, on the pool.
  awaitable<call_arguments> accept_elsewhere(const tool_entry& tool,
                                             const raw_json& arguments) const;

  awaitable<call_reply> call_fallback(on_its_way& call, fallback_verb verb) const;
  awaitable<call_reply> answer_by_tool(const caller& who, const fallback_request& wanted) const;
  awaitable<call_reply> status_by_tool(on_its_way& call, const fallback_request& wanted,
                                       task_ptr task) const;

  const context& server_;
};

}  // namespace longhaul::serving
