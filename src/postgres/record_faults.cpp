// SPDX-License-Identifier: Apache-2.0
#include "postgres/record_faults.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "json/validate.hpp"
#include "json/view.hpp"
#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/deadlines.hpp"
#include "longhaul/stores/transitions.hpp"
#include "postgres/task_rows.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {
namespace {

// Which columns of a whole row are JSON, by the types of the members behind them.
struct json_columns {
  std::vector<std::pair<int, std::string_view>> all;
  int at = 1;  // behind `bytes`

  template <class Member>
  void operator()(std::string_view name, const Member&) {
    if constexpr (std::is_same_v<Member, raw_json>) all.emplace_back(at, name);
    ++at;
  }
};

json_columns columns_with_json() {
  const task_origin origin;
  const task_record task;
  json_columns columns;
  stores::visit_origin(origin, columns);
  stores::visit_visibility(task, columns);
  stores::visit_state(task, columns);
  stores::visit_end(task, columns);
  for (const std::string_view name : {"inputs", "attempts", "checkpoint"})
    columns(name, raw_json());
  return columns;
}

// An array of objects that have these members.
bool is_list_of(std::string_view text, std::initializer_list<std::string_view> members) {
  const json::value list(text);
  if (!list.is(json::kind::array)) return false;
  for (json::elements all(list); all.next();) {
    const json::value one = all.value();
    const bool whole = std::ranges::all_of(
        members, [&](std::string_view name) { return static_cast<bool>(one[name]); });
    if (!whole) return false;
  }
  return true;
}

// What cannot be read at all, and must not be.
std::string unreadable_column(const rows& from, int row) {
  static const json_columns columns = columns_with_json();
  for (const auto& [column, name] : columns.all) {
    const field stored = from.at(row, column);
    if (stored.null()) continue;
    const bool good = json::is_valid(stored.bytes()) &&
                      (name != "inputs" || is_list_of(stored.bytes(), {"key", "request"})) &&
                      (name != "attempts" || is_list_of(stored.bytes(), {"number", "how"}));
    if (!good) return std::string(name);
  }
  return {};
}

// Columns of ours beside those of a record, in this order.
constexpr std::string_view select_derived =
    "SELECT s.quota, s.tool, s.line, s.external, s.ready, s.due_at, s.limit_at, "
    "s.remove_at, t.holds_hash FROM @.tasks t JOIN @.states s ON s.id = t.id "
    "WHERE t.id = ANY ($1) ORDER BY t.id";

std::optional<monotonic_time> maybe_time(const field& stored) {
  if (stored.null()) return std::nullopt;
  return monotonic_time(milliseconds(stored.integer()));
}

struct derived {
  derived(const rows& from, int row)
      : quota(from.at(row, 0).text()),
        tool(from.at(row, 1).text()),
        line(from.at(row, 2).text()),
        external(from.at(row, 3).boolean()),
        ready(from.at(row, 4).boolean()),
        due_at(maybe_time(from.at(row, 5))),
        limit_at(maybe_time(from.at(row, 6))),
        remove_at(maybe_time(from.at(row, 7))),
        holds_hash(from.at(row, 8).null() ? std::nullopt : std::optional(from.at(row, 8).bytes())) {
  }

  std::string quota, tool, line;
  bool external, ready;
  std::optional<monotonic_time> due_at, limit_at, remove_at;
  std::optional<std::string_view> holds_hash;
};

bool waits_as_it_should(const task_record& task, const derived& is) {
  if (!stores::claimable(task)) return !is.ready && !is.due_at;
  return is.ready ? !is.due_at : is.due_at == task.run_at;
}

// Of hidden work this depends on how long its result is kept, which is not a matter of the schema;
// and whoever took its key away left this as it was.
bool goes_when_it_should(const task_record& task, const derived& is) {
  if (task.hidden) return !is.remove_at || task.terminal();
  return is.remove_at == stores::next_due(task, tunables::hidden_result_kept);
}

// Since its hash is free, of one that has ended, it may or may not have been taken away.
bool holds_what_it_should(const task_record& task, const derived& is) {
  const auto& hash = task.origin->unique_hash;
  const bool must = hash && !task.terminal();
  const bool may = hash && task.status != task_status::cancelled;
  if (!is.holds_hash) return !must;
  return may && std::ranges::equal(*is.holds_hash, *hash, {},
                                   [](char c) { return static_cast<std::uint8_t>(c); });
}

struct record_rule {
  const char* fault;
  bool (*holds)(const task_row&, const derived&);
};
constexpr std::array<record_rule, 6> record_rules = {{
    {"its state has another quota, tool, line or kind than the task: task ",
     [](const task_row& row, const derived& is) {
       const task_origin& origin = *row.record->origin;
       return is.quota == origin.quota && is.tool == origin.tool && is.line == line_of(origin) &&
              is.external == origin.external;
     }},
    {"what it takes up is miscounted: task ",
     [](const task_row& row, const derived&) { return row.bytes == stores::size_of(*row.record); }},
    {"it waits and is not found, or is found and does not wait (ready, due_at): task ",
     [](const task_row& row, const derived& is) { return waits_as_it_should(*row.record, is); }},
    {"it runs though it has ended (process): task ",
     [](const task_row& row, const derived&) {
       return !row.record->process || !row.record->terminal();
     }},
    {"its times are not those of its limits and its retention (limit_at, remove_at): task ",
     [](const task_row& row, const derived& is) {
       const auto limit = stores::limit_due(*row.record);
       return is.limit_at == (limit ? std::optional(limit->at) : std::nullopt) &&
              goes_when_it_should(*row.record, is);
     }},
    {"it should be the only one with its arguments, or no longer (holds_hash): task ",
     [](const task_row& row, const derived& is) { return holds_what_it_should(*row.record, is); }},
}};

}  // namespace

awaitable<void> look_at_tasks(database& home, connection& link, std::vector<std::string> ids,
                              std::vector<std::string>& into) {
  const std::string whole =
      home.sql(select_tasks(detail::whole, "WHERE t.id = ANY ($1) ORDER BY t.id"));
  const std::string beside = home.sql(select_derived);
  std::vector<statement> all;
  all.push_back({whole, {text_array(ids)}});
  all.push_back({beside, {text_array(ids)}});
  const auto results = co_await link.run(std::move(all));
  for (int row = 0; row < results[0].size(); ++row) {
    const std::string id = results[0].at(row, 1).text();
    if (const std::string name = unreadable_column(results[0], row); !name.empty()) {
      into.push_back(std::string("cannot be read: ").append(name).append(" of task ").append(id));
      continue;
    }
    try {
      const task_row task = read_row(results[0], row, detail::whole);
      const derived is(results[1], row);
      for (const record_rule& each : record_rules) {
        if (!each.holds(task, is)) into.push_back(std::string(each.fault).append(id));
      }
    } catch (const stores::damaged_record& e) {
      into.emplace_back(e.what());
    }
  }
}

}  // namespace longhaul::postgres
