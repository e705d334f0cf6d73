// SPDX-License-Identifier: Apache-2.0
#include "postgres/task_rows.hpp"

#include <utility>

#include "longhaul/stores/bounds.hpp"
#include "postgres/packed.hpp"

namespace longhaul::postgres {
namespace {

/// Tasks that take up more are read in part by who does not want all of them.
constexpr std::size_t large = stores::rules::task_overhead + 4 * stores::rules::small_payload;

// One column; of a large task perhaps not.
std::string column_of(std::string_view table, std::string_view name, detail wanted) {
  std::string column = std::string(table).append(".").append(name);
  const std::string small = "CASE WHEN s.bytes <= " + std::to_string(large);
  if (name == "result" && wanted == detail::line) return small + " THEN " + column + " END";
  if (wanted == detail::whole) return column;
  if (name == "arguments") return small + " THEN " + column + " END";
  if (name == "request_meta") {  // streams look for the progress token in it
    return small + " OR octet_length(" + column +
           ") <= " + std::to_string(stores::rules::small_payload) + " THEN " + column + " END";
  }
  return column;
}

template <class Visit>
void append_columns(std::string& sql, std::string_view table, detail wanted, Visit visit) {
  column_names names;
  visit(names);
  for (const std::string_view name : names.all) {
    sql.append(", ").append(column_of(table, name, wanted));
  }
}

}  // namespace

std::string select_tasks(detail wanted, std::string_view rest) {
  const task_origin origin;
  const task_record task;
  std::string sql = "SELECT s.bytes";
  append_columns(sql, "t", wanted, [&](auto& column) { stores::visit_origin(origin, column); });
  append_columns(sql, "t", wanted, [&](auto& column) { stores::visit_visibility(task, column); });
  append_columns(sql, "s", wanted, [&](auto& column) {
    stores::visit_state(task, column);
    stores::visit_end(task, column);
  });
  sql.append(
      ", b.inputs, b.attempts, b.checkpoint FROM @.tasks t JOIN @.states s ON s.id = t.id "
      "LEFT JOIN @.bodies b ON b.id = t.id ");
  return sql.append(rest);
}

task_row read_row(const rows& from, int row, detail wanted) {
  row_reader next(from, row);
  task_row result;
  result.bytes = static_cast<std::size_t>(next.next().integer());
  auto origin = std::make_shared<task_origin>();
  auto task = std::make_shared<task_record>();
  stores::visit_origin(*origin, next);
  task->origin = std::move(origin);
  task->abridged = wanted != detail::whole && result.bytes > large;
  stores::visit_visibility(*task, next);
  stores::visit_state(*task, next);
  stores::visit_end(*task, next);
  const field inputs = next.next(), attempts = next.next(), checkpoint = next.next();
  if (!inputs.null()) task->inputs = unpacked_inputs(inputs.bytes());
  if (!attempts.null()) task->attempts = unpacked_attempts(attempts.bytes());
  if (!checkpoint.null()) task->checkpoint = raw_json::trusted(checkpoint.bytes());
  result.record = std::move(task);
  return result;
}

std::vector<task_row> read_rows(const rows& from, detail wanted) {
  std::vector<task_row> result;
  for (int row = 0; row < from.size(); ++row) result.push_back(read_row(from, row, wanted));
  return result;
}

std::string line_of(const task_origin& origin) {
  return origin.concurrency_key ? "=" + *origin.concurrency_key : std::string();
}

}  // namespace longhaul::postgres
