// SPDX-License-Identifier: Apache-2.0
#include "postgres/task_rows.hpp"

#include <utility>

#include "postgres/packed.hpp"

namespace longhaul::postgres {
std::string select_tasks(detail wanted, std::string_view rest) {
  return "SELECT s.bytes" + stores::record_columns(wanted) +
         ", b.inputs, b.attempts, b.checkpoint FROM @.tasks t JOIN @.states s ON s.id = t.id "
         "LEFT JOIN @.bodies b ON b.id = t.id " +
         std::string(rest);
}

task_row read_row(const rows& from, int row, detail wanted) {
  row_reader next(from, row);
  task_row result;
  result.bytes = static_cast<std::size_t>(next.next().integer());
  auto origin = std::make_shared<task_origin>();
  auto task = std::make_shared<task_record>();
  stores::visit_origin(*origin, next);
  task->origin = std::move(origin);
  task->abridged = wanted != detail::whole && result.bytes > stores::large_task;
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
  result.reserve(static_cast<std::size_t>(from.size()));
  for (int row = 0; row < from.size(); ++row) result.push_back(read_row(from, row, wanted));
  return result;
}

std::string line_of(const task_origin& origin) {
  return origin.concurrency_key ? "=" + *origin.concurrency_key : std::string();
}

}  // namespace longhaul::postgres
