// SPDX-License-Identifier: Apache-2.0
#include "postgres/claims.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/transitions.hpp"
#include "postgres/reads.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {
namespace {

// Behind every text there is.
constexpr std::string_view top = "\xf4\x8f\xbf\xbf";

constexpr std::string_view promote = R"sql(
UPDATE @.states SET ready = true, due_at = NULL WHERE id IN (
  SELECT id FROM @.states WHERE due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED))sql";

// From the first entry of one group to the first of the next, in the index.
std::string list_groups(std::string_view epoch) {
  const std::string of_index =
      "FROM @.states WHERE ready AND epoch " + std::string(epoch) + " AND (quota, tool, line) > ";
  const std::string first = " ORDER BY quota, tool, line, id LIMIT 1";
  return "WITH RECURSIVE g AS ((SELECT quota, tool, line " + of_index + "($1, $2, $3)" + first +
         ") UNION ALL SELECT n.quota, n.tool, n.line FROM g CROSS JOIN LATERAL "
         "(SELECT quota, tool, line " +
         of_index + "(g.quota, g.tool, g.line)" + first + ") AS n) SELECT * FROM g LIMIT $4";
}

std::string lock_oldest(std::string_view epoch) {
  return "SELECT g.n, c.id FROM unnest($1, $2, $3) WITH ORDINALITY AS g (quota, tool, line, n) "
         "CROSS JOIN LATERAL (SELECT s.id FROM @.states s WHERE s.ready AND s.epoch " +
         std::string(epoch) +
         " AND s.quota = g.quota AND s.tool = g.tool AND s.line = g.line "
         "ORDER BY s.id LIMIT $4 FOR UPDATE SKIP LOCKED) AS c ORDER BY g.n, c.id";
}

constexpr std::array<std::string_view, 2> epochs = {"= 0", "> 0"};

}  // namespace

struct claims::round {
  const stores::claim_request& request;
  stores::instant at;
  std::map<std::string, std::size_t, std::less<>> room;  // by tool
  std::size_t left;                                      // may still be taken
  std::vector<candidates> lists = {};
  std::optional<line_locks> lines = std::nullopt;
  std::vector<choice> chosen = {};
  std::vector<task_ptr> begun = {};
  monotonic_time next_due = monotonic_time::max();

  bool may_take(const group& one) const {
    const auto tool = room.find(one.tool);
    return tool != room.end() && tool->second > 0 && !request.saturated.contains(one.quota);
  }
};

awaitable<std::vector<task_ptr>> claims::claim(connection& link,
                                               const stores::claim_request& request) {
  round now{request, home_.time.now(), request.tools,
            std::min(request.count, tunables::claimed_at_once)};
  const std::uint64_t known = home_.plan.starts.additions();
  if (request.count == 0) co_return std::vector<task_ptr>();
  const bool is_alive = co_await prepare(link, now);
  if (!is_alive) co_return std::vector<task_ptr>();
  bool any = false;
  try {
    any = co_await go_round(link, now);
  } catch (const database_error& e) {  // what has begun has begun
    if (now.begun.empty()) throw;
    if (e.outcome_unknown()) home_.own_is_doubtful = true;
    any = true;
  }
  // Until a delayed one is due, the pulse finds some of others, or we add some.
  if (!any) home_.plan.starts.set(now.next_due, known);
  co_return std::move(now.begun);
}

// Once around all quotas: those behind the one that was served last, then those up to it. False:
// there is none that waits.
awaitable<bool> claims::go_round(connection& link, round& now) {
  const std::string start = served_;
  bool any = false;
  for (const bool wrapped : {false, true}) {
    group last = wrapped ? group() : group{start, std::string(top), {}};
    for (bool more = true; more && now.left > 0;) {
      std::vector<group> page = co_await groups_behind(link, last);
      more = page.size() == tunables::groups_at_once;
      if (!page.empty()) last = page.back();
      any = any || !page.empty();
      if (wrapped) {
        std::erase_if(page, [&](const group& each) { return each.quota > start; });
        more = more && last.quota <= start;
      }
      std::erase_if(page, [&](const group& each) { return !now.may_take(each); });
      if (!page.empty()) co_await serve(link, now, std::move(page));
    }
  }
  co_return any;
}

awaitable<bool> claims::prepare(connection& link, round& now) {
  const std::string is_dead = home_.sql("SELECT 1 FROM @.processes WHERE id = $1 AND dead");
  const std::string make_ready = home_.sql(promote),
                    paused = home_.sql("SELECT tool FROM @.paused");
  const std::string next_due =
      home_.sql("SELECT min(due_at) FROM @.states WHERE due_at IS NOT NULL");
  std::vector<statement> all;
  all.push_back({is_dead, {parameter::bytes_of(now.request.process.bytes)}});
  all.push_back({make_ready,
                 {parameter::time(now.at.mono),
                  parameter::integer(std::int64_t{tunables::promoted_at_once})}});
  all.push_back({paused});
  all.push_back({next_due});
  const auto results = co_await link.run(std::move(all));
  const rows& tools = results.at(2);
  for (int row = 0; row < tools.size(); ++row) now.room.erase(tools.at(row, 0).text());
  const field due = results.at(3).at(0, 0);
  if (!due.null()) now.next_due = monotonic_time(milliseconds(due.integer()));
  home_.tasks.add_process(now.request.process);
  const bool lives = results.at(0).empty();
  co_return lives;
}

awaitable<std::vector<claims::group>> claims::groups_behind(connection& link, group last) {
  std::vector<std::string> texts;
  std::vector<statement> all;
  texts.reserve(epochs.size());
  all.reserve(epochs.size());
  for (const std::string_view epoch : epochs) texts.push_back(home_.sql(list_groups(epoch)));
  for (const std::string& text : texts) {
    all.push_back(
        {text,
         {parameter::text(last.quota), parameter::text(last.tool), parameter::text(last.line),
          parameter::integer(std::int64_t{tunables::groups_at_once})}});
  }
  const auto results = co_await link.run(std::move(all));
  std::vector<group> found;
  for (const rows& some : results) {
    for (int row = 0; row < some.size(); ++row) {
      found.push_back({some.at(row, 0).text(), some.at(row, 1).text(), some.at(row, 2).text()});
    }
  }
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  if (found.size() > tunables::groups_at_once) found.resize(tunables::groups_at_once);
  co_return found;
}

// As long as something of the page can begin.
awaitable<void> claims::serve(connection& link, round& now, std::vector<group> page) {
  for (bool again = true; again && now.left > 0 && !page.empty();) {
    co_await find_candidates(link, now, page);
    choose(now);
    again = !now.chosen.empty();
    co_await begin_chosen(link, now);
    std::erase_if(page, [&](const group& each) { return !now.may_take(each); });
  }
}

awaitable<void> claims::find_candidates(connection& link, round& now,
                                        const std::vector<group>& page) {
  // Held until what it claims is written: nobody buries it meanwhile.
  const std::string is_dead = home_.sql("SELECT dead FROM @.processes WHERE id = $1 FOR SHARE");
  const std::string paused = home_.sql("SELECT tool FROM @.paused");
  std::vector<statement> begin = begin_statements();
  begin.push_back({is_dead, {parameter::bytes_of(now.request.process.bytes)}});
  begin.push_back({paused});
  const auto begun = co_await link.run(std::move(begin));
  const rows &dead = begun[2], &tools_paused = begun[3];
  if (!dead.empty() && dead.at(0, 0).boolean()) now.room.clear();
  for (int row = 0; row < tools_paused.size(); ++row) {
    now.room.erase(tools_paused.at(row, 0).text());
  }
  std::set<tool_and_line> keyed;
  for (const group& each : page) {
    if (!each.line.empty()) keyed.emplace(each.tool, each.line);
  }
  now.lines.reset();
  if (!keyed.empty()) {
    now.lines = co_await line_locks::lock(link, home_.options.schema, std::move(keyed),
                                          line_locks::whether::takes_what_is_free);
  }
  const std::size_t most = std::min(now.left, 2 * now.left / page.size() + 1);
  array quotas(type::text), tools(type::text), lines(type::text);
  for (const group& each : page) {
    quotas.add(each.quota);
    tools.add(each.tool);
    lines.add(each.line);
  }
  std::vector<std::string> texts;
  std::vector<statement> all;
  texts.reserve(epochs.size());
  all.reserve(epochs.size());
  for (const std::string_view epoch : epochs) texts.push_back(home_.sql(lock_oldest(epoch)));
  for (const std::string& text : texts) {
    all.push_back({text,
                   {quotas.as_parameter(), tools.as_parameter(), lines.as_parameter(),
                    parameter::integer(static_cast<std::int64_t>(most))}});
  }
  const auto results = co_await link.run(std::move(all));
  now.lists.clear();
  for (const rows& some : results) {
    const std::size_t first = now.lists.size();
    for (const group& each : page) now.lists.push_back({&each});
    for (int row = 0; row < some.size(); ++row) {
      const auto number = static_cast<std::size_t>(some.at(row, 0).integer());
      now.lists[first + number - 1].ids.push_back(some.at(row, 1).text());
    }
  }
  for (candidates& each : now.lists) {
    each.cut = each.ids.size() == most;
    // Somebody else begins tasks with this key just now.
    const bool is_taken =
        !each.from->line.empty() && !now.lines->holds({each.from->tool, each.from->line});
    if (is_taken) each = {each.from};
  }
}

// One of each quota in turn, from the one behind `served_` on.
void claims::choose(round& now) {
  now.chosen.clear();
  std::map<std::string_view, std::vector<candidates*>> quotas;
  for (candidates& each : now.lists) quotas[each.from->quota].push_back(&each);
  auto at = quotas.upper_bound(std::string_view(served_));
  for (std::size_t in_vain = 0; now.left > 0 && in_vain < quotas.size(); ++at) {
    if (at == quotas.end()) at = quotas.begin();
    if (take_oldest(now, at->second)) {
      in_vain = 0;
      served_ = at->first;
    } else {
      ++in_vain;
    }
  }
}

bool claims::take_oldest(round& now, std::vector<candidates*>& quota) {
  for (;;) {
    candidates* oldest = nullptr;
    for (candidates* each : quota) {
      const auto tool = now.room.find(each->from->tool);
      if (tool == now.room.end() || tool->second == 0) continue;
      if (each->next == each->ids.size()) {
        if (each->cut) return false;  // an older one may stand behind these
        continue;
      }
      if (oldest == nullptr || each->ids[each->next] < oldest->ids[oldest->next]) oldest = each;
    }
    if (oldest == nullptr) return false;
    const group& from = *oldest->from;
    std::optional<std::int64_t> place;
    if (!from.line.empty()) {
      const tool_and_line line(from.tool, from.line);
      const auto limit = now.request.concurrency.find(from.tool);
      const auto handlers = now.request.handlers.find({from.tool, from.line.substr(1)});
      const std::size_t run = handlers == now.request.handlers.end() ? 0 : handlers->second;
      const std::size_t known = now.lines->running_in(line, now.request.process);
      place = now.lines->begin(line, limit == now.request.concurrency.end() ? 0 : limit->second,
                               run - std::min(run, known));
      if (!place) {
        *oldest = {oldest->from};  // full
        continue;
      }
    }
    now.chosen.push_back({oldest->ids[oldest->next++], place});
    --now.room.find(from.tool)->second;
    --now.left;
    return true;
  }
}

awaitable<void> claims::begin_chosen(connection& link, round& now) {
  std::vector<std::string> ids;
  std::map<std::string, task_row, std::less<>> known;
  ids.reserve(now.chosen.size());
  for (const choice& each : now.chosen) ids.push_back(each.id);
  if (!ids.empty()) {
    for (task_row& row : co_await rows_of(home_, link, std::move(ids), detail::whole)) {
      const std::string id = row.record->id();
      known.emplace(id, std::move(row));
    }
  }
  change_set changes(home_.texts, home_.writer_bytes());
  std::vector<database::change> made;
  for (const choice& each : now.chosen) {
    const auto row = known.find(each.id);
    if (row == known.end()) continue;
    stores::step step = stores::claimed(*row->second.record, now.request.process, now.at);
    if (!step.next) continue;
    const std::size_t bytes = row->second.bytes - stores::changing_size_of(*row->second.record) +
                              stores::changing_size_of(*step.next);
    made.push_back({row->second, {std::move(step.next), bytes}});
    changes.update(made.back().before, made.back().after, now.at.mono);
    if (each.place) changes.take(*made.back().after.record, *each.place);
  }
  std::vector<statement> all = changes.statements();
  all.push_back({"COMMIT"});
  const auto results = co_await link.run(std::move(all));
  const auto written =
      changes.empty() ? std::set<std::string, std::less<>>() : changes.read(results);
  std::erase_if(made, [&](const database::change& each) {
    return !written.contains(each.after.record->id());
  });
  home_.publish(made);
  for (const database::change& each : made) now.begun.push_back(each.after.record);
}

}  // namespace longhaul::postgres
