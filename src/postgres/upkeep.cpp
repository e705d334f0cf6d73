// SPDX-License-Identifier: Apache-2.0
#include "postgres/upkeep.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/host_name.hpp"
#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/transitions.hpp"
#include "postgres/outputs.hpp"
#include "postgres/places.hpp"
#include "postgres/reads.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {
namespace {

parameter count_of(std::size_t number) {
  return parameter::integer(static_cast<std::int64_t>(std::min(number, tunables::upkeep_chunk)));
}

awaitable<void> run_all(connection& link, std::vector<statement> all) {
  co_await link.run(std::move(all));
}

// The tasks that a query of ours has locked, whole enough to be decided.
awaitable<std::vector<task_row>> locked_tasks(database& home, connection& link, std::string query,
                                              std::vector<parameter> asked) {
  std::vector<statement> all = begin_statements();
  all.push_back({query, std::move(asked)});
  const auto results = co_await link.run(std::move(all));
  const rows& locked = results.back();
  std::vector<std::string> ids;
  ids.reserve(static_cast<std::size_t>(locked.size()));
  for (int row = 0; row < locked.size(); ++row) ids.push_back(locked.at(row, 0).text());
  if (ids.empty()) co_return std::vector<task_row>();
  co_return co_await rows_of(home, link, std::move(ids), detail::state);
}

task_row with_size(const task_row& before, std::shared_ptr<task_record> next) {
  const std::size_t bytes =
      before.bytes - stores::changing_size_of(*before.record) + stores::changing_size_of(*next);
  return {std::move(next), bytes};
}

// Writes what has been decided of locked tasks, ends their transaction, and publishes it.
awaitable<void> write_locked(database& home, connection& link, std::vector<database::change> made) {
  change_set changes(home.texts, home.writer_bytes());
  const monotonic_time now = home.time.now().mono;
  for (const database::change& each : made) changes.update(each.before, each.after, now);
  std::vector<statement> all = changes.statements();
  all.push_back({"COMMIT"});
  try {
    co_await link.run(std::move(all));
  } catch (const database_error& e) {
    for (const database::change& each : made) {
      if (e.outcome_unknown() && each.after.record->ends) home.unheard_ends.add(*each.after.record);
    }
    throw;
  }
  home.publish(made);
}

}  // namespace

// --- leases

awaitable<void> compare_clocks(database& home, connection& link) {
  const std::string sql = home.sql("SELECT @.store_time()");
  std::vector<statement> all;
  all.push_back({sql});
  const monotonic_time asked = home.time.own();
  const auto results = co_await link.run(std::move(all));
  home.time.compare(milliseconds(results[0].at(0, 0).integer()), asked, home.time.own());
}

awaitable<stores::renew_result> renew(database& home, connection& link, process_id process,
                                      milliseconds lease,
                                      std::chrono::steady_clock::duration answer_time) {
  home.tasks.add_process(process);
  home.longest_lease = std::max(home.longest_lease, std::min(lease, tunables::longest_lease));
  const std::string sql = home.sql(R"sql(
INSERT INTO @.processes AS p (id, writer, host, pid, version, began_at, renewed_at, lease_until, dead)
SELECT $1, $2, $3, $4, $5, t, t, CASE WHEN $6 > 9223372036854775807 - t THEN 9223372036854775807
                                      ELSE t + $6 END, false FROM @.store_time() AS t
ON CONFLICT (id) DO UPDATE SET renewed_at = excluded.renewed_at, lease_until = excluded.lease_until
WHERE NOT p.dead)sql");
  const std::string what_time = home.sql("SELECT @.store_time()");
  std::vector<statement> all;
  all.push_back({sql,
                 {parameter::bytes_of(process.bytes), parameter::bytes_of(home.writer_bytes()),
                  parameter::text(host_name()), parameter::integer(::getpid()),
                  parameter::text(LONGHAUL_VERSION), parameter::integer(lease.count())}});
  all.push_back({what_time});
  const monotonic_time asked = home.time.own();
  const auto results = co_await link.run(std::move(all), answer_time);
  home.time.compare(milliseconds(results[1].at(0, 0).integer()), asked, home.time.own());
  co_return stores::renew_result(results[0].written() == 1);
}

awaitable<bool> lease_is_over(database& home, connection& link, process_id process) {
  const std::string sql = home.sql(
      "SELECT 1 FROM @.processes WHERE id = $1 AND (dead OR lease_until <= @.store_time())");
  std::vector<statement> all;
  all.push_back({sql, {parameter::bytes_of(process.bytes)}});
  const auto results = co_await link.run(std::move(all));
  co_return !results[0].empty();
}

namespace {

awaitable<std::set<process_id>> living_processes(database& home, connection& link) {
  const std::string sql = home.sql("SELECT id FROM @.processes WHERE NOT dead");
  std::vector<statement> all;
  all.push_back({sql});
  const auto results = co_await link.run(std::move(all));
  std::set<process_id> living;
  for (int row = 0; row < results[0].size(); ++row) {
    const std::string_view bytes = results[0].at(row, 0).bytes();
    process_id one;
    if (bytes.size() != one.bytes.size()) continue;
    std::ranges::copy(bytes, one.bytes.begin());
    living.insert(one);
  }
  co_return living;
}

}  // namespace

// A process is dead when its lease is over by the database's clock and by what we believe that it
// should say, and not soon after we have seen that clock jump: whoever sets it forward kills
// nobody, because the living renew their leases meanwhile.
awaitable<stores::recover_result> recover(database& home, connection& link) {
  const std::string bury = home.sql(
      "UPDATE @.processes SET dead = true WHERE NOT dead AND "
      "lease_until <= least(@.store_time(), $1)");
  const std::string forget = home.sql("DELETE FROM @.processes WHERE dead AND lease_until < $1");
  const std::string orphans = home.sql(R"sql(
SELECT s.id FROM @.states s WHERE s.process IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM @.processes p WHERE p.id = s.process AND NOT p.dead)
ORDER BY s.id LIMIT $1 FOR UPDATE SKIP LOCKED)sql");
  const std::string heard = home.sql("SELECT id, renewed_at FROM @.processes WHERE dead");
  const std::string any = home.sql(
      "SELECT 1 FROM @.states s WHERE s.process IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "
      "@.processes p WHERE p.id = s.process AND NOT p.dead) LIMIT 1");
  const stores::instant now = home.time.now();
  std::vector<statement> first;
  const bool jumped = home.time.jumped_within(home.longest_lease);
  first.push_back({bury, {parameter::time(jumped ? monotonic_time::min() : now.mono)}});
  first.push_back({forget, {parameter::time(now.mono - milliseconds(tunables::dead_kept))}});
  first.push_back({heard});
  first.push_back({any});
  const auto results = co_await link.run(std::move(first));
  std::map<std::string, monotonic_time> last_heard;
  for (int row = 0; row < results[2].size(); ++row) {
    last_heard.emplace(results[2].at(row, 0).bytes(),
                       monotonic_time(milliseconds(results[2].at(row, 1).integer())));
  }
  stores::recover_result total;
  for (bool more = !results[3].empty(); more;) {
    std::vector<parameter> asked;
    asked.push_back(count_of(tunables::upkeep_chunk));
    const auto locked = co_await locked_tasks(home, link, orphans, std::move(asked));
    more = locked.size() == tunables::upkeep_chunk;
    // Asked again under the locks: one that was waited for may have another process by now.
    const auto living = co_await living_processes(home, link);
    std::vector<database::change> made;
    for (const task_row& row : locked) {
      const task_record& task = *row.record;
      if (!task.process || living.contains(*task.process)) continue;
      const auto& bytes = task.process->bytes;
      const auto known = last_heard.find(std::string(bytes.begin(), bytes.end()));
      const auto counted = known == last_heard.end()
                               ? task
                               : stores::without_downtime(task, known->second, now.mono);
      stores::step step = stores::lost(counted, now);
      if (!step.next) continue;
      ++(step.next->terminal() ? total.failed : total.handed_back);
      made.push_back({row, with_size(row, std::move(step.next))});
    }
    co_await write_locked(home, link, std::move(made));
  }
  co_await free_places_of_the_dead(home, link);
  co_await end_outputs_of_the_dead(home, link);
  co_return total;
}

// Numbers of writers that are gone are added to those of nobody, and rows without numbers go.
awaitable<void> merge_counts(database& home, connection& link) {
  std::string sums, sets, none;
  for (const std::string_view name : number_names) {
    sums.append(", sum(").append(name).append(")::bigint");
    sets.append(name).append(" = c.").append(name).append(" + excluded.").append(name).append(", ");
    none.append(" AND ").append(name).append(" = 0");
  }
  const std::string merge = home.sql(
      "WITH gone AS (DELETE FROM @.counts d WHERE writer <> '' AND writer <> $2 AND at < $1 AND "
      "NOT "
      "EXISTS (SELECT 1 FROM @.processes p WHERE p.writer = d.writer AND NOT p.dead) RETURNING *) "
      "INSERT INTO @.counts AS c SELECT '', quota, tool" +
      sums +
      ", @.store_time() FROM gone GROUP BY quota, tool ORDER BY quota, tool "
      "ON CONFLICT (writer, quota, tool) DO UPDATE SET " +
      sets + "at = excluded.at");
  const std::string clean = home.sql("DELETE FROM @.counts WHERE at < $1" + none);
  const auto long_ago = parameter::time(home.time.now().mono - tunables::counts_kept);
  std::vector<statement> all;
  all.push_back({merge, {long_ago, parameter::bytes_of(home.writer_bytes())}});
  all.push_back({clean, {long_ago}});
  co_await run_all(link, std::move(all));
}

awaitable<bool> try_to_write(database& home, connection& link) {
  const std::string some = home.sql(R"sql(
INSERT INTO @.output_parts
SELECT 'trial ' || pg_backend_pid(), 'trial', n, decode(string_agg(md5(random()::text), ''), 'hex')
FROM generate_series(1, 16) AS n, generate_series(1, 256) AS p GROUP BY n)sql");
  std::vector<statement> all = begin_statements();
  all.push_back({some});
  all.push_back({"ROLLBACK"});
  co_await run_all(link, std::move(all));
  co_return true;
}

// --- what is due

namespace {

// The tasks whose time, in this column, has come.
awaitable<std::vector<task_row>> lock_due(database& home, connection& link, std::string_view column,
                                          monotonic_time now, std::size_t most) {
  const std::string name(column);
  std::vector<parameter> asked;
  asked.push_back(parameter::time(now));
  asked.push_back(count_of(most));
  co_return co_await locked_tasks(
      home, link,
      home.sql("SELECT id FROM @.states WHERE " + name + " <= $1 ORDER BY " + name +
               " LIMIT $2 FOR UPDATE SKIP LOCKED"),
      std::move(asked));
}

// What is left of an agenda. A task that somebody else has locked is still in it, so it is looked
// at again until he is done. A failure costs one look more: what was done before stands.
awaitable<void> set_earliest(database& home, connection& link, earliest& next, std::uint64_t known,
                             std::string_view column) {
  const std::string sql = home.sql(std::string("SELECT min(")
                                       .append(column)
                                       .append(") FROM @.states WHERE ")
                                       .append(column)
                                       .append(" IS NOT NULL"));
  std::vector<statement> all;
  all.push_back({sql});
  try {
    const auto results = co_await link.run(std::move(all));
    const field found = results[0].at(0, 0);
    next.set(found.null() ? monotonic_time::max() : monotonic_time(milliseconds(found.integer())),
             known);
  } catch (const database_error&) {  // NOLINT(bugprone-empty-catch): as it says
  }
}

}  // namespace

awaitable<std::size_t> expire(database& home, connection& link, std::size_t most) {
  const std::uint64_t known = home.plan.limits.additions();
  const stores::instant now = home.time.now();
  const auto locked = co_await lock_due(home, link, "limit_at", now.mono, most);
  std::vector<database::change> made;
  for (const task_row& row : locked) {
    stores::step step = stores::timed_out(*row.record, now);
    if (step.next) made.push_back({row, with_size(row, std::move(step.next))});
  }
  const std::size_t count = made.size();
  co_await write_locked(home, link, std::move(made));
  if (locked.size() < std::min(most, tunables::upkeep_chunk)) {
    co_await set_earliest(home, link, home.plan.limits, known, "limit_at");
  }
  co_return count;
}

namespace {

numbers emptying(const task_row& row) {
  const auto left = stores::emptied(*row.record);
  numbers change = numbers_of(*left, stores::size_of(*left));
  return change += -numbers_of(*row.record, row.bytes);
}

awaitable<void> empty_hidden(database& home, connection& link, std::vector<task_row> hidden) {
  array ids(type::text), bytes(type::integer), due(type::integer);
  column_set counted;
  for (const task_row& row : hidden) {
    const auto left = stores::emptied(*row.record);
    const std::size_t size = stores::size_of(*left);
    ids.add(row.record->id());
    bytes.add(static_cast<std::uint64_t>(size));
    due.add(stores::next_due(*left, tunables::hidden_result_kept));
    const numbers change = emptying(row);
    counted.put("id", row.record->id());
    counted.put("rev", row.record->rev);
    counted.put("quota", row.record->origin->quota);
    counted.put("tool", row.record->tool());
    for (std::size_t i = 0; i < numbers::kinds; ++i) counted.put(number_names[i], change.all[i]);
    counted.end_row();
  }
  const std::string tasks =
      home.sql("UPDATE @.tasks SET arguments = NULL, request_meta = NULL WHERE id = ANY ($1)");
  const std::string bodies = home.sql("UPDATE @.bodies SET inputs = NULL WHERE id = ANY ($1)");
  const std::string states = home.sql(
      "UPDATE @.states s SET result = NULL, bytes = u.bytes, remove_at = u.due "
      "FROM unnest($1, $2, $3) AS u (id, bytes, due) WHERE s.id = u.id");
  std::vector<statement> all;
  all.push_back({tasks, {ids.as_parameter()}});
  all.push_back({bodies, {ids.as_parameter()}});
  all.push_back({states, {ids.as_parameter(), bytes.as_parameter(), due.as_parameter()}});
  all.push_back({home.texts.count, {parameter::bytes_of(home.writer_bytes())}});
  counted.append_to(all.back().parameters);
  co_await run_all(link, std::move(all));
}

awaitable<void> remove(database& home, connection& link, const std::vector<std::string>& ids) {
  const std::string bodies = home.sql("DELETE FROM @.bodies WHERE id = ANY ($1)");
  const std::string states = home.sql(
      "WITH gone AS (DELETE FROM @.states WHERE id = ANY ($1) RETURNING quota, tool, status, "
      "bytes) "
      "INSERT INTO @.counts AS c SELECT $2, quota, tool, 0, 0, "
      "-count(*) FILTER (WHERE status = 2), -count(*) FILTER (WHERE status = 3), "
      "-count(*) FILTER (WHERE status = 4), 0, 0, 0, -sum(bytes)::bigint, @.store_time() "
      "FROM gone GROUP BY quota, tool ORDER BY quota, tool "
      "ON CONFLICT (writer, quota, tool) DO UPDATE SET completed = c.completed + "
      "excluded.completed, "
      "failed = c.failed + excluded.failed, cancelled = c.cancelled + excluded.cancelled, "
      "stored_bytes = c.stored_bytes + excluded.stored_bytes");
  const std::string tasks = home.sql("DELETE FROM @.tasks WHERE id = ANY ($1)");
  // One that is locked stays, and goes with `remove_lost_outputs`: who holds it may be frozen.
  const std::string outputs = home.sql(
      "DELETE FROM @.outputs WHERE (id, stream) IN (SELECT id, stream FROM @.outputs "
      "WHERE id = ANY ($1) FOR UPDATE SKIP LOCKED)");
  const std::string parts = home.sql(
      "DELETE FROM @.output_parts p WHERE id = ANY ($1) AND NOT EXISTS (SELECT 1 FROM @.outputs o "
      "WHERE o.id = p.id AND o.stream = p.stream)");
  std::vector<statement> all;
  const parameter gone = text_array(ids);
  all.push_back({bodies, {gone}});
  all.push_back({states, {gone, parameter::bytes_of(home.writer_bytes())}});
  all.push_back({tasks, {gone}});
  all.push_back({outputs, {gone}});
  all.push_back({parts, {gone}});
  co_await run_all(link, std::move(all));
}

}  // namespace

awaitable<purged> purge(database& home, connection& link, std::size_t most) {
  const std::uint64_t known = home.plan.removals.additions();
  const stores::instant now = home.time.now();
  const auto locked = co_await lock_due(home, link, "remove_at", now.mono, most);
  purged result;
  result.all = locked.size() < most;
  std::vector<task_row> hidden, removed;
  for (const task_row& row : locked) {
    const bool over = stores::expired(*row.record, now.mono);
    (over ? removed : hidden).push_back(row);
    if (over) result.ids.push_back(row.record->id());
  }
  if (!hidden.empty()) co_await empty_hidden(home, link, hidden);
  if (!removed.empty()) co_await remove(home, link, result.ids);
  std::vector<statement> end;
  end.push_back({"COMMIT"});
  co_await run_all(link, std::move(end));
  for (const task_row& row : locked) home.tell_unheard_end(row.record);
  for (const task_row& row : hidden) home.use.add(row.record->origin->quota, emptying(row));
  for (const task_row& row : removed) {
    home.use.add(row.record->origin->quota, -numbers_of(*row.record, row.bytes));
    home.tasks.gone(row.record->id(), row.record->rev);
  }
  if (result.all) co_await set_earliest(home, link, home.plan.removals, known, "remove_at");
  co_return result;
}

}  // namespace longhaul::postgres
