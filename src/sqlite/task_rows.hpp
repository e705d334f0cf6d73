// SPDX-License-Identifier: Apache-2.0
// Task records as rows of the store file, and back: every statement that reads or writes a task.
// What is decided, and when it is committed, is the callers' business.
//
// Threads: those of the connection.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/task.hpp"
#include "sqlite/connection.hpp"

namespace longhaul::sqlite {

/// A record and where it is.
struct task_row {
  std::int64_t seq = 0;
  std::shared_ptr<task_record> record;
  std::size_t bytes = 0;  ///< that the whole task takes up (`stores::size_of`)
};

/// How much of a large task is read; what is left out makes it `abridged`.
enum class detail : std::uint8_t {
  whole,
  state,  ///< without arguments and metadata
  line    ///< without result, checkpoint and questions, too
};

/// Statements that read.
class task_reader {
 public:
  explicit task_reader(connection& in);

  /// Null: there is none. All of these throw `sqlite_error`.
  std::optional<task_row> find(std::string_view id);
  /// With `detail::state`.
  std::optional<task_row> look(std::string_view id);
  bool knows(std::string_view id);
  /// Tasks of this owner that are not hidden and not to be removed by `now`, newest first, with an
  /// id below `before` (empty: from the top), with `detail::line`.
  std::vector<task_ptr> page(std::string_view owner, std::optional<task_status> status,
                             std::string_view before, monotonic_time now, std::size_t limit);
  /// External tasks that have not ended, by id behind `after`; of any tool, if it is empty.
  std::vector<task_ptr> external(std::string_view tool, std::string_view after, std::size_t limit);

 private:
  friend class task_writer;
  task_row read(statement& from, detail how);
  void read_inputs(task_row& row);
  void read_checkpoint(task_row& row);

  statement find_, look_, knows_, page_, page_by_status_, external_, inputs_, checkpoint_;
};

/// Statements of the one writer.
class task_writer {
 public:
  explicit task_writer(connection& in);

  /// False: a task with this id is there already, nothing was written.
  bool insert(std::int64_t seq, const task_record& task, std::size_t bytes);
  /// Writes what differs. Throws `sqlite_error` also if the row is not at `before`'s revision.
  void update(std::int64_t seq, const task_record& before, const task_record& after,
              std::size_t bytes);
  /// Takes away what `emptied` does.
  void empty(std::int64_t seq, const task_record& emptied, std::size_t bytes);
  /// With its inputs and its checkpoint.
  void erase(std::int64_t seq);

  std::optional<task_row> find(std::string_view id) { return reader_.find(id); }
  std::optional<task_row> find_by_key(const task_origin& origin);
  /// Another task may have the key from now on; without it this one takes up `bytes`.
  void forget_key(std::int64_t seq, std::size_t bytes);

  /// Every task that has not ended, oldest first, with `detail::state`.
  void each_live(const std::function<void(task_row)>& take);
  std::int64_t last_seq();

  struct overdue_row {
    std::int64_t seq = 0;
    std::string id, quota;
    task_status status = task_status::completed;
    std::size_t bytes = 0;
    bool to_be_emptied = false;  ///< not removed yet
  };
  /// Up to `limit` tasks that were to be removed, or emptied, by `now`.
  std::vector<overdue_row> overdue(monotonic_time now, std::size_t limit);
  /// When the next one is to be removed.
  monotonic_time next_removal();

  /// How many tasks of a quota have ended this way.
  struct finished_count {
    std::string quota;
    task_status status = task_status::completed;
    std::int64_t n = 0, bytes = 0;
  };
  void each_finished(const std::function<void(finished_count)>& take);
  /// Adds `by.n` and `by.bytes`, which may be negative.
  void add_finished(const finished_count& by);

 private:
  void write_inputs(std::int64_t seq, const task_record& before, const task_record& after);

  connection& in_;
  task_reader reader_;
  statement insert_task_, insert_state_, update_live_, update_all_, show_, put_input_,
      put_checkpoint_, erase_checkpoint_, erase_inputs_, erase_state_, erase_task_, empty_task_,
      empty_state_, find_by_key_, forget_key_, resize_, live_, last_seq_, overdue_, next_removal_,
      finished_, add_finished_, erase_finished_;
};

}  // namespace longhaul::sqlite
