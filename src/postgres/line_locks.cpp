// SPDX-License-Identifier: Apache-2.0
#include "postgres/line_locks.hpp"

#include <algorithm>

#include "postgres/schema.hpp"

namespace longhaul::postgres {
namespace {

// In one order for everybody, so that two who wait cannot wait for each other.
constexpr std::string_view wait_for = R"sql(
SELECT tool, line, pg_advisory_xact_lock(key)::text IS NOT NULL FROM (
  SELECT u.tool, u.line, hashtextextended($3 || '/' || u.tool || '/' || u.line, 0) AS key
  FROM unnest($1, $2) AS u (tool, line) ORDER BY 3, 1, 2 OFFSET 0) AS k)sql";

constexpr std::string_view try_for = R"sql(
SELECT tool, line, pg_try_advisory_xact_lock(key) FROM (
  SELECT u.tool, u.line, hashtextextended($3 || '/' || u.tool || '/' || u.line, 0) AS key
  FROM unnest($1, $2) AS u (tool, line) ORDER BY 3, 1, 2 OFFSET 0) AS k)sql";

constexpr std::string_view numbers_taken = R"sql(
SELECT p.tool, p.line, p.number, p.holder FROM unnest($1, $2) AS u (tool, line)
JOIN @.places p ON p.tool = u.tool AND p.line = u.line)sql";

std::vector<parameter> as_columns(const std::set<tool_and_line>& lines) {
  array tools(type::text), names(type::text);
  for (const auto& [tool, line] : lines) {
    tools.add(tool);
    names.add(line);
  }
  return {tools.as_parameter(), names.as_parameter()};
}

}  // namespace

awaitable<line_locks> line_locks::lock(connection& link, const std::string& schema,
                                       std::set<tool_and_line> lines, whether patience) {
  line_locks result;
  const std::string_view lock_text = patience == whether::waits ? wait_for : try_for;
  const std::string read_text = in_schema(numbers_taken, schema);
  std::vector<statement> locking;
  locking.push_back({lock_text, as_columns(lines)});
  locking.back().parameters.push_back(parameter::text(schema));
  const auto locked = co_await link.run(std::move(locking));
  std::set<tool_and_line> held;
  for (int row = 0; row < locked.front().size(); ++row) {
    const rows& all = locked.front();
    if (all.at(row, 2).boolean()) held.emplace(all.at(row, 0).text(), all.at(row, 1).text());
  }
  for (const tool_and_line& line : held) result.taken_[line];
  if (held.empty()) co_return result;
  // A statement of its own: it sees what was committed before the lock was given.
  std::vector<statement> reading;
  reading.push_back({read_text, as_columns(held)});
  const auto taken = co_await link.run(std::move(reading));
  for (int row = 0; row < taken.front().size(); ++row) {
    const rows& all = taken.front();
    tool_and_line line(all.at(row, 0).text(), all.at(row, 1).text());
    result.taken_[std::move(line)].emplace(all.at(row, 2).integer(), all.at(row, 3).bytes());
  }
  co_return result;
}

std::size_t line_locks::running_in(const tool_and_line& line, const process_id& process) const {
  const auto found = taken_.find(line);
  if (found == taken_.end()) return 0;
  const std::string_view own(reinterpret_cast<const char*>(process.bytes.data()),
                             process.bytes.size());
  return static_cast<std::size_t>(
      std::ranges::count_if(found->second, [own](const auto& each) { return each.second == own; }));
}

std::optional<std::int64_t> line_locks::begin(const tool_and_line& line, std::size_t limit,
                                              std::size_t more) {
  auto& taken = taken_[line];
  if (limit != 0 && taken.size() + more >= limit) return std::nullopt;
  std::int64_t free = 0;
  while (taken.contains(free)) ++free;
  taken.emplace(free, std::string());
  return free;
}

}  // namespace longhaul::postgres
