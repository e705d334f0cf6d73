// SPDX-License-Identifier: Apache-2.0
// What callers ask about tasks that they have: get, answer, cancel, list, and wait for the result.
// A task of somebody else, a hidden one and one that is gone are one and the same answer.
#pragma once

#include <span>
#include <string_view>

#include "server/audience.hpp"
#include "server/context.hpp"
#include "server/exchange.hpp"

namespace longhaul::serving {

class task_requests {
 public:
  explicit task_requests(const context& server) : server_(server) {}

  /// `verb`: what for, as middleware hears it, `get` or `result`; empty: nobody asked, and it hears
  /// nothing.
  awaitable<reply<task_view>> get(const caller& who, std::string_view id,
                                  std::string_view verb = "get") const;
  /// Applies answers, all or none: `bad_answer` names the first that does not fit its question, and
  /// every question stays as it is. Values must be objects (the caller of this checks).
  awaitable<reply<task_view>> update(const caller& who, std::string_view id,
                                     std::span<const stores::response> answers) const;
  /// Nobody answers this question: the client sent an error, or nothing that fits.
  awaitable<reply<task_view>> leave_unanswered(const caller& who, std::string_view id,
                                               std::string_view key, int error_code,
                                               std::string_view message) const;
  awaitable<reply<task_view>> cancel(const caller& who, std::string_view id,
                                     std::string_view reason) const;
  awaitable<reply<task_page>> list(const caller& who, std::string_view cursor) const;
  /// Waits until the task is terminal; `listener` hears of progress, changes and questions
  /// meanwhile. The reply is the terminal task (its `result` may be a protocol error, or it was
  /// cancelled).
  awaitable<reply<task_view>> result(const caller& who, std::string_view id, exchange_ptr mailbox,
                                     audience& listener) const;

 private:
  const context& server_;
};

}  // namespace longhaul::serving
