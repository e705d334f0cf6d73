// SPDX-License-Identifier: Apache-2.0
// Changes of tasks that go into the database together: tasks that are created, and states that
// follow one another, each written only if the one before is still there (`rev`, and `bytes`: what
// is emptied keeps its revision).
//
//   create, update, … ──► statements() ──► one transaction ──► read(results): which were written
//
// What hangs on a change (bodies, places that are taken, numbers) is written only with it: those
// statements look for the row as this very transaction has written it (`xmin`). So a lost race
// costs its task nothing, and the others of the set neither.
//
// Threads: the database thread.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "postgres/column_set.hpp"
#include "postgres/connection.hpp"
#include "postgres/tallies.hpp"
#include "postgres/task_rows.hpp"

namespace longhaul::postgres {

/// The texts of the statements, for one schema.
struct change_texts {
  explicit change_texts(const std::string& schema);
  std::string create, update_live, update_all, bodies, take, leave, show, free_hash, count;
};

class change_set {
 public:
  /// `writer`: whose numbers they are. Both must outlive the set's statements.
  change_set(const change_texts& texts, stores::byte_view writer)
      : texts_(texts), writer_(writer) {}

  /// `place`: for its concurrency key, as with `take`.
  void create(const task_row& task, monotonic_time now, std::optional<std::int64_t> place);
  /// `before` as it was read.
  void update(const task_row& before, const task_row& after, monotonic_time now);
  /// With a claim: this run has this place from now on.
  void take(const task_record& claimed, std::int64_t place);
  /// The handler of this run has returned, so its place is free, whatever becomes of its task.
  void leave(std::string_view id, std::uint64_t epoch);

  bool empty() const noexcept { return created_.empty() && live_.empty() && all_.empty(); }
  std::vector<statement> statements() const;
  /// The ids of what was written. `first`: the place of these statements among the results.
  std::set<std::string, std::less<>> read(const std::vector<rows>& results,
                                          std::size_t first = 0) const;

 private:
  void put_body(const task_record& before, const task_record& after);
  void put_count(const task_record& task, const numbers& change);

  const change_texts& texts_;
  const stores::byte_view writer_;
  column_set created_, first_states_, live_, all_, bodies_, places_, left_, shown_, freed_,
      counted_;
};

}  // namespace longhaul::postgres
