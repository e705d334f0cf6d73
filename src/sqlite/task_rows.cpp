// SPDX-License-Identifier: Apache-2.0
#include "sqlite/task_rows.hpp"

#include <algorithm>
#include <utility>

#include "stores/bounds.hpp"
#include "stores/transitions.hpp"

namespace longhaul::sqlite {
namespace {

/// Tasks that take up more are read in part by who does not want all of them.
constexpr std::size_t large = stores::task_overhead + 4 * stores::small_payload;

// The columns of a record, in the order of `read`.
std::string select(detail how, std::string_view rest) {
  const std::string small = " CASE WHEN s.bytes <= " + std::to_string(large) + " THEN ";
  const auto of = [&](std::string_view column, bool always) {
    return always ? std::string(" ").append(column) : small + std::string(column) + " END";
  };
  const bool origin = how == detail::whole, result = how != detail::line;
  // Streams look for the progress token in it.
  const std::string small_meta =
      " CASE WHEN s.bytes <= " + std::to_string(large) +
      " OR length(t.request_meta) <= " + std::to_string(stores::small_payload) +
      " THEN t.request_meta END";
  return "SELECT t.seq, s.bytes, t.id, t.owner, t.quota, t.hidden, t.tool," +
         of("t.arguments", origin) + "," + (origin ? " t.request_meta" : small_meta) +
         ", t.created_at, t.idempotency_key, t.arguments_hash, t.on_crash, t.max_attempts, "
         "t.retry_backoff, t.attempt_limit, t.overall_limit, t.answer_within, t.external, t.token, "
         "s.rev, s.epoch, s.attempt, s.status, s.message, s.progress, s.progress_total, s.run_at, "
         "s.updated_at, s.retention, s.anchor, s.attempt_left, s.overall_left, s.answer_left, "
         "s.process, s.questions, s.checkpointed," +
         of("s.result", result) + ", s.result_kind, s.cancelled_at, s.cancel_reason " +
         std::string(rest);
}

// What a running task writes again and again; the rest is written at its end.
constexpr std::string_view live_columns =
    "rev = ?, epoch = ?, attempt = ?, status = ?, message = ?, progress = ?, progress_total = ?, "
    "run_at = ?, updated_at = ?, retention = ?, anchor = ?, attempt_left = ?, overall_left = ?, "
    "answer_left = ?, process = ?, questions = ?, checkpointed = ?, bytes = ?";
constexpr std::string_view end_columns =
    ", ended = ?, remove_at = ?, result = ?, result_kind = ?, cancelled_at = ?, cancel_reason = ?";
constexpr std::string_view at_revision = " WHERE seq = ? AND rev = ?";

constexpr int is_error_kind = 1, protocol_error_kind = 2;

/// Binds one parameter after the other.
class parameters {
 public:
  explicit parameters(statement& to) : to_(to) {}

  void integer(std::int64_t value) { to_.bind(++at_, value); }
  void count(std::uint64_t value) { integer(static_cast<std::int64_t>(value)); }
  void flag(bool value) { integer(value ? 1 : 0); }
  void text(std::string_view value) { to_.bind(++at_, value); }
  void blob(std::span<const std::uint8_t> value) { to_.bind_blob(++at_, value); }
  void null() { to_.bind_null(++at_); }
  void number(double value) { to_.bind_number(++at_, value); }

  void json(const raw_json& value) { value ? text(value.view()) : null(); }
  void text_or_null(std::string_view value) { value.empty() ? null() : text(value); }
  void time(timestamp value) { integer(value.time_since_epoch().count()); }
  void time(monotonic_time value) { integer(value.time_since_epoch().count()); }
  template <class Time>
  void time(const std::optional<Time>& value) {
    value ? time(*value) : null();
  }
  void length(milliseconds value) { integer(value.count()); }
  void length(const std::optional<milliseconds>& value) { value ? length(*value) : null(); }

 private:
  statement& to_;
  int at_ = 0;
};

/// Takes one column after the other.
class columns {
 public:
  explicit columns(const statement& from) : from_(from) {}

  std::int64_t integer() { return from_.integer(at_++); }
  std::uint64_t count() { return static_cast<std::uint64_t>(integer()); }
  bool flag() { return integer() != 0; }
  std::string text() { return std::string(from_.text(at_++)); }
  bool null() const { return from_.is_null(at_); }
  std::optional<double> number() {
    const int at = at_++;
    if (from_.is_null(at)) return std::nullopt;
    return from_.number(at);
  }
  raw_json json() {
    const int at = at_++;
    return from_.is_null(at) ? raw_json() : raw_json::trusted(from_.text(at));
  }
  template <class Bytes>
  bool bytes(Bytes& into) {
    const auto blob = from_.blob(at_++);
    if (blob.size() != into.size()) return false;
    std::copy(blob.begin(), blob.end(), into.begin());
    return true;
  }
  milliseconds length() { return milliseconds(integer()); }
  std::optional<milliseconds> optional_length() {
    if (!null()) return length();
    ++at_;
    return std::nullopt;
  }
  timestamp time() { return timestamp(length()); }
  monotonic_time monotonic() { return monotonic_time(length()); }
  std::optional<timestamp> optional_time() {
    const auto at = optional_length();
    return at ? std::optional<timestamp>(timestamp(*at)) : std::nullopt;
  }

 private:
  const statement& from_;
  int at_ = 0;
};

[[noreturn]] void corrupt(const std::string& what) { throw sqlite_error(what, SQLITE_CORRUPT); }

std::shared_ptr<const task_origin> read_origin(columns& from, bool& hidden) {
  auto origin = std::make_shared<task_origin>();
  origin->id = from.text();
  origin->owner = from.text();
  const bool own_quota = from.null();
  origin->quota = from.text();
  if (own_quota) origin->quota = origin->owner;
  hidden = from.flag();
  origin->tool = from.text();
  origin->arguments = from.json();
  origin->request_meta = from.json();
  origin->created_at = from.time();
  origin->idempotency_key = from.text();
  from.bytes(origin->arguments_hash);
  origin->crash_policy = from.flag() ? on_crash::rerun : on_crash::fail;
  origin->max_attempts = static_cast<std::uint32_t>(from.count());
  origin->retry_backoff = from.length();
  origin->attempt_limit = from.optional_length();
  origin->overall_limit = from.optional_length();
  origin->answer_within = from.optional_length();
  origin->external = from.flag();
  origin->token = from.text();
  return origin;
}

void bind_origin(parameters& to, const task_record& task) {
  const task_origin& origin = *task.origin;
  to.text(origin.id);
  to.text(origin.owner);
  origin.quota == origin.owner ? to.null() : to.text(origin.quota);
  to.flag(task.hidden);
  to.text(origin.tool);
  to.json(origin.arguments);
  to.json(origin.request_meta);
  to.time(origin.created_at);
  to.text_or_null(origin.idempotency_key);
  origin.idempotency_key.empty() ? to.null() : to.blob(origin.arguments_hash);
  to.flag(origin.crash_policy == on_crash::rerun);
  to.count(origin.max_attempts);
  to.length(origin.retry_backoff);
  to.length(origin.attempt_limit);
  to.length(origin.overall_limit);
  to.length(origin.answer_within);
  to.flag(origin.external);
  to.text_or_null(origin.token);
}

void bind_live(parameters& to, const task_record& task, std::size_t bytes) {
  to.count(task.rev);
  to.count(task.epoch);
  to.count(task.attempt);
  to.integer(static_cast<std::int64_t>(task.status));
  to.text(task.status_message);
  task.progress ? to.number(task.progress->done) : to.null();
  task.progress&& task.progress->total ? to.number(*task.progress->total) : to.null();
  to.time(task.run_at);
  to.time(task.updated_at);
  to.length(task.retention);
  to.time(task.anchor);
  to.length(task.attempt_left);
  to.length(task.overall_left);
  to.length(task.answer_left);
  task.process ? to.blob(task.process->bytes) : to.null();
  to.count(task.inputs ? task.inputs->size() : 0);
  to.flag(static_cast<bool>(task.checkpoint));
  to.count(bytes);
}

void bind_end(parameters& to, const task_record& task) {
  to.flag(task.terminal());
  to.time(stores::next_due(task));
  to.json(task.result.body);
  to.integer(task.result.is_protocol_error ? protocol_error_kind
             : task.result.is_error        ? is_error_kind
                                           : 0);
  to.time(task.cancel_requested_at);
  to.text_or_null(task.cancel_reason);
}

bool same(const task_input& a, const task_input& b) {
  return a.key == b.key && a.response == b.response;
}

}  // namespace

// --- reading

task_reader::task_reader(connection& in)
    : find_(in,
            select(detail::whole, "FROM tasks t JOIN states s ON s.seq = t.seq WHERE t.id = ?")),
      look_(in,
            select(detail::state, "FROM tasks t JOIN states s ON s.seq = t.seq WHERE t.id = ?")),
      knows_(in, "SELECT 1 FROM tasks WHERE id = ?"),
      page_(in, select(detail::line,
                       "FROM tasks t JOIN states s ON s.seq = t.seq "
                       "WHERE t.owner = ?1 AND t.hidden = 0 AND t.id < ?2 "
                       "AND (s.remove_at IS NULL OR s.remove_at > ?3) "
                       "ORDER BY t.id DESC LIMIT ?4")),
      page_by_status_(in, select(detail::line,
                                 "FROM tasks t JOIN states s ON s.seq = t.seq "
                                 "WHERE t.owner = ?1 AND t.hidden = 0 AND t.id < ?2 "
                                 "AND (s.remove_at IS NULL OR s.remove_at > ?3) "
                                 "AND s.status = ?5 ORDER BY t.id DESC LIMIT ?4")),
      external_(in, select(detail::whole,
                           "FROM tasks t JOIN states s ON s.seq = t.seq "
                           "WHERE s.ended = 0 AND t.external = 1 AND t.id > ?1 "
                           "AND (?2 = '' OR t.tool = ?2) ORDER BY t.id LIMIT ?3")),
      inputs_(in,
              "SELECT key, request, request_hash, response, asked_rev, answered_at FROM inputs "
              "WHERE seq = ? ORDER BY position"),
      checkpoint_(in, "SELECT body FROM checkpoints WHERE seq = ?") {}

task_row task_reader::read(statement& row, detail how) {
  columns from(row);
  task_row result;
  result.seq = from.integer();
  result.bytes = from.count();
  result.record = std::make_shared<task_record>();
  task_record& task = *result.record;
  task.abridged = how != detail::whole && result.bytes > large;
  task.origin = read_origin(from, task.hidden);
  task.rev = from.count();
  task.epoch = from.count();
  task.attempt = static_cast<std::uint32_t>(from.count());
  const std::uint64_t status = from.count();
  if (status > static_cast<std::uint64_t>(task_status::cancelled)) {
    corrupt("task " + task.id() + " has a status that does not exist");
  }
  task.status = static_cast<task_status>(status);
  task.status_message = from.text();
  if (const auto done = from.number()) task.progress = progress_state{*done, std::nullopt};
  if (const auto total = from.number(); total && task.progress) task.progress->total = total;
  task.run_at = from.monotonic();
  task.updated_at = from.time();
  task.retention = from.optional_length();
  task.anchor = from.monotonic();
  task.attempt_left = from.optional_length();
  task.overall_left = from.optional_length();
  task.answer_left = from.optional_length();
  process_id process;
  if (from.bytes(process.bytes)) task.process = process;
  const bool questions = from.flag(), checkpointed = from.flag();
  task.result.body = from.json();
  const std::int64_t kind = from.integer();
  task.result.is_error = kind == is_error_kind;
  task.result.is_protocol_error = kind == protocol_error_kind;
  task.cancel_requested_at = from.optional_time();
  task.cancel_reason = from.text();
  if (how == detail::line && task.abridged) return result;
  if (questions) read_inputs(result);
  if (checkpointed) read_checkpoint(result);
  return result;
}

void task_reader::read_inputs(task_row& row) {
  const use once(inputs_);
  inputs_.bind(1, row.seq);
  auto inputs = std::make_shared<task_inputs>();
  while (inputs_.step()) {
    columns from(inputs_);
    task_input input;
    input.key = from.text();
    input.request = from.json();
    from.bytes(input.request_hash);
    input.response = from.json();
    input.asked_rev = from.count();
    input.answered_at = from.optional_time();
    inputs->push_back(std::move(input));
  }
  row.record->inputs = std::move(inputs);
}

void task_reader::read_checkpoint(task_row& row) {
  const use once(checkpoint_);
  checkpoint_.bind(1, row.seq);
  if (checkpoint_.step()) row.record->checkpoint = raw_json::trusted(checkpoint_.text(0));
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

// --- writing

task_writer::task_writer(connection& in)
    : in_(in),
      reader_(in),
      insert_task_(in,
                   "INSERT INTO tasks VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
                   "ON CONFLICT (id) DO NOTHING"),
      insert_state_(
          in,
          "INSERT INTO states (seq, rev, epoch, attempt, status, message, progress, "
          "progress_total, run_at, updated_at, retention, anchor, attempt_left, "
          "overall_left, answer_left, process, questions, checkpointed, bytes, ended, remove_at, "
          "result, result_kind, cancelled_at, cancel_reason) "
          "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
      update_live_(in, std::string("UPDATE states SET ").append(live_columns).append(at_revision)),
      update_all_(in, std::string("UPDATE states SET ")
                          .append(live_columns)
                          .append(end_columns)
                          .append(at_revision)),
      show_(in, "UPDATE tasks SET hidden = 0 WHERE seq = ?"),
      put_input_(in, "INSERT OR REPLACE INTO inputs VALUES (?,?,?,?,?,?,?,?)"),
      put_checkpoint_(in, "INSERT OR REPLACE INTO checkpoints VALUES (?,?)"),
      erase_checkpoint_(in, "DELETE FROM checkpoints WHERE seq = ?"),
      erase_inputs_(in, "DELETE FROM inputs WHERE seq = ?"),
      erase_state_(in, "DELETE FROM states WHERE seq = ?"),
      erase_task_(in, "DELETE FROM tasks WHERE seq = ?"),
      empty_task_(in, "UPDATE tasks SET arguments = NULL, request_meta = NULL WHERE seq = ?"),
      empty_state_(in,
                   "UPDATE states SET result = NULL, questions = 0, remove_at = ?2, bytes = ?3 "
                   "WHERE seq = ?1"),
      find_by_key_(in, select(detail::whole,
                              "FROM tasks t JOIN states s ON s.seq = t.seq WHERE t.owner = ? "
                              "AND t.tool = ? AND t.idempotency_key = ?")),
      forget_key_(in, "UPDATE tasks SET idempotency_key = NULL WHERE seq = ?"),
      resize_(in, "UPDATE states SET bytes = ?2 WHERE seq = ?1"),
      live_(in, select(detail::state,
                       "FROM states s INDEXED BY live_states JOIN tasks t ON t.seq = s.seq "
                       "WHERE s.ended = 0 ORDER BY s.seq")),
      last_seq_(in, "SELECT max(seq) FROM tasks"),
      overdue_(
          in,
          "SELECT s.seq, t.id, coalesce(t.quota, t.owner), s.status, s.bytes, t.hidden = 1 AND "
          "(s.retention IS NULL OR s.anchor + s.retention > ?1) FROM states s "
          "JOIN tasks t ON t.seq = s.seq WHERE s.remove_at <= ?1 "
          "ORDER BY s.remove_at LIMIT ?2"),
      next_removal_(in, "SELECT min(remove_at) FROM states WHERE remove_at IS NOT NULL"),
      finished_(in, "SELECT quota, status, n, bytes FROM finished"),
      add_finished_(in,
                    "INSERT INTO finished (quota, status, n, bytes) VALUES (?1, ?2, ?3, ?4) "
                    "ON CONFLICT DO UPDATE SET n = n + excluded.n, bytes = bytes + "
                    "excluded.bytes"),
      erase_finished_(in, "DELETE FROM finished WHERE quota = ? AND status = ? AND n <= 0") {}

bool task_writer::insert(std::int64_t seq, const task_record& task, std::size_t bytes) {
  {
    const use once(insert_task_);
    parameters to(insert_task_);
    to.integer(seq);
    bind_origin(to, task);
    insert_task_.step();
    if (in_.changes() == 0) return false;
  }
  const use once(insert_state_);
  parameters to(insert_state_);
  to.integer(seq);
  bind_live(to, task, bytes);
  bind_end(to, task);
  insert_state_.step();
  return true;
}

void task_writer::update(std::int64_t seq, const task_record& before, const task_record& after,
                         std::size_t bytes) {
  if (before.inputs != after.inputs) write_inputs(seq, before, after);
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
  parameters to(change);
  bind_live(to, after, bytes);
  if (after.terminal()) bind_end(to, after);
  to.integer(seq);
  to.count(before.rev);
  change.step();
  if (in_.changes() != 1) corrupt("task " + after.id() + " is not at the revision it was read at");
}

void task_writer::write_inputs(std::int64_t seq, const task_record& before,
                               const task_record& after) {
  for (std::size_t i = 0; i < after.inputs->size(); ++i) {
    const task_input& input = (*after.inputs)[i];
    if (before.inputs && i < before.inputs->size() && same((*before.inputs)[i], input)) continue;
    const use once(put_input_);
    parameters to(put_input_);
    to.integer(seq);
    to.count(i);
    to.text(input.key);
    to.json(input.request);
    to.blob(input.request_hash);
    to.json(input.response);
    to.count(input.asked_rev);
    to.time(input.answered_at);
    put_input_.step();
  }
}

void task_writer::erase(std::int64_t seq) {
  for (statement* each : {&erase_checkpoint_, &erase_inputs_, &erase_state_, &erase_task_}) {
    each->bind(1, seq).run();
  }
}

void task_writer::empty(std::int64_t seq, const task_record& emptied, std::size_t bytes) {
  empty_task_.bind(1, seq).run();
  erase_inputs_.bind(1, seq).run();
  const auto due = stores::next_due(emptied);
  empty_state_.bind(1, seq).bind(3, static_cast<std::int64_t>(bytes));
  if (due) {
    empty_state_.bind(2, std::int64_t(due->time_since_epoch().count()));
  } else {
    empty_state_.bind_null(2);
  }
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
    columns from(overdue_);
    overdue_row row;
    row.seq = from.integer();
    row.id = from.text();
    row.quota = from.text();
    row.status = static_cast<task_status>(from.integer());
    row.bytes = from.count();
    row.to_be_emptied = from.flag();
    result.push_back(std::move(row));
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
    columns from(finished_);
    finished_count count;
    count.quota = from.text();
    count.status = static_cast<task_status>(from.integer());
    count.n = from.integer();
    count.bytes = from.integer();
    if (!is_terminal(count.status) || count.status > task_status::cancelled) {
      corrupt("ended tasks are counted under a status that does not exist");
    }
    take(std::move(count));
  }
}

void task_writer::add_finished(const finished_count& by) {
  const auto status = static_cast<std::int64_t>(by.status);
  add_finished_.bind(1, std::string_view(by.quota)).bind(2, status).bind(3, by.n);
  add_finished_.bind(4, by.bytes).run();
  if (by.n < 0) erase_finished_.bind(1, std::string_view(by.quota)).bind(2, status).run();
}

}  // namespace longhaul::sqlite
