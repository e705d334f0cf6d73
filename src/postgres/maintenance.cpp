// SPDX-License-Identifier: Apache-2.0
#include "postgres/maintenance.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <stdexcept>
#include <utility>

#include "postgres/opening.hpp"
#include "postgres/reads.hpp"
#include "postgres/row_faults.hpp"
#include "postgres/schema_faults.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {
namespace {

/// `stores::queued`, of the rows `t` (tasks) and `s` (states).
constexpr std::string_view is_queued = "(s.status = 0 AND s.process IS NULL AND NOT s.external)";
constexpr std::string_view line_columns =
    "t.id, t.tool, t.owner, t.created_at, s.status, s.updated_at, s.attempt, s.message, ";
constexpr std::string_view line_tables = " FROM @.tasks t JOIN @.states s ON s.id = t.id ";

std::string select_lines(std::string_view rest) {
  return std::string("SELECT ")
      .append(line_columns)
      .append(is_queued)
      .append(line_tables)
      .append(rest);
}

// Runs `work(database&, connection&)` here and now, on a connection of its own.
template <class Work>
auto on_connection(const database_options& where, Work work) {
  database home(where);
  connection link(home.context, where.where);
  link.wait_for_answers(tunables::operator_answer_time);
  using working = decltype(work(home, link));
  const auto whole = [&]() -> working {
    co_await link.open();
    auto begun = work(home, link);
    co_return co_await std::move(begun);
  };
  auto done = boost::asio::co_spawn(home.context, whole(), boost::asio::use_future);
  home.context.run();
  return done.get();
}

awaitable<void> run_text(connection& link, std::string_view sql) {
  std::vector<statement> one;
  one.push_back({sql});
  co_await link.run(std::move(one));
}

awaitable<void> begin_one_moment(connection& link) {
  return run_text(link, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

awaitable<std::int64_t> version_that_is_there(database& home, connection& link) {
  const std::int64_t version = co_await version_of(link, home.options.schema);
  if (version == 0) {
    throw std::runtime_error("there are no tables of Longhaul in the schema \"" +
                             home.options.schema +
                             "\": longhaul store migrate makes them, and so does the first server");
  }
  co_return version;
}

timestamp time_in(const field& stored) { return timestamp(milliseconds(stored.integer())); }

stores::listed_task read_line(const rows& from, int row) {
  stores::listed_task task;
  task.id = from.at(row, 0).text();
  task.tool = from.at(row, 1).text();
  task.owner = from.at(row, 2).text();
  task.created = time_in(from.at(row, 3));
  task.status = static_cast<task_status>(from.at(row, 4).integer());
  task.updated = time_in(from.at(row, 5));
  task.attempt = from.at(row, 6).integer();
  task.message = from.at(row, 7).text();
  task.queued = from.at(row, 8).boolean();
  return task;
}

awaitable<std::vector<std::string>> all_faults(database& home, connection& link) {
  std::vector<std::string> found;
  try {
    co_await look_at_server(home, link);
  } catch (const database_error&) {
    throw;
  } catch (const std::runtime_error& e) {
    found.emplace_back(e.what());
  }
  const std::int64_t version = co_await version_that_is_there(home, link);
  const std::vector<std::string> of_tables = co_await faults_of_tables(home, link, version);
  found.insert(found.end(), of_tables.begin(), of_tables.end());
  if (!of_tables.empty()) co_return found;  // what the rest would say means nothing
  co_await begin_one_moment(link);
  const std::vector<std::string> of_rows = co_await faults_of_rows(home, link);
  found.insert(found.end(), of_rows.begin(), of_rows.end());
  co_await run_text(link, "COMMIT");
  co_return found;
}

// --- list

struct query {
  std::string sql;
  std::vector<parameter> asked;
};

// A cursor: one plan for all of it, whatever the planner knows.
query open_lines(const database& home, const stores::list_filter& which) {
  query lines;
  std::string rest = "WHERE NOT t.hidden AND s.status BETWEEN 0 AND 4";
  const auto add = [&](std::string_view condition, parameter value) {
    lines.asked.push_back(std::move(value));
    rest.append(" AND ").append(condition).append("$").append(std::to_string(lines.asked.size()));
  };
  if (which.status) {
    add("s.status = ", parameter::integer(static_cast<std::int64_t>(*which.status)));
  }
  if (which.tool) add("t.tool = ", parameter::text(*which.tool));
  if (which.owner) add("t.owner = ", parameter::text(*which.owner));
  if (which.queued) rest.append(*which.queued ? " AND " : " AND NOT ").append(is_queued);
  rest += " ORDER BY t.id DESC";
  if (which.limit != 0) rest += " LIMIT " + std::to_string(which.limit);
  lines.sql = "DECLARE lines NO SCROLL CURSOR FOR " + home.sql(select_lines(rest));
  return lines;
}

awaitable<bool> give_lines(database& home, connection& link, const stores::list_filter& which,
                           const std::function<void(const stores::listed_task&)>& take) {
  co_await version_that_is_there(home, link);
  co_await begin_one_moment(link);
  query lines = open_lines(home, which);
  std::vector<statement> declare;
  declare.push_back({lines.sql, std::move(lines.asked)});
  co_await link.run(std::move(declare));
  const std::string fetch = "FETCH " + std::to_string(tunables::page_of_ids) + " FROM lines";
  for (bool more = true; more;) {
    std::vector<statement> next;
    next.push_back({fetch});
    const auto found = co_await link.run(std::move(next));
    for (int row = 0; row < found.front().size(); ++row) take(read_line(found.front(), row));
    more = !found.front().empty();
  }
  co_await run_text(link, "COMMIT");
  co_return true;
}

// --- stats

std::vector<leased_process> read_processes(const rows& found) {
  std::vector<leased_process> result;
  for (int row = 0; row < found.size(); ++row) {
    leased_process one;
    one.host = found.at(row, 0).text();
    one.pid = found.at(row, 1).integer();
    one.version = found.at(row, 2).text();
    one.began = time_in(found.at(row, 3));
    one.renewed = time_in(found.at(row, 4));
    one.lease_until = time_in(found.at(row, 5));
    one.running = static_cast<std::size_t>(found.at(row, 6).integer());
    result.push_back(std::move(one));
  }
  return result;
}

awaitable<schema_stats> read_stats(database& home, connection& link) {
  schema_stats result;
  result.version = co_await version_that_is_there(home, link);
  const std::string size =
      "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'";
  const std::string times = home.sql(
      "SELECT (SELECT created_at FROM @.tasks ORDER BY id LIMIT 1), "
      "(SELECT created_at FROM @.tasks ORDER BY id DESC LIMIT 1), @.store_time()");
  const std::string open = home.sql(select_lines("WHERE s.status < 2 ORDER BY s.id LIMIT 1"));
  const std::string processes = home.sql(
      "SELECT host, pid, version, began_at, renewed_at, lease_until, "
      "(SELECT count(*) FROM @.states s WHERE s.process = p.id) FROM @.processes p WHERE NOT dead "
      "ORDER BY host, pid, began_at");
  co_await begin_one_moment(link);
  std::vector<statement> all;
  all.push_back({size, {parameter::text(home.options.schema)}});
  all.push_back({times});
  all.push_back({open});
  all.push_back({processes});
  const auto found = co_await link.run(std::move(all));
  result.bytes = found[0].at(0, 0).integer();
  if (!found[1].at(0, 0).null()) {
    result.oldest = time_in(found[1].at(0, 0));
    result.newest = time_in(found[1].at(0, 1));
  }
  result.now = time_in(found[1].at(0, 2));
  if (!found[2].empty()) result.oldest_open = read_line(found[2], 0);
  result.processes = read_processes(found[3]);
  std::int64_t stored_bytes = 0;
  result.by_tool = co_await counts_of_all(home, link, stored_bytes);
  result.paused = co_await paused_tools_of(home, link);
  co_await run_text(link, "COMMIT");
  co_return result;
}

}  // namespace

std::vector<std::string> check(const database_options& where) {
  return on_connection(where, all_faults);
}

void list(const database_options& where, const stores::list_filter& which,
          const std::function<void(const stores::listed_task&)>& take) {
  on_connection(
      where, [&](database& home, connection& link) { return give_lines(home, link, which, take); });
}

stores::migrated migrate(const database_options& where) {
  return {on_connection(where, make_ready), newest_version()};
}

schema_stats stats_of(const database_options& where) { return on_connection(where, read_stats); }

}  // namespace longhaul::postgres
