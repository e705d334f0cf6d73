// SPDX-License-Identifier: Apache-2.0
// Rows of the store file as task records: every statement that reads tasks for a reader. What a
// record's columns are says `stores/record_fields`; which rows are wanted is the callers' business.
//
// Threads: those of the connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/task.hpp"
#include "sqlite/connection.hpp"
#include "stores/sql_columns.hpp"

namespace longhaul::sqlite {

/// A record and where it is.
struct task_row {
  std::int64_t seq = 0;
  std::shared_ptr<task_record> record;
  std::size_t bytes = 0;  ///< that the whole task takes up (`stores::size_of`)
};

using stores::detail;

/// The SQL that a `task_reader` can `read`: a SELECT of the columns, and what comes behind them.
/// The tables are `t` (tasks) and `s` (states).
std::string select_tasks(detail wanted, std::string_view rest);

class task_reader {
 public:
  explicit task_reader(connection& file);

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

  /// What they are read from: for statements of others.
  connection& file() noexcept { return file_; }
  /// The row that a statement made by `select_tasks` with the same detail stands at.
  task_row read(statement& row, detail wanted);

 private:
  void read_inputs(task_row& row);
  void read_checkpoint(task_row& row);
  void read_attempts(task_row& row);

  connection& file_;
  statement find_, look_, knows_, page_, page_by_status_, external_, inputs_, checkpoint_,
      attempts_;
};

/// What was read is not what we wrote.
[[noreturn]] void corrupt(const std::string& fault);

}  // namespace longhaul::sqlite
