// SPDX-License-Identifier: Apache-2.0
#include "sqlite/task_reader.hpp"

#include <utility>

#include "sqlite/columns.hpp"

namespace longhaul::sqlite {
namespace {

constexpr std::string_view from_both = "FROM tasks t JOIN states s ON s.seq = t.seq ";

template <class Visit>
std::string select_from(std::string_view table, std::string_view order, Visit visit) {
  column_names names;
  visit(names);
  std::string sql = "SELECT ";
  for (const std::string_view name : names.all) sql.append(name).append(", ");
  return sql.append("seq FROM ").append(table).append(" WHERE seq = ? ORDER BY ").append(order);
}

std::string select_inputs() {
  const task_input input;
  return select_from("inputs", "position",
                     [&](auto& column) { stores::visit_input(input, column); });
}

std::string select_attempts() {
  const task_attempt attempt;
  return select_from("attempts", "number",
                     [&](auto& column) { stores::visit_attempt(attempt, column); });
}

// Both rise with a claim, and the epoch with the end of an attempt as well.
bool may_have_attempts(const task_record& task) noexcept { return task.epoch > task.attempt; }

}  // namespace

void corrupt(const std::string& fault) { throw sqlite_error(fault, SQLITE_CORRUPT); }

// In the order of `read`.
std::string select_tasks(detail wanted, std::string_view rest) {
  return "SELECT t.seq, s.bytes, s.questions, s.checkpointed" + stores::record_columns(wanted) +
         " " + std::string(rest);
}

task_reader::task_reader(connection& file)
    : file_(file),
      find_(file, select_tasks(detail::whole, std::string(from_both).append("WHERE t.id = ?"))),
      look_(file, select_tasks(detail::state, std::string(from_both).append("WHERE t.id = ?"))),
      knows_(file, "SELECT 1 FROM tasks WHERE id = ?"),
      page_(file,
            select_tasks(detail::line, std::string(from_both).append(
                                           "WHERE t.owner = ?1 AND t.hidden = 0 AND t.id < ?2 "
                                           "AND (s.remove_at IS NULL OR s.remove_at > ?3) "
                                           "ORDER BY t.id DESC LIMIT ?4"))),
      page_by_status_(
          file, select_tasks(detail::line, std::string(from_both).append(
                                               "WHERE t.owner = ?1 AND t.hidden = 0 AND t.id < ?2 "
                                               "AND (s.remove_at IS NULL OR s.remove_at > ?3) "
                                               "AND s.status = ?5 ORDER BY t.id DESC LIMIT ?4"))),
      external_(file, select_tasks(detail::whole,
                                   std::string(from_both).append(
                                       "WHERE s.ended = 0 AND t.external = 1 AND t.id > ?1 "
                                       "AND (?2 = '' OR t.tool = ?2) ORDER BY t.id LIMIT ?3"))),
      inputs_(file, select_inputs()),
      checkpoint_(file, "SELECT body FROM checkpoints WHERE seq = ?"),
      attempts_(file, select_attempts()) {}

task_row task_reader::read(statement& row, detail wanted) {
  columns next(row);
  task_row result;
  result.seq = next.take<std::int64_t>();
  result.bytes = next.take<std::uint64_t>();
  const bool questions = next.take<bool>(), checkpointed = next.take<bool>();
  auto origin = std::make_shared<task_origin>();
  result.record = std::make_shared<task_record>();
  task_record& task = *result.record;
  task.abridged = wanted != detail::whole && result.bytes > stores::large_task;
  stores::visit_origin(*origin, next);
  task.origin = std::move(origin);
  try {
    stores::visit_visibility(task, next);
    stores::visit_state(task, next);
    stores::visit_end(task, next);
  } catch (const stores::damaged_record& e) {
    corrupt(e.what());
  }
  if (wanted == detail::line && task.abridged) return result;
  if (may_have_attempts(task)) read_attempts(result);
  if (questions) read_inputs(result);
  if (checkpointed) read_checkpoint(result);
  return result;
}

void task_reader::read_inputs(task_row& row) {
  const use once(inputs_);
  inputs_.bind(1, row.seq);
  auto inputs = std::make_shared<task_inputs>();
  while (inputs_.step()) {
    columns next(inputs_);
    stores::visit_input(inputs->emplace_back(), next);
  }
  row.record->inputs = std::move(inputs);
}

void task_reader::read_checkpoint(task_row& row) {
  const use once(checkpoint_);
  checkpoint_.bind(1, row.seq);
  if (checkpoint_.step()) row.record->checkpoint = raw_json::trusted(checkpoint_.text(0));
}

void task_reader::read_attempts(task_row& row) {
  const use once(attempts_);
  attempts_.bind(1, row.seq);
  auto attempts = std::make_shared<task_attempts>();
  while (attempts_.step()) {
    columns next(attempts_);
    stores::visit_attempt(attempts->emplace_back(), next);
  }
  if (!attempts->empty()) row.record->attempts = std::move(attempts);
}

std::optional<task_row> task_reader::find(std::string_view id) {
  const use once(find_);
  find_.bind(1, id);
  if (!find_.step()) return std::nullopt;
  return read(find_, detail::whole);
}

std::optional<task_row> task_reader::look(std::string_view id) {
  const use once(look_);
  look_.bind(1, id);
  if (!look_.step()) return std::nullopt;
  return read(look_, detail::state);
}

bool task_reader::knows(std::string_view id) {
  const use once(knows_);
  return knows_.bind(1, id).step();
}

std::vector<task_ptr> task_reader::page(std::string_view owner, std::optional<task_status> status,
                                        std::string_view before, monotonic_time now,
                                        std::size_t limit) {
  // Behind every id: they are of lower-case letters and digits.
  constexpr std::string_view top = "~";
  statement& query = status ? page_by_status_ : page_;
  const use once(query);
  query.bind(1, owner)
      .bind(2, before.empty() ? top : before)
      .bind(3, std::int64_t(now.time_since_epoch().count()))
      .bind(4, static_cast<std::int64_t>(limit));
  if (status) query.bind(5, static_cast<std::int64_t>(*status));
  std::vector<task_ptr> result;
  while (query.step()) result.push_back(read(query, detail::line).record);
  return result;
}

std::vector<task_ptr> task_reader::external(std::string_view tool, std::string_view after,
                                            std::size_t limit) {
  const use once(external_);
  external_.bind(1, after).bind(2, tool).bind(3, static_cast<std::int64_t>(limit));
  std::vector<task_ptr> result;
  while (external_.step()) result.push_back(read(external_, detail::whole).record);
  return result;
}

}  // namespace longhaul::sqlite
