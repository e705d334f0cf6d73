// SPDX-License-Identifier: Apache-2.0
#include "stores/sql_columns.hpp"

#include "longhaul/stores/record_fields.hpp"

namespace longhaul::stores {
namespace {

// One column; of a large task perhaps not.
std::string column_of(std::string_view table, std::string_view name, detail wanted) {
  std::string column = std::string(table).append(".").append(name);
  const std::string small = "CASE WHEN s.bytes <= " + std::to_string(large_task);
  if (name == "result" && wanted == detail::line) return small + " THEN " + column + " END";
  if (wanted == detail::whole) return column;
  if (name == "arguments") return small + " THEN " + column + " END";
  if (name == "request_meta") {  // streams look for the progress token in it
    return small + " OR length(" + column + ") <= " + std::to_string(rules::kept_meta) + " THEN " +
           column + " END";
  }
  return column;
}

}  // namespace

std::string record_columns(detail wanted) {
  const task_origin origin;
  const task_record task;
  column_names of_tasks, of_states;
  visit_origin(origin, of_tasks);
  visit_visibility(task, of_tasks);
  visit_state(task, of_states);
  visit_end(task, of_states);
  std::string sql;
  for (const std::string_view name : of_tasks.all) {
    sql.append(", ").append(column_of("t", name, wanted));
  }
  for (const std::string_view name : of_states.all) {
    sql.append(", ").append(column_of("s", name, wanted));
  }
  return sql;
}

}  // namespace longhaul::stores
