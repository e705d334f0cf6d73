// SPDX-License-Identifier: Apache-2.0
// What callers hand to the engine, and how it refuses an answer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "longhaul/question_error.hpp"
#include "longhaul/task.hpp"
#include "tasks/tool_source.hpp"

namespace longhaul::tasks {

/// A task that is to be created, or a call that is to be run.
struct sent_before {
  timestamp at;            ///< for the first time, by the store's clock
  std::string kept_by;     ///< `engine::keys_kept_by` of whoever was to have it then
  bool cancelled = false;  ///< by its caller: nothing is begun, and what is under way ends
};

struct submission {
  std::string id;  ///< from `engine::new_id`, so that it can be followed before it exists
  std::string owner;
  std::string quota;
  tool_ptr tool;             ///< required
  call_arguments arguments;  ///< as its tool accepted them
  raw_json meta;
  std::string idempotency_key;
  /// It is repeated; null: it is not.
  std::optional<sent_before> first_sent = std::nullopt;
  bool retention_given = false;
  std::optional<milliseconds> retention = std::nullopt;  ///< null: unlimited
  bool hidden = false;
  std::string retry_of = {};  ///< the finished task that it repeats; empty: none
  /// Questions that were settled before; null: none.
  std::shared_ptr<const task_inputs> answered = nullptr;
  /// Ends at once with this outcome; no handler runs.
  std::optional<outcome> born_finished = std::nullopt;

  /// Whom it counts for.
  const std::string& quota_or_owner() const noexcept { return quota.empty() ? owner : quota; }
};

/// What only a row can have: attempts, a place among others, somebody who watches it.
inline bool wants_queue(const tool_options& tool) noexcept {
  return tool.unique || tool.concurrency != 0 || tool.stall_limit ||
         tool.retry_on != retry_on::nothing;
}

/// A task that somebody else finishes.
struct external_submission {
  std::string owner;
  std::string tool;
  raw_json arguments;
  std::optional<milliseconds> retention = std::nullopt;
  std::optional<milliseconds> overall_limit = std::nullopt;
  std::optional<milliseconds> answer_within = std::nullopt;
  std::string idempotency_key;
};

/// The answer to a question is not one, or does not fit it: nothing was changed. The message begins
/// with the place inside the answer.
class unfit_answer : public question_error {
 public:
  unfit_answer(std::string key, const std::string& message)
      : question_error(message), key_(std::move(key)) {}
  const std::string& key() const noexcept { return key_; }

 private:
  std::string key_;
};

}  // namespace longhaul::tasks
