// SPDX-License-Identifier: Apache-2.0
#include "postgres/change_set.hpp"

#include <utility>

#include "longhaul/stores/transitions.hpp"
#include "postgres/packed.hpp"
#include "postgres/schema.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {
namespace {

using optional_bytes = std::optional<stores::byte_view>;

// A second task with its unique hash is refused while it has this.
optional_bytes held_hash(const task_record& task) {
  const task_origin& origin = *task.origin;
  if (!origin.unique_hash) return std::nullopt;
  const bool let_go = task.status == task_status::cancelled ||
                      (task.terminal() && origin.unique_for <= milliseconds(0));
  return let_go ? optional_bytes() : optional_bytes(*origin.unique_hash);
}

void put_task(column_set& columns, const task_record& task) {
  stores::visit_origin(*task.origin, columns);
  stores::visit_visibility(task, columns);
  columns.put("holds_hash", held_hash(task));
  columns.end_row();
}

// What is looked for.
void put_times(column_set& columns, const task_row& row, monotonic_time now) {
  const task_record& task = *row.record;
  const bool waits = stores::claimable(task), ready = waits && task.run_at <= now;
  const auto limit = stores::limit_due(task);
  columns.put("ready", ready);
  columns.put("due_at", waits && !ready ? std::optional(task.run_at) : std::nullopt);
  columns.put("limit_at", limit ? std::optional(limit->at) : std::nullopt);
  columns.put("remove_at", stores::next_due(task, tunables::hidden_result_kept));
  columns.put("bytes", static_cast<std::uint64_t>(row.bytes));
}

void put_first_state(column_set& columns, const task_row& row, monotonic_time now) {
  const task_record& task = *row.record;
  columns.put("id", task.id());
  stores::visit_state(task, columns);
  stores::visit_end(task, columns);
  columns.put("quota", task.origin->quota);
  columns.put("tool", task.tool());
  columns.put("line", line_of(*task.origin));
  columns.put("external", task.origin->external);
  put_times(columns, row, now);
  columns.end_row();
}

void put_next_state(column_set& columns, const task_row& before, const task_row& row,
                    monotonic_time now, bool with_end) {
  const task_record& task = *row.record;
  columns.put("id", task.id());
  columns.put("was", static_cast<std::uint64_t>(before.record->rev));
  columns.put("had", static_cast<std::uint64_t>(before.bytes));
  stores::visit_state(task, columns);
  if (with_end) stores::visit_end(task, columns);
  put_times(columns, row, now);
  columns.end_row();
}

void put_id(column_set& columns, const task_record& task) {
  columns.put("id", task.id());
  columns.put("rev", task.rev);
}

void put_place(column_set& columns, const task_record& task, std::int64_t number) {
  put_id(columns, task);
  columns.put("tool", task.tool());
  columns.put("line", line_of(*task.origin));
  columns.put("number", number);
  columns.put("epoch", task.epoch);
  columns.put("holder",
              task.process ? stores::byte_view(task.process->bytes) : stores::byte_view());
  columns.end_row();
}

void put_run(column_set& columns, std::string_view id, std::uint64_t epoch) {
  columns.put("id", id);
  columns.put("epoch", epoch);
  columns.end_row();
}

// A row of each table, for the names and types of its columns.
task_row sample() {
  auto task = std::make_shared<task_record>();
  task->origin = std::make_shared<task_origin>();
  return {std::move(task), 0};
}

// Only of what this transaction has written.
std::string join_written(std::string_view name) {
  return std::string(" JOIN @.states s ON s.id = ")
      .append(name)
      .append(".id AND s.rev = ")
      .append(name)
      .append(".rev AND s.xmin = pg_current_xact_id()::xid ");
}

std::string update_text(const column_set& columns) {
  std::string sets;
  for (const std::string& name : columns.names()) {
    if (name == "id" || name == "was" || name == "had") continue;
    sets.append(sets.empty() ? "" : ", ").append(name).append(" = u.").append(name);
  }
  return "UPDATE @.states s SET " + sets + " FROM " + columns.as_table("u") +
         " WHERE s.id = u.id AND s.rev = u.was AND s.bytes = u.had RETURNING s.id";
}

// A process whose lease is over has nothing created for it: whatever took so long on its way is
// decided again.
std::string create_text(const column_set& tasks, const column_set& states) {
  const std::size_t first = tasks.names().size() + 1;
  return "WITH late AS MATERIALIZED (SELECT id FROM @.processes "
         "WHERE dead OR lease_until <= @.store_time()), new AS (INSERT INTO @.tasks (" +
         tasks.list() + ") SELECT " + tasks.list("u.") + " FROM " + tasks.as_table("u") +
         " WHERE u.id NOT IN (SELECT v.id FROM " + states.as_table("v", first) +
         " JOIN late ON late.id = v.process)"
         " ON CONFLICT DO NOTHING RETURNING id) INSERT INTO @.states (" +
         states.list() + ") SELECT " + states.list("u.") + " FROM " + states.as_table("u", first) +
         " WHERE u.id IN (SELECT id FROM new) RETURNING id";
}

std::string count_text(const column_set& counted) {
  std::string columns, sums, sets;
  for (const std::string_view name : number_names) {
    columns.append(", ").append(name);
    sums.append(", sum(u.").append(name).append(")::bigint");
    sets.append(name).append(" = c.").append(name).append(" + excluded.").append(name).append(", ");
  }
  return "INSERT INTO @.counts AS c (writer, quota, tool" + columns +
         ", at) SELECT $1, u.quota, u.tool" + sums + ", @.store_time() FROM " +
         counted.as_table("u", 2) + join_written("u") +
         "GROUP BY u.quota, u.tool ORDER BY u.quota, u.tool "
         "ON CONFLICT (writer, quota, tool) DO UPDATE SET " +
         sets + "at = excluded.at";
}

}  // namespace

void change_set::put_body(const task_record& before, const task_record& after) {
  const bool same = before.inputs == after.inputs && before.attempts == after.attempts &&
                    before.checkpoint == after.checkpoint;
  if (same) return;
  put_id(bodies_, after);
  bodies_.put("inputs", after.inputs ? raw_json::trusted(packed(*after.inputs)) : raw_json());
  bodies_.put("attempts", after.attempts ? raw_json::trusted(packed(*after.attempts)) : raw_json());
  bodies_.put("checkpoint", after.checkpoint);
  bodies_.end_row();
}

void change_set::put_count(const task_record& task, const numbers& change) {
  if (change.none()) return;
  put_id(counted_, task);
  counted_.put("quota", task.origin->quota);
  counted_.put("tool", task.tool());
  for (std::size_t i = 0; i < numbers::kinds; ++i) counted_.put(number_names[i], change.all[i]);
  counted_.end_row();
}

change_texts::change_texts(const std::string& schema) {
  const task_row none = sample();
  column_set tasks, states, live, all;
  put_task(tasks, *none.record);
  put_first_state(states, none, {});
  put_next_state(live, none, none, {}, false);
  put_next_state(all, none, none, {}, true);
  create = in_schema(create_text(tasks, states), schema);
  update_live = in_schema(update_text(live), schema);
  update_all = in_schema(update_text(all), schema);

  column_set ids, body, places, runs, counted;
  put_id(ids, *none.record);
  ids.end_row();
  put_id(body, *none.record);
  for (const std::string_view name : {"inputs", "attempts", "checkpoint"})
    body.put(name, raw_json());
  body.end_row();
  bodies = in_schema(
      "INSERT INTO @.bodies (id, inputs, attempts, checkpoint) "
      "SELECT u.id, u.inputs, u.attempts, u.checkpoint FROM " +
          body.as_table("u") + join_written("u") +
          "ON CONFLICT (id) DO UPDATE SET inputs = excluded.inputs, attempts = excluded.attempts, "
          "checkpoint = excluded.checkpoint",
      schema);
  put_place(places, *none.record, 0);
  take = in_schema(
      "INSERT INTO @.places (tool, line, number, id, epoch, holder) "
      "SELECT u.tool, u.line, u.number, u.id, u.epoch, u.holder FROM " +
          places.as_table("u") + join_written("u"),
      schema);
  put_run(runs, "", 0);
  leave = in_schema("DELETE FROM @.places p USING " + runs.as_table("u") +
                        " WHERE p.id = u.id AND p.epoch = u.epoch",
                    schema);
  show = in_schema("UPDATE @.tasks t SET hidden = false FROM " + ids.as_table("u") +
                       join_written("u") + "WHERE t.id = u.id",
                   schema);
  free_hash = in_schema("UPDATE @.tasks t SET holds_hash = NULL FROM " + ids.as_table("u") +
                            join_written("u") + "WHERE t.id = u.id",
                        schema);
  put_id(counted, *none.record);
  for (const std::string_view name : {"quota", "tool"}) counted.put(name, std::string_view());
  for (const std::string_view name : number_names) counted.put(name, std::int64_t{0});
  counted.end_row();
  count = in_schema(count_text(counted), schema);
}

void change_set::create(const task_row& task, monotonic_time now,
                        std::optional<std::int64_t> place) {
  put_task(created_, *task.record);
  put_first_state(first_states_, task, now);
  if (place) take(*task.record, *place);
  task_record nothing;
  put_body(nothing, *task.record);
  put_count(*task.record, numbers_of(*task.record, task.bytes));
}

void change_set::take(const task_record& claimed, std::int64_t place) {
  put_place(places_, claimed, place);
}

void change_set::leave(std::string_view id, std::uint64_t epoch) { put_run(left_, id, epoch); }

void change_set::update(const task_row& before, const task_row& after, monotonic_time now) {
  const task_record &was = *before.record, &is = *after.record;
  put_next_state(is.terminal() ? all_ : live_, before, after, now, is.terminal());
  put_body(was, is);
  if (was.hidden && !is.hidden) {
    put_id(shown_, is);
    shown_.end_row();
  }
  if (held_hash(was) && !held_hash(is)) {
    put_id(freed_, is);
    freed_.end_row();
  }
  numbers change = numbers_of(is, after.bytes);
  put_count(is, change += -numbers_of(was, before.bytes));
}

std::vector<statement> change_set::statements() const {
  std::vector<statement> result;
  const auto add = [&](const std::string& sql, std::initializer_list<const column_set*> all) {
    if ((*all.begin())->empty()) return;
    statement& one = result.emplace_back(statement{sql});
    if (&sql == &texts_.count) one.parameters.push_back(parameter::bytes_of(writer_));
    for (const column_set* each : all) each->append_to(one.parameters);
  };
  add(texts_.create, {&created_, &first_states_});
  add(texts_.update_live, {&live_});
  add(texts_.update_all, {&all_});
  add(texts_.bodies, {&bodies_});
  add(texts_.leave, {&left_});
  add(texts_.take, {&places_});
  add(texts_.show, {&shown_});
  add(texts_.free_hash, {&freed_});
  add(texts_.count, {&counted_});
  return result;
}

std::set<std::string, std::less<>> change_set::read(const std::vector<rows>& results,
                                                    std::size_t first) const {
  std::set<std::string, std::less<>> written;
  for (const column_set* each : {&created_, &live_, &all_}) {
    if (each->empty()) continue;
    const rows& ids = results.at(first++);
    for (int row = 0; row < ids.size(); ++row) written.insert(ids.at(row, 0).text());
  }
  return written;
}

}  // namespace longhaul::postgres
