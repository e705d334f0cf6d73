// SPDX-License-Identifier: Apache-2.0
#include "postgres/reads.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "longhaul/stores/bounds.hpp"

namespace longhaul::postgres {
namespace {

numbers read_numbers(const rows& from, int row, int first) {
  numbers result;
  for (std::size_t i = 0; i < numbers::kinds; ++i) {
    result.all[i] = from.at(row, first + static_cast<int>(i)).integer();
  }
  return result;
}

std::string sums() {
  std::string text;
  for (const std::string_view name : number_names) {
    text.append(", coalesce(sum(").append(name).append("), 0)::bigint");
  }
  return text;
}

}  // namespace

awaitable<rows> run_one(connection& link, std::string sql, std::vector<parameter> parameters) {
  std::vector<statement> one;
  one.push_back({sql, std::move(parameters)});
  auto results = co_await link.run(std::move(one));
  co_return std::move(results.front());
}

awaitable<std::vector<task_row>> rows_of(database& home, connection& link,
                                         std::vector<std::string> ids, detail wanted) {
  std::vector<parameter> asked;
  asked.push_back(text_array(ids));
  const rows found = co_await run_one(link, home.sql(select_tasks(wanted, "WHERE t.id = ANY ($1)")),
                                      std::move(asked));
  co_return read_rows(found, wanted);
}

awaitable<std::vector<task_row>> page_of(database& home, connection& link, page_request wanted) {
  std::vector<parameter> asked;
  asked.push_back(parameter::text(wanted.owner));
  asked.push_back(parameter::text(wanted.before.empty() ? "~" : wanted.before));
  asked.push_back(parameter::time(home.time.now().mono));
  asked.push_back(parameter::integer(static_cast<std::int64_t>(wanted.limit)));
  std::string rest =
      "WHERE t.owner = $1 AND NOT t.hidden AND t.id < $2 AND (s.remove_at IS NULL OR "
      "s.remove_at > $3)";
  if (wanted.status) {
    rest += " AND s.status = $5";
    asked.push_back(parameter::integer(static_cast<std::int64_t>(*wanted.status)));
  }
  rest += " ORDER BY t.id DESC LIMIT $4";
  const rows found =
      co_await run_one(link, home.sql(select_tasks(detail::line, rest)), std::move(asked));
  co_return read_rows(found, detail::line);
}

awaitable<std::vector<task_row>> external_tasks(database& home, connection& link, std::string tool,
                                                std::string after, std::size_t limit) {
  std::vector<parameter> asked;
  asked.push_back(parameter::text(after));
  asked.push_back(parameter::text(tool));
  asked.push_back(parameter::integer(static_cast<std::int64_t>(limit)));
  const rows found =
      co_await run_one(link,
                       home.sql(select_tasks(detail::whole,
                                             "WHERE s.external AND s.status < 2 AND s.id > $1 AND "
                                             "($2 = '' OR s.tool = $2) ORDER BY s.id LIMIT $3")),
                       std::move(asked));
  co_return read_rows(found, detail::whole);
}

awaitable<std::vector<task_ptr>> claimed_by(database& home, connection& link, process_id process) {
  std::vector<parameter> asked;
  asked.push_back(parameter::bytes_of(process.bytes));
  std::string sql = home.sql(select_tasks(detail::whole, "WHERE s.process = $1 ORDER BY s.id"));
  const rows found = co_await run_one(link, std::move(sql), std::move(asked));
  std::vector<task_ptr> result;
  for (task_row& row : read_rows(found, detail::whole)) result.push_back(std::move(row.record));
  co_return result;
}

awaitable<std::vector<holder>> holders_of(database& home, connection& link,
                                          const task_origin& origin) {
  const std::string by_id = home.sql(select_tasks(detail::whole, "WHERE t.id = $1"));
  const std::string by_key = home.sql(
      select_tasks(detail::whole, "WHERE t.owner = $1 AND t.tool = $2 AND t.idempotency_key = $3"));
  const std::string by_hash = home.sql(
      select_tasks(detail::whole, "WHERE t.owner = $1 AND t.tool = $2 AND t.holds_hash = $3"));
  std::vector<statement> all;
  all.push_back({by_id, {parameter::text(origin.id)}});
  const bool has_key = !origin.idempotency_key.empty();
  if (has_key) {
    all.push_back({by_key,
                   {parameter::text(origin.owner), parameter::text(origin.tool),
                    parameter::text(origin.idempotency_key)}});
  }
  if (origin.unique_hash) {
    all.push_back({by_hash,
                   {parameter::text(origin.owner), parameter::text(origin.tool),
                    parameter::bytes_of(*origin.unique_hash)}});
  }
  const auto results = co_await link.run(std::move(all));
  std::vector<holder> found;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const bool of_hash = origin.unique_hash && i + 1 == results.size();
    for (task_row& row : read_rows(results[i], detail::whole)) {
      found.push_back({std::move(row), of_hash});
    }
  }
  co_return found;
}

awaitable<void> let_go(database& home, connection& link, const holder& there) {
  const task_record& task = *there.row.record;
  const std::string free_hash = home.sql("UPDATE @.tasks SET holds_hash = NULL WHERE id = $1");
  const std::string free_key =
      home.sql("UPDATE @.tasks SET idempotency_key = NULL WHERE id = $1 AND idempotency_key = $2");
  const std::string resize =
      home.sql("UPDATE @.states SET bytes = bytes - $3 WHERE id = $1 AND rev = $2 AND bytes = $4");
  const std::string count = home.sql(
      "INSERT INTO @.counts SELECT $4, $3, tool, 0, 0, 0, 0, 0, 0, 0, 0, -$2, "
      "@.store_time() FROM @.states WHERE id = $1 AND xmin = pg_current_xact_id()::xid "
      "ON CONFLICT (writer, quota, tool) DO UPDATE SET "
      "stored_bytes = counts.stored_bytes + excluded.stored_bytes");
  std::vector<statement> all;
  const parameter id = parameter::text(task.id());
  if (there.by_hash) {
    all.push_back({free_hash, {id}});
    co_await link.run(std::move(all));
    co_return;
  }
  const std::string& key = task.origin->idempotency_key;
  const auto less = parameter::integer(static_cast<std::int64_t>(key.size()));
  const auto bytes = parameter::integer(static_cast<std::int64_t>(there.row.bytes));
  const auto rev = parameter::integer(static_cast<std::int64_t>(task.rev));
  all.push_back({resize, {id, rev, less, bytes}});  // first what others lock first
  all.push_back({free_key, {id, parameter::text(key)}});
  all.push_back(
      {count,
       {id, less, parameter::text(task.origin->quota), parameter::bytes_of(home.writer_bytes())}});
  const auto results = co_await link.run(std::move(all));
  if (results.at(0).written() == 0) co_return;
  numbers change;
  change.all[numbers::stored_bytes] = -static_cast<std::int64_t>(key.size());
  home.use.add(task.origin->quota, change);
}

awaitable<void> hear_of_others(database& home, connection& link, std::set<std::string> quotas) {
  const std::string of_quotas =
      home.sql("SELECT quota" + sums() +
               " FROM @.counts WHERE writer <> $1 AND quota = ANY ($2) GROUP BY quota");
  const std::string of_all = home.sql("SELECT 0" + sums() + " FROM @.counts WHERE writer <> $1");
  const parameter own = parameter::bytes_of(home.writer_bytes());
  std::vector<statement> all;
  all.push_back({of_quotas, {own, text_array(quotas)}});
  all.push_back({of_all, {own}});
  const auto results = co_await link.run(std::move(all));
  const auto now = std::chrono::steady_clock::now();
  for (const std::string& quota : quotas) home.use.heard_of_others(quota, {}, now);
  for (int row = 0; row < results[0].size(); ++row) {
    home.use.heard_of_others(results[0].at(row, 0).text(), read_numbers(results[0], row, 1), now);
  }
  home.use.heard_of_all_others(read_numbers(results[1], 0, 1), now);
}

awaitable<void> hear_of_ourselves(database& home, connection& link) {
  if (home.writes > 0) co_return;
  const std::uint64_t begun = home.writes_begun;
  std::vector<parameter> own;
  own.push_back(parameter::bytes_of(home.writer_bytes()));
  const rows found = co_await run_one(
      link, home.sql("SELECT quota" + sums() + " FROM @.counts WHERE writer = $1 GROUP BY quota"),
      std::move(own));
  if (home.writes_begun != begun) co_return;  // the next attempt
  stores::by_name<numbers> sums_by_quota;
  for (int row = 0; row < found.size(); ++row) {
    const numbers mine = read_numbers(found, row, 1);
    if (!mine.none()) sums_by_quota.emplace(found.at(row, 0).text(), mine);
  }
  home.use.set_own(std::move(sums_by_quota));
  home.own_is_doubtful = false;
}

awaitable<stores::counts_by_tool> counts_of_all(database& home, connection& link,
                                                std::int64_t& bytes) {
  const rows found =
      co_await run_one(link, home.sql("SELECT tool" + sums() + " FROM @.counts GROUP BY tool"));
  stores::counts_by_tool result;
  bytes = 0;
  for (int row = 0; row < found.size(); ++row) {
    const numbers mine = read_numbers(found, row, 1);
    bytes += mine.all[numbers::stored_bytes];
    const stores::status_counts counts = counts_of(mine);
    if (counts == stores::status_counts()) continue;
    result.emplace(found.at(row, 0).text(), counts);
  }
  co_return result;
}

awaitable<std::size_t> count_before(database& home, connection& link, std::string id,
                                    std::size_t most) {
  const auto one = [&](std::string_view epoch) {
    return "(SELECT count(*) FROM (SELECT 1 FROM @.states s WHERE s.ready AND s.epoch " +
           std::string(epoch) +
           " AND s.quota = me.quota AND s.tool = me.tool AND s.id < me.id LIMIT $2) AS older)";
  };
  std::vector<parameter> asked;
  asked.push_back(parameter::text(id));
  asked.push_back(parameter::integer(static_cast<std::int64_t>(most)));
  const rows found = co_await run_one(link,
                                      home.sql("SELECT " + one("= 0") + " + " + one("> 0") +
                                               " FROM @.states me WHERE me.id = $1 AND "
                                               "(me.ready OR me.due_at IS NOT NULL)"),
                                      std::move(asked));
  if (found.empty()) co_return 0;
  co_return std::min(most, static_cast<std::size_t>(found.at(0, 0).integer()));
}

stores::paused_tools read_paused(const rows& found) {
  stores::paused_tools result;
  for (int row = 0; row < found.size(); ++row) {
    result.emplace(found.at(row, 0).text(), timestamp(milliseconds(found.at(row, 1).integer())));
  }
  return result;
}

awaitable<stores::paused_tools> paused_tools_of(database& home, connection& link) {
  const rows found = co_await run_one(link, home.sql("SELECT tool, since FROM @.paused"));
  co_return read_paused(found);
}

awaitable<std::vector<std::string>> unknown_of(database& home, connection& link,
                                               std::span<const std::string> ids) {
  std::vector<parameter> asked;
  asked.push_back(text_array(ids));
  const rows found = co_await run_one(link, home.sql("SELECT id FROM @.tasks WHERE id = ANY ($1)"),
                                      std::move(asked));
  std::set<std::string, std::less<>> known;
  for (int row = 0; row < found.size(); ++row) known.insert(found.at(row, 0).text());
  std::vector<std::string> result;
  std::ranges::copy_if(ids, std::back_inserter(result),
                       [&](const std::string& id) { return !known.contains(id); });
  co_return result;
}

}  // namespace longhaul::postgres
