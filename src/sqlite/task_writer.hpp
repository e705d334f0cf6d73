// SPDX-License-Identifier: Apache-2.0
// Task records as rows of the store file: every statement of the one writer. What is decided, and
// when it is committed, is the callers' business.
//
// Threads: those of the connection.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sqlite/task_reader.hpp"

namespace longhaul::sqlite {

class task_writer {
 public:
  explicit task_writer(connection& file);

  /// False: a task with this id is there already, nothing was written. All of these throw
  /// `sqlite_error`.
  bool insert(std::int64_t seq, const task_record& task, std::size_t bytes);
  /// Writes what differs. Throws also if the row is not at `before`'s revision.
  void update(std::int64_t seq, const task_record& before, const task_record& after,
              std::size_t bytes);
  /// Takes away what `emptied` does.
  void empty(std::int64_t seq, const task_record& emptied, std::size_t bytes);
  /// With its inputs and its checkpoint.
  void erase(std::int64_t seq);

  std::optional<task_row> find(std::string_view id) { return reader_.find(id); }
  std::optional<task_row> find_by_key(const task_origin& origin);
  /// The newest one with its unique hash.
  std::optional<task_row> find_by_hash(const task_origin& origin);
  /// Another task may have the key from now on; without it this one takes up `bytes`.
  void forget_key(std::int64_t seq, std::size_t bytes);

  /// Every task that has not ended, oldest first, with `detail::state`.
  void each_live(const std::function<void(task_row)>& take);
  std::int64_t last_seq();

  struct overdue_row {
    std::int64_t seq = 0;
    std::string id, quota, tool;
    task_status status = task_status::completed;
    std::size_t bytes = 0;
    bool to_be_emptied = false;  ///< not removed yet
  };
  /// Up to `limit` tasks that were to be removed, or emptied, by `now`.
  std::vector<overdue_row> overdue(monotonic_time now, std::size_t limit);
  /// When the next one is to be removed.
  monotonic_time next_removal();

  /// How many tasks of a quota and tool have ended this way.
  struct finished_count {
    std::string quota, tool;
    task_status status = task_status::completed;
    std::int64_t tasks = 0, bytes = 0;
  };
  void each_finished(const std::function<void(finished_count)>& take);
  /// Adds tasks and bytes, which may be negative.
  void add_finished(const finished_count& more);

  void pause(std::string_view tool, timestamp since);
  void resume(std::string_view tool);
  std::map<std::string, timestamp, std::less<>> paused();

 private:
  void write_inputs(std::int64_t seq, const task_record& before, const task_record& after);
  /// The newest of them; the others were written before.
  void write_attempt(std::int64_t seq, const task_attempt& newest);

  connection& file_;
  task_reader reader_;
  statement insert_task_, insert_state_, update_live_, update_all_, show_, put_input_, put_attempt_,
      forget_attempts_, put_checkpoint_, erase_checkpoint_, erase_inputs_, erase_attempts_,
      erase_state_, erase_task_, empty_task_, empty_state_, find_by_key_, find_by_hash_,
      forget_key_, resize_, live_, last_seq_, overdue_, next_removal_, finished_, add_finished_,
      erase_finished_, pause_, resume_, paused_;
};

}  // namespace longhaul::sqlite
