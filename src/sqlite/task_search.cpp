// SPDX-License-Identifier: Apache-2.0
#include "sqlite/task_search.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "longhaul/stores/cursor.hpp"

namespace longhaul::sqlite {
namespace {

using stores::phase;

enum class walk : std::uint8_t { id, failed, tool, owner, all };

// Numbers grow as ids do, so all walks but those of an id or an owner go by them.
walk walk_for(const stores::task_filter& filter) {
  if (!filter.id_prefix.empty()) return walk::id;
  const stores::phase_set bad = {phase::failed, phase::cancelled};
  if (!filter.phases.empty() && filter.phases.within(bad)) return walk::failed;
  if (!filter.tool.empty()) return walk::tool;
  return filter.owner.empty() ? walk::all : walk::owner;
}

std::string_view from(walk along) {
  switch (along) {
    case walk::id:
      return "FROM tasks t CROSS JOIN states s ON s.seq = t.seq "
             "WHERE t.id < ?1 AND t.id >= ?2 ORDER BY t.id DESC";
    case walk::failed:
      return "FROM states s INDEXED BY failed_states CROSS JOIN tasks t ON t.seq = s.seq "
             "WHERE s.status > 2 AND s.seq < ?1 ORDER BY s.seq DESC";
    case walk::tool:
      return "FROM tasks t INDEXED BY tasks_by_tool CROSS JOIN states s ON s.seq = t.seq "
             "WHERE t.tool = ?2 AND t.seq < ?1 ORDER BY t.seq DESC";
    case walk::owner:
      return "FROM tasks t INDEXED BY tasks_by_owner CROSS JOIN states s ON s.seq = t.seq "
             "WHERE t.owner = ?2 AND t.hidden = 0 AND t.id < ?1 ORDER BY t.id DESC";
    case walk::all:
      break;
  }
  return "FROM tasks t CROSS JOIN states s ON s.seq = t.seq WHERE t.seq < ?1 ORDER BY t.seq DESC";
}

enum column : int {
  id,
  hidden,
  tool,
  owner,
  created,
  external,
  status,
  running,
  remove_at,
  message,
  key,
  line,
  result_kind,
  arguments
};

phase phase_of(const statement& row) {
  const auto stored = static_cast<task_status>(row.integer(status));
  switch (stored) {
    case task_status::working:
      return row.integer(running) != 0 || row.integer(external) != 0 ? phase::running
                                                                     : phase::waiting;
    case task_status::input_required:
      return phase::input_required;
    case task_status::completed:
      return row.integer(result_kind) == 1 ? phase::error : phase::completed;
    case task_status::failed:
      return phase::failed;
    default:
      return phase::cancelled;
  }
}

bool fits(const statement& row, const stores::task_filter& filter, monotonic_time now) {
  const bool ended = row.integer(status) > 1;
  if (row.integer(hidden) != 0 && (ended || !filter.owner.empty())) return false;
  if (!row.is_null(remove_at) && row.integer(remove_at) <= now.time_since_epoch().count()) {
    return false;
  }
  if (!filter.phases.empty() && !filter.phases.has(phase_of(row))) return false;
  if (!row.text(id).starts_with(filter.id_prefix)) return false;
  if (!filter.tool.empty() && row.text(tool) != filter.tool) return false;
  if (!filter.owner.empty() && row.text(owner) != filter.owner) return false;
  const timestamp at(milliseconds(row.integer(created)));
  return (!filter.since || at >= *filter.since) && (!filter.until || at <= *filter.until);
}

bool has_text(const statement& row, const stores::task_matcher& matches) {
  for (const column one : {id, message, tool, owner, key, line, arguments}) {
    if (matches.is_in(row.text(one))) return true;
  }
  return false;
}

// The number below which tasks are older than this id.
std::int64_t number_below(connection& file, std::string_view before) {
  if (before.empty()) return std::numeric_limits<std::int64_t>::max();
  statement newest(file, "SELECT seq, id FROM tasks WHERE id <= ?1 ORDER BY id DESC LIMIT 1");
  if (!newest.bind(1, before).step()) return 0;
  return newest.integer(0) + (newest.text(1) == before ? 0 : 1);
}

// Tasks get their times and their numbers one after the other, but for what runs at once.
bool far_before(const statement& row, const stores::task_filter& filter) {
  if (!filter.since) return false;
  const timestamp earliest = *filter.since - tunables::out_of_order;
  return row.integer(created) < earliest.time_since_epoch().count();
}

}  // namespace

std::string search_statement(const stores::task_filter& filter) {
  std::string sql =
      "SELECT t.id, t.hidden, t.tool, t.owner, t.created_at, t.external, s.status, "
      "s.process IS NOT NULL, s.remove_at, s.message, t.idempotency_key, t.concurrency_key, "
      "s.result_kind";
  if (!filter.text.empty()) {
    sql += ", substr(t.arguments, 1, " + std::to_string(stores::rules::searched_arguments) + ")";
  }
  return sql.append(" ").append(from(walk_for(filter)));
}

stores::found_page search_tasks(task_reader& rows, const stores::task_filter& filter,
                                std::string_view before, monotonic_time now, std::size_t limit) {
  const walk along = walk_for(filter);
  statement next(rows.file(), search_statement(filter));
  const std::string below = stores::rules::ids_below(filter, before);
  if (along == walk::id || along == walk::owner) {
    next.bind(1, below).bind(2, along == walk::id ? filter.id_prefix : filter.owner);
  } else {
    next.bind(1, number_below(rows.file(), before));
    if (along == walk::tool) next.bind(2, filter.tool);
  }
  const stores::task_matcher matches(filter);
  limit = std::max<std::size_t>(limit, 1);
  stores::found_page page;
  std::string last;
  std::size_t bytes = 0;
  while (next.step()) {
    const bool enough =
        page.looked == stores::rules::searched_tasks || bytes > tunables::searched_bytes;
    if (page.tasks.size() == limit || enough) {
      page.complete = page.tasks.size() == limit;
      page.next_cursor = stores::make_cursor(last);
      break;
    }
    if (far_before(next, filter)) break;
    ++page.looked;
    if (matches.wants_text()) bytes += next.text(arguments).size();
    last = next.text(id);
    if (!fits(next, filter, now)) continue;
    if (matches.wants_text() && !has_text(next, matches)) continue;
    if (auto row = rows.look(last)) page.tasks.push_back(std::move(row->record));
  }
  return page;
}

}  // namespace longhaul::sqlite
