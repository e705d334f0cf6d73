// SPDX-License-Identifier: Apache-2.0
#include "sqlite/task_writer.hpp"

#include <utility>

#include "longhaul/stores/deadlines.hpp"
#include "sqlite/columns.hpp"

namespace longhaul::sqlite {
namespace {

// The columns of a record in statements that write, from one visit: names for an INSERT, or
// assignments for an UPDATE. What is the file's own (row numbers, sizes, what is looked for) is
// bound behind them, in the order that stands here.
struct statement_texts {
  std::string insert_task, insert_state, update_live, update_all, put_input, put_attempt;
};

std::string insert_into(std::string_view table, const std::vector<std::string_view>& names) {
  std::string columns, marks;
  for (const std::string_view name : names) {
    columns.append(columns.empty() ? "" : ", ").append(name);
    marks.append(marks.empty() ? "?" : ", ?");
  }
  return std::string("INTO ").append(table).append(" (" + columns + ") VALUES (" + marks + ")");
}

std::string update_states(const std::vector<std::string_view>& names) {
  std::string sql = "UPDATE states SET ";
  for (const std::string_view name : names) {
    sql.append(name == names.front() ? "" : ", ").append(name).append(" = ?");
  }
  return sql + " WHERE seq = ? AND rev = ?";
}

void add(std::vector<std::string_view>& names, std::initializer_list<std::string_view> more) {
  names.insert(names.end(), more);
}

statement_texts make_texts() {
  const task_origin origin;
  const task_record task;
  const task_input input;
  statement_texts texts;
  const task_attempt one_attempt;
  column_names fixed, state, question, attempt;
  stores::visit_origin(origin, fixed);
  stores::visit_visibility(task, fixed);
  add(fixed.all, {"seq"});
  texts.insert_task = "INSERT " + insert_into("tasks", fixed.all) + " ON CONFLICT (id) DO NOTHING";

  stores::visit_state(task, state);
  add(state.all, {"questions", "checkpointed", "bytes"});
  texts.update_live = update_states(state.all);
  stores::visit_end(task, state);
  add(state.all, {"ended", "remove_at"});
  texts.update_all = update_states(state.all);
  add(state.all, {"seq"});
  texts.insert_state = "INSERT " + insert_into("states", state.all);

  stores::visit_input(input, question);
  add(question.all, {"seq", "position"});
  texts.put_input = "INSERT OR REPLACE " + insert_into("inputs", question.all);

  stores::visit_attempt(one_attempt, attempt);
  add(attempt.all, {"seq"});
  texts.put_attempt = "INSERT " + insert_into("attempts", attempt.all);
  return texts;
}

const statement_texts& texts() {
  static const statement_texts all = make_texts();
  return all;
}

void bind_live(parameters& columns, const task_record& task, std::size_t bytes) {
  stores::visit_state(task, columns);
  columns.value(task.inputs ? task.inputs->size() : std::size_t{0});
  columns.value(static_cast<bool>(task.checkpoint));
  columns.value(bytes);
}

void bind_end(parameters& columns, const task_record& task) {
  stores::visit_end(task, columns);
  columns.value(task.terminal());
  columns.value(stores::next_due(task));
}

bool same(const task_input& a, const task_input& b) {
  return a.key == b.key && a.response == b.response;
}

}  // namespace

task_writer::task_writer(connection& file)
    : file_(file),
      reader_(file),
      insert_task_(file, texts().insert_task),
      insert_state_(file, texts().insert_state),
      update_live_(file, texts().update_live),
      update_all_(file, texts().update_all),
      show_(file, "UPDATE tasks SET hidden = 0 WHERE seq = ?"),
      put_input_(file, texts().put_input),
      put_attempt_(file, texts().put_attempt),
      forget_attempts_(file, "DELETE FROM attempts WHERE seq = ? AND number <= ?"),
      put_checkpoint_(file, "INSERT OR REPLACE INTO checkpoints VALUES (?,?)"),
      erase_checkpoint_(file, "DELETE FROM checkpoints WHERE seq = ?"),
      erase_inputs_(file, "DELETE FROM inputs WHERE seq = ?"),
      erase_attempts_(file, "DELETE FROM attempts WHERE seq = ?"),
      erase_state_(file, "DELETE FROM states WHERE seq = ?"),
      erase_task_(file, "DELETE FROM tasks WHERE seq = ?"),
      empty_task_(file, "UPDATE tasks SET arguments = NULL, request_meta = NULL WHERE seq = ?"),
      empty_state_(file,
                   "UPDATE states SET result = NULL, questions = 0, remove_at = ?2, bytes = ?3 "
                   "WHERE seq = ?1"),
      find_by_key_(file,
                   select_tasks(detail::whole,
                                "FROM tasks t JOIN states s ON s.seq = t.seq WHERE t.owner = ? "
                                "AND t.tool = ? AND t.idempotency_key = ?")),
      find_by_hash_(file,
                    select_tasks(detail::whole,
                                 "FROM tasks t JOIN states s ON s.seq = t.seq WHERE t.owner = ? "
                                 "AND t.tool = ? AND t.unique_hash = ? "
                                 "ORDER BY t.seq DESC LIMIT 1")),
      forget_key_(file, "UPDATE tasks SET idempotency_key = NULL WHERE seq = ?"),
      resize_(file, "UPDATE states SET bytes = ?2 WHERE seq = ?1"),
      live_(file, select_tasks(detail::state,
                               "FROM states s INDEXED BY live_states JOIN tasks t ON t.seq = s.seq "
                               "WHERE s.ended = 0 ORDER BY s.seq")),
      last_seq_(file, "SELECT max(seq) FROM tasks"),
      overdue_(file,
               "SELECT s.seq, t.id, coalesce(t.quota, t.owner), t.tool, s.status, s.bytes, "
               "t.hidden = 1 AND "
               "(s.retention IS NULL OR s.anchor + s.retention > ?1) FROM states s "
               "JOIN tasks t ON t.seq = s.seq WHERE s.remove_at <= ?1 "
               "ORDER BY s.remove_at LIMIT ?2"),
      next_removal_(file, "SELECT min(remove_at) FROM states WHERE remove_at IS NOT NULL"),
      finished_(file, "SELECT quota, tool, status, n, bytes FROM finished"),
      add_finished_(file,
                    "INSERT INTO finished (quota, tool, status, n, bytes) "
                    "VALUES (?1, ?2, ?3, ?4, ?5) "
                    "ON CONFLICT DO UPDATE SET n = n + excluded.n, bytes = bytes + "
                    "excluded.bytes"),
      erase_finished_(
          file, "DELETE FROM finished WHERE quota = ? AND tool = ? AND status = ? AND n <= 0"),
      pause_(file, "INSERT OR IGNORE INTO paused VALUES (?, ?)"),
      resume_(file, "DELETE FROM paused WHERE tool = ?"),
      paused_(file, "SELECT tool, since FROM paused") {}

bool task_writer::insert(std::int64_t seq, const task_record& task, std::size_t bytes) {
  {
    const use once(insert_task_);
    parameters columns(insert_task_);
    stores::visit_origin(*task.origin, columns);
    stores::visit_visibility(task, columns);
    columns.value(seq);
    insert_task_.step();
    if (file_.changes() == 0) return false;
  }
  {
    const use once(insert_state_);
    parameters columns(insert_state_);
    bind_live(columns, task, bytes);
    bind_end(columns, task);
    columns.value(seq);
    insert_state_.step();
  }
  if (task.inputs) write_inputs(seq, task_record(), task);
  return true;
}

void task_writer::update(std::int64_t seq, const task_record& before, const task_record& after,
                         std::size_t bytes) {
  if (before.inputs != after.inputs) write_inputs(seq, before, after);
  if (before.attempts != after.attempts) write_attempt(seq, after.attempts->back());
  if (!(before.checkpoint == after.checkpoint)) {
    if (after.checkpoint) {
      put_checkpoint_.bind(1, seq).bind(2, after.checkpoint.view()).run();
    } else {
      erase_checkpoint_.bind(1, seq).run();
    }
  }
  if (before.hidden && !after.hidden) show_.bind(1, seq).run();

  statement& change = after.terminal() ? update_all_ : update_live_;
  const use once(change);
  parameters columns(change);
  bind_live(columns, after, bytes);
  if (after.terminal()) bind_end(columns, after);
  columns.value(seq);
  columns.value(before.rev);
  change.step();
  if (file_.changes() != 1) {
    corrupt("task " + after.id() + " is not at the revision it was read at");
  }
}

void task_writer::write_inputs(std::int64_t seq, const task_record& before,
                               const task_record& after) {
  for (std::size_t i = 0; i < after.inputs->size(); ++i) {
    const task_input& input = (*after.inputs)[i];
    if (before.inputs && i < before.inputs->size() && same((*before.inputs)[i], input)) continue;
    const use once(put_input_);
    parameters columns(put_input_);
    stores::visit_input(input, columns);
    columns.value(seq);
    columns.value(i);
    put_input_.step();
  }
}

void task_writer::write_attempt(std::int64_t seq, const task_attempt& newest) {
  {
    const use once(put_attempt_);
    parameters columns(put_attempt_);
    stores::visit_attempt(newest, columns);
    columns.value(seq);
    put_attempt_.step();
  }
  const auto kept = static_cast<std::int64_t>(stores::rules::attempts_kept);
  if (newest.number <= kept) return;
  forget_attempts_.bind(1, seq).bind(2, std::int64_t{newest.number} - kept).run();
}

void task_writer::erase(std::int64_t seq) {
  for (statement* each :
       {&erase_checkpoint_, &erase_inputs_, &erase_attempts_, &erase_state_, &erase_task_}) {
    each->bind(1, seq).run();
  }
}

void task_writer::empty(std::int64_t seq, const task_record& emptied, std::size_t bytes) {
  empty_task_.bind(1, seq).run();
  erase_inputs_.bind(1, seq).run();
  parameters columns(empty_state_);
  columns.value(seq);
  columns.value(stores::next_due(emptied));
  columns.value(bytes);
  empty_state_.run();
}

std::optional<task_row> task_writer::find_by_key(const task_origin& origin) {
  const use once(find_by_key_);
  find_by_key_.bind(1, std::string_view(origin.owner))
      .bind(2, std::string_view(origin.tool))
      .bind(3, std::string_view(origin.idempotency_key));
  if (!find_by_key_.step()) return std::nullopt;
  return reader_.read(find_by_key_, detail::whole);
}

std::optional<task_row> task_writer::find_by_hash(const task_origin& origin) {
  const use once(find_by_hash_);
  parameters columns(find_by_hash_);
  columns.value(origin.owner);
  columns.value(origin.tool);
  columns.value(stores::byte_view(*origin.unique_hash));
  if (!find_by_hash_.step()) return std::nullopt;
  return reader_.read(find_by_hash_, detail::whole);
}

void task_writer::forget_key(std::int64_t seq, std::size_t bytes) {
  forget_key_.bind(1, seq).run();
  resize_.bind(1, seq).bind(2, static_cast<std::int64_t>(bytes)).run();
}

void task_writer::each_live(const std::function<void(task_row)>& take) {
  const use once(live_);
  while (live_.step()) take(reader_.read(live_, detail::state));
}

std::int64_t task_writer::last_seq() {
  const use once(last_seq_);
  return last_seq_.step() ? last_seq_.integer(0) : 0;
}

std::vector<task_writer::overdue_row> task_writer::overdue(monotonic_time now, std::size_t limit) {
  const use once(overdue_);
  overdue_.bind(1, std::int64_t(now.time_since_epoch().count()))
      .bind(2, static_cast<std::int64_t>(limit));
  std::vector<overdue_row> result;
  while (overdue_.step()) {
    columns next(overdue_);
    overdue_row& row = result.emplace_back();
    row.seq = next.take<std::int64_t>();
    row.id = next.take<std::string>();
    row.quota = next.take<std::string>();
    row.tool = next.take<std::string>();
    row.status = static_cast<task_status>(next.take<std::uint64_t>());
    row.bytes = next.take<std::uint64_t>();
    row.to_be_emptied = next.take<bool>();
  }
  return result;
}

monotonic_time task_writer::next_removal() {
  const use once(next_removal_);
  if (!next_removal_.step() || next_removal_.is_null(0)) return monotonic_time::max();
  return monotonic_time(milliseconds(next_removal_.integer(0)));
}

void task_writer::each_finished(const std::function<void(finished_count)>& take) {
  const use once(finished_);
  while (finished_.step()) {
    columns next(finished_);
    finished_count count;
    count.quota = next.take<std::string>();
    count.tool = next.take<std::string>();
    count.status = static_cast<task_status>(next.take<std::uint64_t>());
    count.tasks = next.take<std::int64_t>();
    count.bytes = next.take<std::int64_t>();
    if (!is_terminal(count.status) || count.status > task_status::cancelled) {
      corrupt("ended tasks are counted under a status that does not exist");
    }
    take(std::move(count));
  }
}

void task_writer::add_finished(const finished_count& more) {
  const auto status = static_cast<std::int64_t>(more.status);
  const std::string_view quota = more.quota, tool = more.tool;
  add_finished_.bind(1, quota).bind(2, tool).bind(3, status);
  add_finished_.bind(4, more.tasks).bind(5, more.bytes).run();
  if (more.tasks < 0) erase_finished_.bind(1, quota).bind(2, tool).bind(3, status).run();
}

void task_writer::pause(std::string_view tool, timestamp since) {
  pause_.bind(1, tool).bind(2, std::int64_t(since.time_since_epoch().count())).run();
}

void task_writer::resume(std::string_view tool) { resume_.bind(1, tool).run(); }

std::map<std::string, timestamp, std::less<>> task_writer::paused() {
  const use once(paused_);
  std::map<std::string, timestamp, std::less<>> result;
  while (paused_.step()) {
    columns next(paused_);
    std::string tool = next.take<std::string>();
    result.emplace(std::move(tool), next.take<timestamp>());
  }
  return result;
}

}  // namespace longhaul::sqlite
