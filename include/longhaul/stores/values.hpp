// SPDX-License-Identifier: Apache-2.0
// What goes into the operations of a store (`store.hpp`) and what comes back: plain values, and the
// one exception. None of them knows where tasks are kept.
//
// Views in what callers hand over (`writer::token`) must stay valid until the operation has
// completed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/task.hpp"

namespace longhaul::stores {

/// A failure of the machine: disk, connection, a bug. `what()` is for logs and may name files and
/// hosts; `reason` is for callers and has no such names.
class store_error : public std::runtime_error {
 public:
  /// `outcome_unknown`: the write may or may not have happened.
  store_error(const std::string& message, bool outcome_unknown)
      : store_error(message, message, outcome_unknown) {}
  store_error(const std::string& message, std::string reason, bool outcome_unknown)
      : std::runtime_error(message),
        reason_(std::make_shared<const std::string>(std::move(reason))),
        outcome_unknown_(outcome_unknown) {}
  /// True: whoever repeats the very same operation does no harm, and learns what became of it.
  bool outcome_unknown() const noexcept { return outcome_unknown_; }
  const std::string& reason() const noexcept { return *reason_; }

 private:
  std::shared_ptr<const std::string> reason_;  // shared: copying an exception must not throw
  bool outcome_unknown_;
};

/// The two clocks at one instant.
struct instant {
  timestamp wall;
  monotonic_time mono;
};

/// Bounds that `create` checks in the same write that creates. Zero means "no bound".
struct create_bounds {
  std::size_t open_per_quota = 0;    ///< tasks of one quota that are not terminal
  std::size_t open_total = 0;        ///< … of all
  std::size_t stored_per_quota = 0;  ///< tasks of one quota, terminal ones included
  std::size_t stored_total = 0;
  /// Nothing new at all: what is not `existing` is refused (`bound_names::known_only`).
  bool known_only = false;
};

/// Bounds in bytes (`size_of` in bounds.hpp says of what). Zero means "no bound". A `create` that
/// would pass one is `busy`. An `answer` may take `rules::answer_room_divisor` more of those for
/// open tasks, and one that adds up to `rules::small_payload` is never refused. Nothing else is.
struct byte_bounds {
  std::size_t open_per_quota = 0;  ///< tasks of one quota that are not terminal
  std::size_t open_total = 0;
  std::size_t stored_per_quota = 0;  ///< tasks of one quota, terminal ones included
  std::size_t stored_total = 0;
  std::size_t memory_per_quota = 0;  ///< the same again, by another name: of a store in memory
  std::size_t memory_total = 0;
};

/// What `create` makes a task of. `initial` (transitions.hpp) makes the record.
struct new_task {
  std::shared_ptr<const task_origin> origin;
  std::optional<milliseconds> retention = std::nullopt;
  bool hidden = false;
  /// Also claims it (epoch 1) in this write, unless its tool is paused or `concurrency` is reached:
  /// then it waits.
  std::optional<process_id> claim_for = std::nullopt;
  std::size_t concurrency = 0;  ///< as in `claim_request`; 0: no limit
  bool begins_anyway = false;   ///< whatever is paused or full: it ends at once, and runs nothing
  create_bounds bounds = {};
  /// Questions that were answered before it begins; null: none.
  std::shared_ptr<const task_inputs> answered = nullptr;
  /// The state of work that began without a row: the task goes on from it, with the next revision
  /// and with what is left of its limits. Null: it is new.
  task_ptr begun = nullptr;
};

enum class create_code : std::uint8_t {
  created,   ///< or: this very id was created before (the operation was repeated)
  existing,  ///< `task` is the earlier one, of the same idempotency key and arguments, or of the
             ///< same unique hash
  key_conflict,  ///< same idempotency key, other arguments; `task` is null
  busy           ///< a bound is reached; `bound` names it
};
struct create_result {
  create_code code = create_code::created;
  task_ptr task;
  std::string_view bound;  ///< who refused, one of `bound_names` (bounds.hpp); static storage
};

enum class change_code : std::uint8_t {
  applied,
  unchanged,  ///< nothing left to do: the very same change is already there
  not_found,
  already_terminal,  ///< `task` is the final state
  superseded,        ///< the writer's epoch or token is not the current one
  key_reused,        ///< a question under a used key that asks something else
  busy,              ///< a bound in bytes is reached; nothing was changed
};
struct change_result {
  change_code code = change_code::applied;
  task_ptr task;  ///< state after the operation; null if not_found
};

/// Who writes for a running task: the epoch of its claim, or the token of an external task.
struct writer {
  std::uint64_t epoch = 0;
  std::string_view token = {};
  /// Where its handler is when it says that its run is over (`finish`, `retry`, `release`): the run
  /// of one `at_work` counts for its key until `leave`; one that has `not_begun` was no attempt
  /// (`release`).
  enum class stage : std::uint8_t { returned, at_work, not_begun } handler = stage::returned;
};

/// One run of a task: what a claim has begun.
struct run_name {
  std::string id;
  std::uint64_t epoch = 0;
  auto operator<=>(const run_name&) const = default;
};

struct report_change {
  std::optional<progress_state> progress = std::nullopt;
  std::optional<std::string> status_message = std::nullopt;
  raw_json checkpoint = {};  ///< absent: leave as it is
};

struct question {
  std::string key;
  raw_json request;
  digest request_hash{};
};

struct response {
  std::string key;
  raw_json value;
};

/// Whether tasks whose id was never handed out exist for who asks.
enum class visibility : std::uint8_t { shown_only, hidden_too };

/// Tool and concurrency key.
using handlers_by_key = std::map<std::pair<std::string, std::string>, std::size_t>;

struct claim_request {
  process_id process;
  /// Only these tools, and so many of each at most.
  std::map<std::string, std::size_t, std::less<>> tools;
  std::set<std::string, std::less<>> saturated;  ///< quotas that get nothing now
  /// Of a tool that is here, only so many tasks with the same concurrency key run at once, in all
  /// processes together.
  std::map<std::string, std::size_t, std::less<>> concurrency = {};
  /// How many handlers of this process have not returned, by tool and concurrency key. Those whose
  /// tasks have ended, or moved, are claims no longer and run all the same: each counts.
  handlers_by_key handlers = {};
  std::size_t count = 1;
};

struct list_page {
  std::vector<task_ptr> tasks;  ///< newest first
  std::optional<std::string> next_cursor = std::nullopt;
};

struct renew_result {
  bool alive = true;  ///< false: this boot was declared dead; its claims are lost
};

struct recover_result {
  std::size_t handed_back = 0;  ///< will run again
  std::size_t failed = 0;       ///< "executor lost, outcome unknown"
};

}  // namespace longhaul::stores
