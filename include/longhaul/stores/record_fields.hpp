// SPDX-License-Identifier: Apache-2.0
// The columns of a task record, each visited once, in no database's types. A store writes rows and
// reads them with the same functions: a visitor is called as `column(name, member)` for one column
// after the other, and binds the member (of a const record) or fills it (of another one).
//
// A member is one of
//   - std::string, raw_json (absent: null), bool, an unsigned integer, timestamp, monotonic_time,
//     milliseconds, or std::optional of one of the last three (null);
//   - a `derived` column: `get()` gives what is stored, `set(value)` takes it back. The value is an
//     unsigned integer, or std::optional of double, std::string_view or byte_view.
//
// Names and their meaning stand in docs/store-format.md. They are part of files: a new column is a
// migration, for a store of somebody else as well (CHANGELOG.md says so, and the contract suite
// notices). What a store adds for itself (row numbers, sizes, what it looks for) is its own.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "longhaul/task.hpp"

namespace longhaul::stores {

using byte_view = std::span<const std::uint8_t>;

/// A row says what no record can be.
class damaged_record : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class Column>
concept derived = requires(const Column& column) {
  typename Column::value_type;
  { column.get() } -> std::same_as<typename Column::value_type>;
};

namespace fields {

/// Null where it is empty.
template <class Text>
struct unless_empty {
  using value_type = std::optional<std::string_view>;
  Text& text;
  value_type get() const { return text.empty() ? value_type() : value_type(text); }
  void set(value_type stored) const { text = stored.value_or(std::string_view()); }
};

/// Null where it is the same as another one, which stands before it.
template <class Text>
struct unless_same {
  using value_type = std::optional<std::string_view>;
  Text& text;
  const std::string& usual;
  value_type get() const { return text == usual ? value_type() : value_type(text); }
  void set(value_type stored) const { text = stored.value_or(usual); }
};

/// Null unless it is needed. What has another length was not written by us, and is left out.
template <class Bytes>
struct some_bytes {
  using value_type = std::optional<byte_view>;
  Bytes& bytes;
  bool needed = true;
  value_type get() const { return needed ? value_type(bytes) : value_type(); }
  void set(value_type stored) const {
    if (stored && stored->size() == bytes.size()) std::ranges::copy(*stored, bytes.begin());
  }
};

template <class Process>
struct who_runs_it {
  using value_type = std::optional<byte_view>;
  Process& process;
  value_type get() const { return process ? value_type(process->bytes) : value_type(); }
  void set(value_type stored) const {
    process.reset();
    if (!stored || stored->size() != process_id().bytes.size()) return;
    std::ranges::copy(*stored, process.emplace().bytes.begin());
  }
};

template <class Policy>
struct crash_policy {
  using value_type = std::uint64_t;
  Policy& policy;
  value_type get() const { return policy == on_crash::rerun ? 1 : 0; }
  void set(value_type stored) const { policy = stored != 0 ? on_crash::rerun : on_crash::fail; }
};

/// Null where there is none.
template <class Digest>
struct maybe_bytes {
  using value_type = std::optional<byte_view>;
  Digest& bytes;
  value_type get() const { return bytes ? value_type(*bytes) : value_type(); }
  void set(value_type stored) const {
    bytes.reset();
    if (!stored || stored->size() != digest().size()) return;
    std::ranges::copy(*stored, bytes.emplace().begin());
  }
};

/// Null where there is none; an empty text is one.
template <class Text>
struct maybe_text {
  using value_type = std::optional<std::string_view>;
  Text& text;
  value_type get() const { return text ? value_type(*text) : value_type(); }
  void set(value_type stored) const {
    text.reset();
    if (stored) text.emplace(*stored);
  }
};

/// The bits of `longhaul::retry_on`.
template <class Causes>
struct retry_causes {
  using value_type = std::uint64_t;
  Causes& causes;
  value_type get() const { return static_cast<value_type>(causes); }
  void set(value_type stored) const {
    causes =
        static_cast<longhaul::retry_on>(stored & static_cast<value_type>(longhaul::retry_on::any));
  }
};

template <class Record>
struct status_of {
  using value_type = std::uint64_t;
  Record& task;
  value_type get() const { return static_cast<value_type>(task.status); }
  void set(value_type stored) const {
    if (stored > static_cast<value_type>(task_status::cancelled)) {
      throw damaged_record("task " + task.id() + " has a status that does not exist");
    }
    task.status = static_cast<task_status>(stored);
  }
};

template <class Progress>
struct progress_done {
  using value_type = std::optional<double>;
  Progress& progress;
  value_type get() const { return progress ? value_type(progress->done) : value_type(); }
  void set(value_type stored) const {
    progress.reset();
    if (stored) progress.emplace().done = *stored;
  }
};

/// Stands behind `progress_done`.
template <class Progress>
struct progress_total {
  using value_type = std::optional<double>;
  Progress& progress;
  value_type get() const { return progress ? progress->total : value_type(); }
  void set(value_type stored) const {
    if (progress) progress->total = stored;
  }
};

/// 0: a result, 1: one that says `isError`, 2: a JSON-RPC error.
template <class Outcome>
struct kind_of_result {
  using value_type = std::uint64_t;
  Outcome& result;
  value_type get() const { return result.is_protocol_error ? 2 : result.is_error ? 1 : 0; }
  void set(value_type stored) const {
    result.is_error = stored == 1;
    result.is_protocol_error = stored == 2;
  }
};

}  // namespace fields

/// What never changes. `arguments` and `request_meta` may be large.
template <class Origin, class Visitor>
void visit_origin(Origin& origin, Visitor& column) {
  column("id", origin.id);
  column("owner", origin.owner);
  column("quota", fields::unless_same{origin.quota, origin.owner});
  column("tool", origin.tool);
  column("arguments", origin.arguments);
  column("request_meta", origin.request_meta);
  column("created_at", origin.created_at);
  column("idempotency_key", fields::unless_empty{origin.idempotency_key});
  column("arguments_hash",
         fields::some_bytes{origin.arguments_hash, !origin.idempotency_key.empty()});
  column("on_crash", fields::crash_policy{origin.crash_policy});
  column("max_attempts", origin.max_attempts);
  column("retry_backoff", origin.retry_backoff);
  column("retry_backoff_max", origin.retry_backoff_max);
  column("retry_on", fields::retry_causes{origin.retry_on});
  column("unique_hash", fields::maybe_bytes{origin.unique_hash});
  column("unique_for", origin.unique_for);
  column("concurrency_key", fields::maybe_text{origin.concurrency_key});
  column("attempt_limit", origin.attempt_limit);
  column("overall_limit", origin.overall_limit);
  column("answer_within", origin.answer_within);
  column("stall_limit", origin.stall_limit);
  column("expected", origin.expected);
  column("retry_of", fields::unless_empty{origin.retry_of});
  column("external", origin.external);
  column("token", fields::unless_empty{origin.token});
}

/// What changes once at most: work behind a plain call is shown from some moment on.
template <class Record, class Visitor>
void visit_visibility(Record& task, Visitor& column) {
  column("hidden", task.hidden);
}

/// What a running task writes again and again: all of it is narrow, but the message.
template <class Record, class Visitor>
void visit_state(Record& task, Visitor& column) {
  column("rev", task.rev);
  column("epoch", task.epoch);
  column("attempt", task.attempt);
  column("began_at", task.began_at);
  column("status", fields::status_of{task});
  column("message", task.status_message);
  column("progress", fields::progress_done{task.progress});
  column("progress_total", fields::progress_total{task.progress});
  column("run_at", task.run_at);
  column("updated_at", task.updated_at);
  column("retention", task.retention);
  column("anchor", task.anchor);
  column("attempt_left", task.attempt_left);
  column("overall_left", task.overall_left);
  column("answer_left", task.answer_left);
  column("process", fields::who_runs_it{task.process});
}

/// What its end writes. `result` may be large.
template <class Record, class Visitor>
void visit_end(Record& task, Visitor& column) {
  column("result", task.result.body);
  column("result_kind", fields::kind_of_result{task.result});
  column("cancelled_at", task.cancel_requested_at);
  column("cancel_reason", fields::unless_empty{task.cancel_reason});
}

/// One of the questions of a task; they keep their order.
template <class Input, class Visitor>
void visit_input(Input& input, Visitor& column) {
  column("key", input.key);
  column("request", input.request);
  column("request_hash", fields::some_bytes{input.request_hash});
  column("response", input.response);
  column("asked_rev", input.asked_rev);
  column("asked_at", input.asked_at);
  column("answered_at", input.answered_at);
}

/// One of the attempts of a task that are over; they keep their order.
template <class Attempt, class Visitor>
void visit_attempt(Attempt& attempt, Visitor& column) {
  column("number", attempt.number);
  column("process", fields::who_runs_it{attempt.process});
  column("began_at", attempt.began_at);
  column("ended_at", attempt.ended_at);
  column("how", attempt.how);
}

}  // namespace longhaul::stores
