// SPDX-License-Identifier: Apache-2.0
#include "postgres/outputs.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "postgres/tunables.hpp"

namespace longhaul::postgres {
namespace {

parameter number(std::uint64_t value) {
  return parameter::integer(static_cast<std::int64_t>(value));
}

parameter some_bytes(std::string_view bytes) {
  return parameter::bytes_of({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

// total, first, end, lost_from, changed, open, run
stores::output_state state_in(const rows& found) {
  stores::output_state state;
  const auto at = [&](int column) {
    return static_cast<std::uint64_t>(found.at(0, column).integer());
  };
  state.total = at(0);
  state.first = at(1);
  state.end = at(2);
  if (!found.at(0, 3).null()) state.lost_from = at(3);
  state.changed = found.at(0, 4).integer();
  state.open = found.at(0, 5).boolean();
  state.run = std::string(found.at(0, 6).bytes());
  return state;
}

const parameter& no_number() {
  static const parameter none = {.kind = static_cast<Oid>(type::integer)};
  return none;
}

// The texts of a write, and what it asks of the database. The row of the stream is locked first and
// decides; what hangs on it is written only with it. Of a repeated one, which may have grown, only
// what is not there yet is added.
class output_writing {
 public:
  output_writing(const database& home, const stores::output_news& news)
      : news_(news),
        begin_(home.sql(R"sql(
INSERT INTO @.outputs AS o (id, stream, run, process, total, first, last, changed, parts, open)
SELECT s.id, n.stream, $2, coalesce(s.process, (
    SELECT p.id FROM @.processes p WHERE p.id = ANY ($3) AND NOT p.dead LIMIT 1)),
  0, 0, 0, @.store_time(), 0, true
FROM @.states s, (VALUES ('stderr'), ('stdout')) AS n (stream)
WHERE s.id = $1 AND (s.process = ANY ($3) OR (s.process IS NULL AND NOT EXISTS (
  SELECT 1 FROM @.outputs x WHERE x.id = s.id AND x.process <> ALL ($3))))
FOR KEY SHARE OF s
ON CONFLICT (id, stream) DO UPDATE SET run = excluded.run, process = excluded.process, total = 0,
  first = 0, last = 0, lost_from = NULL, changed = excluded.changed, parts = 0, open = true
WHERE o.run <> excluded.run)sql")),
        empty_(home.sql(R"sql(
DELETE FROM @.output_parts p USING @.outputs o
WHERE p.id = $1 AND o.id = p.id AND o.stream = p.stream AND o.run = $2 AND o.last = 0)sql")),
        grow_(home.sql(R"sql(
UPDATE @.outputs SET total = $4, last = greatest(last, $5), lost_from = $6, open = $7 = 1,
  first = CASE WHEN $8 > last THEN $8 ELSE greatest(first, $9) END,
  parts = CASE WHEN parts >= $10 THEN 1 ELSE parts + 1 END, changed = @.store_time()
WHERE id = $1 AND stream = $2 AND run = $3)sql")),
        add_(home.sql(R"sql(
INSERT INTO @.output_parts (id, stream, at, bytes)
SELECT o.id, o.stream, f.at, substring($5 FROM (f.at - $4)::int + 1) FROM @.outputs o, LATERAL (
  SELECT greatest($4, max(p.at + length(p.bytes))) AS at FROM @.output_parts p
  WHERE p.id = o.id AND p.stream = o.stream) AS f
WHERE o.id = $1 AND o.stream = $2 AND o.run = $3 AND f.at < $4 + length($5))sql")),
        drop_(home.sql(R"sql(
DELETE FROM @.output_parts p USING @.outputs o
WHERE o.id = $1 AND o.stream = $2 AND o.run = $3 AND p.id = o.id AND p.stream = o.stream
  AND p.at + length(p.bytes) <= o.first)sql")),
        merge_(home.sql(R"sql(
WITH small AS (
  DELETE FROM @.output_parts p USING @.outputs o
  WHERE o.id = $1 AND o.stream = $2 AND o.run = $3 AND o.parts >= $4 AND p.id = o.id
    AND p.stream = o.stream RETURNING p.at, p.bytes)
INSERT INTO @.output_parts (id, stream, at, bytes)
SELECT $1, $2, min(at), string_agg(bytes, ''::bytea ORDER BY at) FROM small GROUP BY at / $5)sql")),
        there_(home.sql("SELECT count(*) FROM @.outputs WHERE id = $1 AND run = $2")) {}

  /// The last one says whether it is this run's output.
  std::vector<statement> statements(const parameter& processes) const {
    const parameter task = parameter::text(news_.task), run = some_bytes(news_.run);
    std::vector<statement> all;
    if (news_.begins) {
      all.push_back({begin_, {task, run, processes}});
      all.push_back({empty_, {task, run}});
    }
    for (const stores::output_growth& one : news_.streams) grow(all, one);
    all.push_back({there_, {task, run}});
    return all;
  }

 private:
  void grow(std::vector<statement>& all, const stores::output_growth& one) const {
    const std::vector<parameter> which = {parameter::text(news_.task), parameter::text(one.stream),
                                          some_bytes(news_.run)};
    const auto with = [&](std::vector<parameter> more) {
      more.insert(more.begin(), which.begin(), which.end());
      return more;
    };
    const parameter most_parts = number(tunables::output_parts);
    const std::uint64_t end = one.offset + one.bytes.size();
    const std::uint64_t first = end - std::min<std::uint64_t>(end, news_.keep);
    all.push_back(
        {grow_,
         with({number(one.total), number(end), one.lost_from ? number(*one.lost_from) : no_number(),
               number(one.open ? 1 : 0), number(one.offset), number(first), most_parts})});
    if (one.bytes.empty()) return;
    all.push_back({add_, with({number(one.offset), some_bytes(one.bytes)})});
    all.push_back({drop_, which});
    all.push_back({merge_, with({most_parts, number(tunables::output_part_bytes)})});
  }

  const stores::output_news& news_;
  const std::string begin_, empty_, grow_, add_, drop_, merge_, there_;
};

}  // namespace

awaitable<bool> write_output(database& home, connection& link, const stores::output_news& news) {
  const output_writing writing(home, news);
  array ours(type::bytes);
  for (const process_id& one : home.tasks.processes()) ours.add(stores::byte_view(one.bytes));
  const auto results = co_await link.run(writing.statements(ours.as_parameter()));
  co_return results.back().at(0, 0).integer() > 0;
}

awaitable<std::optional<stores::output_part>> read_output(database& home, connection& link,
                                                          std::string_view task,
                                                          std::string_view stream,
                                                          std::optional<std::uint64_t> offset,
                                                          std::size_t most) {
  if (offset) {
    offset = std::min<std::uint64_t>(*offset, std::numeric_limits<std::int64_t>::max() - most);
  }
  // One snapshot: what was dropped in between would be missing.
  const std::string state = home.sql(
      "SELECT total, first, last, lost_from, changed, open, run FROM @.outputs "
      "WHERE id = $1 AND stream = $2");
  const std::string parts = home.sql(R"sql(
SELECT p.at, p.bytes FROM @.output_parts p JOIN @.outputs o USING (id, stream)
WHERE p.id = $1 AND p.stream = $2
  AND p.at + length(p.bytes) > greatest(o.first, coalesce($3, o.last - $4))
  AND p.at < greatest(o.first, coalesce($3, o.last - $4)) + $4
ORDER BY p.at)sql");
  std::vector<statement> all;
  all.push_back({"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"});
  all.push_back({state, {parameter::text(task), parameter::text(stream)}});
  all.push_back({parts,
                 {parameter::text(task), parameter::text(stream),
                  offset ? number(*offset) : no_number(), number(most)}});
  all.push_back({"COMMIT"});
  const auto results = co_await link.run(std::move(all));
  if (results[1].empty()) co_return std::nullopt;
  stores::output_part part;
  part.state = state_in(results[1]);
  const std::uint64_t wanted =
      offset.value_or(part.state.end - std::min<std::uint64_t>(part.state.end, most));
  part.offset = std::max(wanted, part.state.first);
  const rows& found = results[2];
  for (int row = 0; row < found.size(); ++row) {
    const auto at = static_cast<std::uint64_t>(found.at(row, 0).integer());
    std::string_view bytes = found.at(row, 1).bytes();
    if (at < part.offset)
      bytes.remove_prefix(std::min<std::size_t>(part.offset - at, bytes.size()));
    part.bytes += bytes.substr(0, most - part.bytes.size());
  }
  part.offset = std::min(part.offset, part.state.end);
  co_return part;
}

// A row that somebody has locked is left for the next time: who is frozen in the middle of a
// message keeps it as long as his connection lives.
awaitable<void> end_outputs_of_the_dead(database& home, connection& link) {
  const std::string sql = home.sql(R"sql(
UPDATE @.outputs SET open = false WHERE (id, stream) IN (
  SELECT id, stream FROM @.outputs o WHERE open AND NOT EXISTS (
    SELECT 1 FROM @.processes p WHERE p.id = o.process AND NOT p.dead)
  FOR UPDATE SKIP LOCKED))sql");
  std::vector<statement> all;
  all.push_back({sql});
  co_await link.run(std::move(all));
}

awaitable<void> remove_lost_outputs(database& home, connection& link) {
  const std::string outputs = home.sql(R"sql(
WITH lost AS (
  DELETE FROM @.outputs WHERE (id, stream) IN (
    SELECT id, stream FROM @.outputs o WHERE open AND NOT EXISTS (
      SELECT 1 FROM @.tasks t WHERE t.id = o.id)
    FOR UPDATE SKIP LOCKED) RETURNING id, stream)
DELETE FROM @.output_parts p USING lost WHERE p.id = lost.id AND p.stream = lost.stream)sql");
  std::vector<statement> all;
  all.push_back({outputs});
  co_await link.run(std::move(all));
}

}  // namespace longhaul::postgres
