// SPDX-License-Identifier: Apache-2.0
// What the revisions with `initialize` and sessions have in common. Each of them is one object of
// `legacy_dialect` in a file of its own, which says only how it differs.
//
// Threads: dialects are immutable; each request is a coroutine of its own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wire/render.hpp"
#include "wire/service.hpp"

namespace longhaul::wire {

/// How a revision looks where it only differs in looks.
struct legacy_looks {
  revision version = newest_legacy;
  bool batches = false;                  ///< takes arrays of messages
  bool null_error_ids = false;           ///< errors to an unreadable id carry `"id":null`
  bool readable_argument_errors = true;  ///< bad arguments: an `isError` result, not −32602
  bool tasks = false;                    ///< has tasks: `always` tools must be called with one
  bool titles = true;                    ///< `serverInfo.title`
  tool_look tools = {};
  result_look results = {};
};

class legacy_dialect {
 public:
  explicit legacy_dialect(legacy_looks looks) : looks_(looks) {}
  virtual ~legacy_dialect() = default;
  const legacy_looks& looks() const noexcept { return looks_; }

  /// Which questions a client with these capabilities can be asked.
  virtual serving::question_modes modes_in(json::value capabilities) const = 0;
  /// Members of the server's capabilities beside `tools`.
  virtual void append_capabilities(json::object&, const serving::caller&) const {}
  /// Reads what else `tools/call` has in this revision. A fault is returned as its words.
  virtual std::string_view read_call(const json::indexed& /*params*/,
                                     serving::call_request&) const {
    return {};
  }
  /// A server→client request for a question. `meta`: members for its `_meta`, or empty. Each round
  /// has an id of its own.
  virtual std::string question(const service& shared, const task_record& task,
                               const task_input& input, int round, std::string_view meta) const = 0;
  /// The reply to a call that became a task.
  virtual wire_reply reply_with_task(const service&, const incoming&,
                                     const serving::created_task&) const;
  /// Methods that only this revision has. Null: unknown.
  virtual awaitable<std::optional<wire_reply>> handle_more(service& shared, const incoming& in,
                                                           session& of) const;

 private:
  const legacy_looks looks_;
};

const legacy_dialect& legacy_2025_11_25();
const legacy_dialect& legacy_2025_06_18();
const legacy_dialect& legacy_2025_03_26();
/// Requires: not the modern revision.
const legacy_dialect& dialect_of(revision version);

/// What `initialize` asks for. A fault is returned as its words.
struct initialization {
  const legacy_dialect* dialect = nullptr;
  serving::question_modes modes = {};
};
std::string_view read_initialize(json::value params, initialization& into);
/// The reply to `initialize`.
wire_reply initialize_reply(const service& shared, const incoming& in,
                            const legacy_dialect& dialect);

/// Answers one request of a session, every method but `initialize`.
awaitable<wire_reply> handle_legacy(service& shared, const incoming& in, session& of);

/// Takes a reply to one of our questions: a result is the answer, an error means that nobody
/// answered. What is no reply to a question of ours is ignored. A result that does not fit has the
/// question put again, and counts as no answer in the end.
awaitable<void> take_response(service& shared, const serving::caller& who, const message& response);

/// An error reply of a legacy revision: HTTP says 200, but 400 for an invalid request.
wire_reply legacy_error(json::value id, int error_code, std::string_view message);
wire_reply legacy_refusal(json::value id, const serving::refused& why);

/// Writes a question: the members of the stored request's params, but for `_meta` and `left_out`;
/// `added` are more members with a comma in front of each.
std::string question_message(std::string_view id, json::value request, std::string_view left_out,
                             std::string_view added, std::string_view meta);

}  // namespace longhaul::wire
