// SPDX-License-Identifier: Apache-2.0
#include "postgres/row_faults.hpp"

#include <array>
#include <utility>

#include "postgres/record_faults.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {
namespace {

// A sentence, and the query that gives the ids (or names) of which it is true.
struct row_rule {
  std::string_view fault;
  std::string_view sql;
};
constexpr std::array<row_rule, 13> row_rules = {{
    {"task without a state: ",
     "SELECT id FROM @.tasks t WHERE NOT EXISTS (SELECT 1 FROM @.states s WHERE s.id = t.id)"},
    {"state without a task: ",
     "SELECT id FROM @.states s WHERE NOT EXISTS (SELECT 1 FROM @.tasks t WHERE t.id = s.id)"},
    {"body without a task: ",
     "SELECT id FROM @.bodies b WHERE NOT EXISTS (SELECT 1 FROM @.tasks t WHERE t.id = b.id)"},
    {"output without a task: ",
     "SELECT id FROM @.outputs o WHERE NOT EXISTS (SELECT 1 FROM @.tasks t WHERE t.id = o.id)"},
    {"a part of an output that is not there: task ",
     "SELECT DISTINCT id FROM @.output_parts p WHERE NOT EXISTS (SELECT 1 FROM @.outputs o "
     "WHERE o.id = p.id AND o.stream = p.stream)"},
    {"the parts of an output are not what its row says: task ",
     "SELECT o.id FROM @.outputs o LEFT JOIN (SELECT id, stream, min(at) AS low, "
     "max(at + length(bytes)) AS high, sum(length(bytes)) AS size FROM @.output_parts "
     "GROUP BY id, stream) p USING (id, stream) WHERE o.first > o.last OR "
     "(o.first < o.last AND (p.low IS NULL OR p.low > o.first)) OR "
     "(p.low IS NOT NULL AND (p.high <> o.last OR p.high - p.low <> p.size))"},
    {"an id of another length: ", "SELECT id FROM @.tasks WHERE length(id) <> 36"},
    {"a hash is not of 32 bytes: task ",
     "SELECT id FROM @.tasks WHERE octet_length(arguments_hash) <> 32 OR "
     "octet_length(unique_hash) <> 32 OR octet_length(holds_hash) <> 32"},
    {"the id of its process is not of 16 bytes: task ",
     "SELECT id FROM @.states WHERE octet_length(process) <> 16"},
    {"the id of a process is not of 16 bytes: that of host ",
     "SELECT host FROM @.processes WHERE octet_length(id) <> 16 OR octet_length(writer) <> 16"},
    {"two runs have one place of a concurrency key: those of ",
     "SELECT tool FROM @.places GROUP BY tool, line, number HAVING count(*) > 1"},
    {"a run counts for another concurrency key than that of its task: task ",
     "SELECT p.id FROM @.places p JOIN @.states s ON s.id = p.id "
     "WHERE (p.tool, p.line) <> (s.tool, s.line) OR p.epoch > s.epoch"},
    {"the secret is not of 32 bytes: restore the schema from a dump, or delete the row, with which "
     "the next server makes a new one and open questions get new ids: meta row ",
     "SELECT 'secret' WHERE 32 IS DISTINCT FROM "
     "(SELECT octet_length(value) FROM @.meta WHERE name = 'secret')"},
}};

// Whoever lives and was there before the lease was over should have taken it up, and the place of
// its run.
constexpr std::string_view never_taken_up = R"sql(
SELECT DISTINCT s.id FROM (
  SELECT id, process FROM @.states UNION ALL SELECT id, holder FROM @.places) AS s
LEFT JOIN @.processes p ON p.id = s.process
WHERE s.process IS NOT NULL AND (p.id IS NULL OR p.lease_until < @.store_time() - $1) AND EXISTS (
  SELECT 1 FROM @.processes l WHERE NOT l.dead AND l.lease_until > @.store_time()
  AND l.began_at < @.store_time() - $1))sql";

constexpr std::string_view counted_by_hand = R"sql(
SELECT quota, tool, count(*) FILTER (WHERE status = 0) AS working,
  count(*) FILTER (WHERE status = 1) AS input_required,
  count(*) FILTER (WHERE status = 2) AS completed, count(*) FILTER (WHERE status = 3) AS failed,
  count(*) FILTER (WHERE status = 4) AS cancelled,
  count(*) FILTER (WHERE status = 0 AND process IS NULL AND NOT external) AS queued,
  count(*) FILTER (WHERE status < 2 AND external) AS external,
  coalesce(sum(bytes) FILTER (WHERE status < 2), 0)::bigint AS open_bytes,
  sum(bytes)::bigint AS stored_bytes
FROM @.states GROUP BY quota, tool)sql";

std::string miscounted() {
  std::string columns, counted, found, differs;
  for (const std::string_view name : number_names) {
    const std::string is(name);
    columns += ", " + is;
    counted += ", sum(CASE WHEN kept THEN " + is + " ELSE 0 END)::bigint";
    found += ", sum(CASE WHEN kept THEN 0 ELSE " + is + " END)::bigint";
    differs.append(differs.empty() ? "" : " OR ").append("sum(CASE WHEN kept THEN ").append(is);
    differs.append(" ELSE -").append(is).append(" END) <> 0");
  }
  return "SELECT quota, tool" + counted + found + " FROM (SELECT true AS kept, quota, tool" +
         columns + " FROM @.counts UNION ALL SELECT false, quota, tool" + columns + " FROM (" +
         std::string(counted_by_hand) + ") AS h) AS both_of_them GROUP BY quota, tool HAVING " +
         differs + " ORDER BY quota, tool";
}

void tell_miscounted(const rows& found, std::vector<std::string>& into) {
  constexpr int kinds = numbers::kinds;
  for (int row = 0; row < found.size(); ++row) {
    std::string different;
    for (int kind = 0; kind < kinds; ++kind) {
      const std::int64_t kept = found.at(row, 2 + kind).integer();
      const std::int64_t there = found.at(row, 2 + kinds + kind).integer();
      if (kept == there) continue;
      different.append(different.empty() ? "" : ", ")
          .append(number_names.at(static_cast<std::size_t>(kind)));
      different += " " + std::to_string(kept) + " where there are " + std::to_string(there);
    }
    into.push_back("miscounted: tasks of " + found.at(row, 0).text() + " with the tool " +
                   found.at(row, 1).text() + ": " + different);
  }
}

awaitable<void> look_at_all_tasks(database& home, connection& link,
                                  std::vector<std::string>& into) {
  const std::string page = home.sql(
      "SELECT p.id, s.bytes FROM (SELECT id FROM @.tasks WHERE id > $1 ORDER BY id LIMIT $2) AS p "
      "LEFT JOIN @.states s ON s.id = p.id ORDER BY p.id");
  std::string last;
  for (bool more = true; more;) {
    std::vector<statement> one;
    one.push_back({page,
                   {parameter::text(last),
                    parameter::integer(static_cast<std::int64_t>(tunables::page_of_ids))}});
    const auto found = co_await link.run(std::move(one));
    const rows& ids = found.front();
    more = static_cast<std::size_t>(ids.size()) == tunables::page_of_ids;
    std::vector<std::string> some;
    std::size_t bytes = 0;
    for (int row = 0; row < ids.size(); ++row) {
      some.push_back(last = ids.at(row, 0).text());
      bytes += static_cast<std::size_t>(std::max<std::int64_t>(ids.at(row, 1).integer(), 0));
      if (bytes < tunables::batch_bytes && row + 1 < ids.size()) continue;
      co_await look_at_tasks(home, link, std::move(some), into);
      some.clear();
      bytes = 0;
    }
  }
}

}  // namespace

awaitable<std::vector<std::string>> faults_of_rows(database& home, connection& link) {
  std::vector<std::string> texts;
  texts.reserve(row_rules.size());
  for (const row_rule& each : row_rules) texts.push_back(home.sql(each.sql));
  const std::string lost = home.sql(never_taken_up), numbers_text = home.sql(miscounted());
  std::vector<statement> all;
  all.reserve(texts.size() + 2);
  for (const std::string& text : texts) all.push_back({text});
  all.push_back({lost, {parameter::integer(tunables::orphan_is_a_fault_after.count())}});
  all.push_back({numbers_text});
  const auto results = co_await link.run(std::move(all));
  std::vector<std::string> found;
  const auto tell = [&](std::string_view fault, const rows& which) {
    for (int row = 0; row < which.size(); ++row) {
      found.push_back(std::string(fault) + which.at(row, 0).text());
    }
  };
  for (std::size_t i = 0; i < row_rules.size(); ++i) tell(row_rules.at(i).fault, results.at(i));
  tell(
      "its process is dead for more than a minute, and none of those that live took it up; the log "
      "of one should say why: task ",
      results.at(row_rules.size()));
  tell_miscounted(results.at(row_rules.size() + 1), found);
  co_await look_at_all_tasks(home, link, found);
  co_return found;
}

}  // namespace longhaul::postgres
