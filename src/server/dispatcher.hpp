// SPDX-License-Identifier: Apache-2.0
// The server's front: neutral requests in, neutral replies out. It owns the parts that answer them
// and does nothing itself; nothing here knows a protocol version, a JSON-RPC code, or a socket.
//
//   calls          tools/call, by plan            waiting       the wait of one request
//   task_requests  get, answer, cancel, list, result
//   subscriptions  listen                         catalog       what is offered, by name and caller
//   resource_source  captured output              questions     who may be asked what
//
// Threads: any; an operation runs on the awaiting coroutine's executor, which is the exchange's.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/audience.hpp"
#include "server/calls.hpp"
#include "server/context.hpp"
#include "server/exchange.hpp"
#include "server/requests.hpp"
#include "server/resource_source.hpp"
#include "server/subscriptions.hpp"
#include "server/task_requests.hpp"

namespace longhaul::serving {

class dispatcher {
 public:
  /// Both must outlive it.
  dispatcher(catalog& features, tasks::engine& engine, dispatcher_options options = {});

  catalog& features() noexcept { return features_; }
  const catalog& features() const noexcept { return features_; }
  /// As `engine::keys_kept_by`.
  std::string keys_kept_by() const { return server_.engine.keys_kept_by(); }
  /// By the clock of the store that tasks are in.
  timestamp store_time() const { return server_.engine.store().now().wall; }
  const server_identity& identity() const noexcept { return features_.identity(); }

  /// Calls a tool. `listener.waiting` is called before the first suspension that may take long.
  /// When the exchange is abandoned, work whose task id was not handed out is cancelled.
  awaitable<call_reply> call(const caller& who, call_request request, exchange_ptr mailbox,
                             audience& listener) {
    return calls_.call(who, std::move(request), std::move(mailbox), listener);
  }
  /// What is called is not there, or not for this caller: there is no run of it, so middleware
  /// hears of it here, and that it ends by `why`. How middleware refuses it instead, or null.
  std::optional<refused> decline_unrun(const caller& who, call_request request,
                                       const refused& why) const;
  // --- tasks: `task_requests.hpp`
  /// `verb`: what it is read for, `get` or `result`; empty: nobody asked.
  awaitable<reply<task_view>> get(const caller& who, std::string_view id,
                                  std::string_view verb = "get") {
    return task_requests_.get(who, id, verb);
  }
  awaitable<reply<task_view>> update(const caller& who, std::string_view id,
                                     std::span<const stores::response> answers) {
    return task_requests_.update(who, id, answers);
  }
  awaitable<reply<task_view>> cancel(const caller& who, std::string_view id,
                                     std::string_view reason) {
    return task_requests_.cancel(who, id, reason);
  }
  awaitable<reply<task_page>> list(const caller& who, std::string_view cursor) {
    return task_requests_.list(who, cursor);
  }
  awaitable<reply<task_view>> result(const caller& who, std::string_view id, exchange_ptr mailbox,
                                     audience& listener) {
    return task_requests_.result(who, id, std::move(mailbox), listener);
  }
  awaitable<reply<task_view>> leave_unanswered(const caller& who, std::string_view id,
                                               std::string_view key, int error_code,
                                               std::string_view message) {
    return task_requests_.leave_unanswered(who, id, key, error_code, message);
  }
  /// Puts a question of a task again, on the streams where it was asked. `round` counts from 1.
  void ask_again(const std::string& id, const std::string& key, int round) {
    server_.engine.ask_again(id, {key, round, tasks::question_event::news::again});
  }

  // --- subscriptions: `subscriptions.hpp`
  awaitable<reply<std::vector<task_view>>> follow(const caller& who,
                                                  std::span<const std::string> ids,
                                                  exchange_ptr mailbox) {
    return subscriptions_.follow(who, ids, std::move(mailbox));
  }
  awaitable<bool> listen(exchange_ptr mailbox, audience& listener) {
    return subscriptions_.listen(std::move(mailbox), listener);
  }

  // --- resources
  bool has_sources() const noexcept { return !resources_.empty(); }
  std::vector<resource_template> source_templates() const;
  awaitable<reply<resource_contents>> read_resource(const caller& who, std::string_view uri);
  /// That this caller may hear when the resource changes. To be held meanwhile, and begun once the
  /// listener is registered (`catalog::watch`); null of resources in the catalog, of whose changes
  /// others tell.
  awaitable<reply<resource_hold_ptr>> hold_resource(const caller& who, const std::string& uri);
  /// Middleware hears of calls.
  bool has_middleware() const noexcept { return bool(server_.options.middleware); }

 private:
  awaitable<reply<resource_contents>> read_source(const caller& who, std::string_view uri);
  refused source_failure(const std::exception& e) const;

  catalog& features_;
  const context server_;
  const calls calls_;
  const task_requests task_requests_;
  const subscriptions subscriptions_;
  std::vector<std::unique_ptr<resource_source>> resources_;
};

}  // namespace longhaul::serving
