// SPDX-License-Identifier: Apache-2.0
#include "postgres/task_search.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "longhaul/stores/cursor.hpp"
#include "postgres/reads.hpp"
#include "postgres/task_rows.hpp"

namespace longhaul::postgres {
namespace {

using stores::phase;
using stores::phase_set;

// As the other parts of the schema write numbers of statuses (`status <> 2` in an index).
constexpr std::array<std::string_view, stores::phase_count> conditions = {
    "s.status = 0 AND s.process IS NULL AND NOT s.external",
    "s.status = 0 AND (s.process IS NOT NULL OR s.external)",
    "s.status = 1",
    "s.status = 2 AND s.result_kind <> 1",
    "s.status = 2 AND s.result_kind = 1",
    "s.status = 3",
    "s.status = 4",
};
constexpr phase_set all_but_completed = {phase::waiting, phase::running, phase::input_required,
                                         phase::failed, phase::cancelled};

std::string most() { return std::to_string(stores::rules::searched_tasks); }

std::string newest_first(const std::string& from_where) {
  return "SELECT s.id " + from_where + " AND s.id < $1 AND s.id >= $2 ORDER BY s.id DESC LIMIT " +
         most();
}

// Each status by itself, so that each is read in the order of its index.
std::string by_status(phase_set phases) {
  std::string sql;
  for (const auto& [status, parts] :
       {std::pair(0, phase_set{phase::waiting, phase::running}),
        std::pair(1, phase_set{phase::input_required}), std::pair(3, phase_set{phase::failed}),
        std::pair(4, phase_set{phase::cancelled})}) {
    const bool wanted = (parts.has(phase::waiting) && phases.has(phase::waiting)) ||
                        (parts.has(phase::running) && phases.has(phase::running)) ||
                        (!parts.has(phase::waiting) && parts.within(phases));
    if (!wanted) continue;
    if (!sql.empty()) sql += " UNION ALL ";
    sql += "(" +
           newest_first("FROM @.states s WHERE s.status = " + std::to_string(status) +
                        " AND s.status <> 2") +
           ")";
  }
  return "SELECT s.id FROM (" + sql + ") s ORDER BY s.id DESC LIMIT " + most();
}

enum class walk : std::uint8_t { running, status, tool, owner, all };

walk walk_for(const stores::task_filter& filter) {
  const bool some = !filter.phases.empty();
  if (filter.phases == phase_set{phase::running}) return walk::running;
  if (some && filter.phases.within(all_but_completed)) return walk::status;
  if (!filter.tool.empty()) return walk::tool;
  return filter.owner.empty() ? walk::all : walk::owner;
}

// The parameters of a search: $1, $2 and $3 are those of `candidates_sql`.
struct wish {
  std::vector<parameter> values;

  std::string add(parameter value) {
    values.push_back(std::move(value));
    return "$" + std::to_string(values.size());
  }
};

std::string phase_condition(phase_set phases) {
  std::string sql;
  for (std::size_t i = 0; i < stores::phase_count; ++i) {
    if (!phases.has(static_cast<phase>(i))) continue;
    sql.append(sql.empty() ? "(" : " OR (").append(conditions[i]).append(")");
  }
  return sql;
}

// Without regard to the case of A–Z: "C" knows no other letters.
std::string text_condition(const std::string& text) {
  std::string sql;
  for (const std::string_view part :
       {"t.id", "s.message", "t.tool", "t.owner", "t.idempotency_key", "t.concurrency_key"}) {
    sql.append(sql.empty() ? "" : " OR ").append("strpos(lower(").append(part);
    sql.append(" COLLATE \"C\"), ").append(text).append(") > 0");
  }
  return sql + " OR strpos(lower(left(t.arguments, " +
         std::to_string(stores::rules::searched_arguments) + ") COLLATE \"C\"), " + text + ") > 0";
}

std::string conditions_of(const stores::task_filter& filter, monotonic_time now, wish& asked) {
  std::string sql = "(s.remove_at IS NULL OR s.remove_at > " + asked.add(parameter::time(now)) +
                    ") AND (NOT t.hidden" + (filter.owner.empty() ? " OR s.status < 2)" : ")");
  if (!filter.phases.empty()) sql += " AND (" + phase_condition(filter.phases) + ")";
  if (!filter.tool.empty()) sql += " AND s.tool = " + asked.add(parameter::text(filter.tool));
  if (!filter.owner.empty()) sql += " AND t.owner = " + asked.add(parameter::text(filter.owner));
  // What is no text in PostgreSQL is some other text there, which no id begins with.
  if (!filter.id_prefix.empty()) sql += " AND starts_with(s.id, $2)";
  if (filter.since) {
    sql += " AND t.created_at >= " +
           asked.add(parameter::integer(filter.since->time_since_epoch().count()));
  }
  if (filter.until) {
    sql += " AND t.created_at <= " +
           asked.add(parameter::integer(filter.until->time_since_epoch().count()));
  }
  if (!filter.text.empty()) {
    sql += " AND (" + text_condition(asked.add(parameter::text(lowered(filter.text)))) + ")";
  }
  return sql;
}

}  // namespace

std::string candidates_sql(const stores::task_filter& filter) {
  switch (walk_for(filter)) {
    case walk::running:
      return newest_first(
          "FROM @.states s WHERE (s.process IS NOT NULL OR (s.external AND s.status < 2))");
    case walk::status:
      return by_status(filter.phases);
    case walk::tool:
      return newest_first("FROM @.states s WHERE s.tool = $3");
    case walk::owner:
      return newest_first("FROM @.tasks s WHERE s.owner = $3 AND NOT s.hidden");
    case walk::all:
      break;
  }
  return newest_first("FROM @.states s WHERE true");
}

namespace {

// One candidate after the other, until the page is full: `OFFSET 0` keeps PostgreSQL from joining
// them all at once. `floor`: an id below which nothing is looked at; empty: there is none.
awaitable<std::vector<task_row>> page_above(database& home, connection& link,
                                            const stores::task_filter& filter, wish asked,
                                            const std::string& floor, std::size_t rows_wanted) {
  std::string fits = conditions_of(filter, home.time.now().mono, asked);
  if (!floor.empty()) fits += " AND s.id >= " + asked.add(parameter::text(floor));
  const std::string rest = "WHERE t.id = ANY (ARRAY(SELECT d.id FROM (" + candidates_sql(filter) +
                           ") d CROSS JOIN LATERAL (SELECT 1 FROM @.states s JOIN @.tasks t ON "
                           "t.id = s.id WHERE s.id = d.id AND " +
                           fits + " OFFSET 0) fits ORDER BY d.id DESC LIMIT " +
                           std::to_string(rows_wanted) + ")) ORDER BY t.id DESC";
  std::string sql = home.sql(select_tasks(detail::line, rest));
  const rows found = co_await run_one(link, std::move(sql), std::move(asked.values));
  co_return read_rows(found, detail::line);
}

}  // namespace

// A page that is not full says how far it has looked. That is found out first and looked through
// then: what changes in between cannot be passed over.
awaitable<stores::found_page> search_tasks(database& home, connection& link,
                                           stores::task_filter filter, std::string before,
                                           std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, stores::rules::searched_tasks);
  wish asked;
  asked.add(parameter::text(stores::rules::ids_below(filter, before)));
  const walk along = walk_for(filter);
  asked.add(parameter::text(filter.id_prefix));
  if (along == walk::tool) asked.add(parameter::text(filter.tool));
  if (along == walk::owner) asked.add(parameter::text(filter.owner));
  stores::found_page page;
  page.looked = limit;
  std::string floor;
  auto found = co_await page_above(home, link, filter, asked, floor, limit + 1);
  if (found.size() <= limit) {
    std::string sql =
        home.sql("SELECT count(*), min(d.id) FROM (" + candidates_sql(filter) + ") d");
    const rows looked = co_await run_one(link, std::move(sql), asked.values);
    page.looked = static_cast<std::size_t>(looked.at(0, 0).integer());
    page.complete = page.looked < stores::rules::searched_tasks;
    if (!page.complete) {
      floor = looked.at(0, 1).text();
      found = co_await page_above(home, link, filter, asked, floor, limit + 1);
    }
  }
  for (task_row& row : found) page.tasks.push_back(std::move(row.record));
  if (page.tasks.size() > limit) {
    page.tasks.resize(limit);
    page.complete = true;
    page.next_cursor = stores::make_cursor(page.tasks.back()->id());
  } else if (!page.complete) {
    page.next_cursor = stores::make_cursor(floor);
  }
  co_return page;
}

awaitable<task_ptr> oldest_waiting_task(database& home, connection& link) {
  std::string sql = home.sql(
      select_tasks(detail::line,
                   "WHERE s.id = (SELECT w.id FROM @.states w WHERE w.status = 0 AND w.status <> "
                   "2 AND w.ready ORDER BY w.id LIMIT 1)"));
  const rows found = co_await run_one(link, std::move(sql));
  auto read = read_rows(found, detail::line);
  co_return read.empty() ? nullptr : std::move(read.front().record);
}

awaitable<std::vector<stores::owner_use>> largest_owners(database& home, connection& link,
                                                         std::size_t most_of_them) {
  std::vector<parameter> asked;
  asked.push_back(parameter::integer(static_cast<std::int64_t>(most_of_them)));
  std::string sql = home.sql(
      "SELECT quota, sum(working + input_required)::bigint AS open, "
      "sum(working + input_required + completed + failed + cancelled)::bigint AS stored, "
      "sum(open_bytes)::bigint, sum(stored_bytes)::bigint FROM @.counts GROUP BY quota "
      "HAVING sum(working + input_required + completed + failed + cancelled) > 0 "
      "ORDER BY open DESC, stored DESC, quota LIMIT $1");
  const rows found = co_await run_one(link, std::move(sql), std::move(asked));
  const auto number = [&](int row, int column) {
    return static_cast<std::size_t>(std::max<std::int64_t>(found.at(row, column).integer(), 0));
  };
  std::vector<stores::owner_use> result;
  result.reserve(static_cast<std::size_t>(found.size()));
  for (int row = 0; row < found.size(); ++row) {
    result.push_back(
        {found.at(row, 0).text(), number(row, 1), number(row, 2), number(row, 3), number(row, 4)});
  }
  co_return result;
}

awaitable<std::vector<stores::process_info>> living_servers(database& home, connection& link) {
  std::string sql = home.sql(
      "SELECT id, host, pid, version, began_at, @.store_time() - renewed_at, "
      "lease_until - @.store_time(), (SELECT count(*) FROM @.states s WHERE s.process = p.id) "
      "FROM @.processes p WHERE NOT dead ORDER BY began_at, id");
  const rows found = co_await run_one(link, std::move(sql));
  const auto length = [&](int row, int column) {
    return milliseconds(std::max<std::int64_t>(found.at(row, column).integer(), 0));
  };
  std::vector<stores::process_info> result;
  for (int row = 0; row < found.size(); ++row) {
    stores::process_info one;
    const auto id = found.at(row, 0).bytes();
    std::copy_n(id.begin(), std::min(id.size(), one.id.bytes.size()), one.id.bytes.begin());
    one.host = found.at(row, 1).text();
    one.pid = found.at(row, 2).integer();
    one.version = found.at(row, 3).text();
    one.began_at = timestamp(milliseconds(found.at(row, 4).integer()));
    one.lease_age = length(row, 5);
    one.lease_left = length(row, 6);
    one.running = static_cast<std::size_t>(found.at(row, 7).integer());
    result.push_back(std::move(one));
  }
  co_return result;
}

}  // namespace longhaul::postgres
