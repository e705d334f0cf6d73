// SPDX-License-Identifier: Apache-2.0
#include "postgres/write_attempt.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/stores/transitions.hpp"
#include "postgres/reads.hpp"
#include "postgres/upkeep.hpp"

namespace longhaul::postgres {

using stores::change_code;
using stores::create_code;

write_attempt::write_attempt(database& home, connection& link, const batch& work)
    : home_(home), link_(link), work_(work), now_(home.time.now()), paused_(home.paused) {}

write_attempt::~write_attempt() {
  for (const auto& [quota, change] : taken_) home_.use.add(quota, -change);
}

awaitable<void> write_attempt::run() {
  collect();
  co_await read();
  for (auto& [id, one] : chains_) decide(one);
  for (operation* each : work_) {
    if (each->task != nullptr && each->look && !each->done) co_await look_up(*each);
  }
  std::optional<line_locks> lines = co_await lock_lines();
  for (operation* each : work_) {
    if (each->task != nullptr && !each->done && !each->look) decide_creation(*each, lines);
  }
  co_await write(lines.has_value());
}

// --- what there is

void write_attempt::collect() {
  for (operation* each : work_) {
    if (each->task != nullptr) continue;
    if (!is_task_id(each->id)) {
      each->changed = {change_code::not_found, nullptr};
      each->done = true;
      continue;
    }
    chain& one = chains_[each->id];
    one.operations.push_back(each);
    one.doubtful = one.doubtful || each->look;
  }
  for (auto& [id, one] : chains_) {
    if (std::exchange(one.doubtful, false)) continue;
    one.before = home_.tasks.row(id);
    one.from_memory = one.before.record != nullptr;
  }
}

awaitable<void> write_attempt::read() {
  if (home_.own_is_doubtful) co_await hear_of_ourselves(home_, link_);
  std::vector<std::string> ids;
  for (const auto& [id, one] : chains_) {
    if (!one.from_memory) ids.emplace_back(id);
  }
  if (!ids.empty()) {
    for (const task_row& row : co_await rows_of(home_, link_, std::move(ids), detail::state)) {
      chains_.find(std::string_view(row.record->id()))->second.before = row;
    }
  }
  std::set<std::string> quotas;
  const auto ask_of = [&, clock = std::chrono::steady_clock::now()](const std::string& quota) {
    if (!home_.use.is_known(quota, clock)) quotas.insert(quota);
  };
  for (const operation* each : work_) {
    if (each->task != nullptr) ask_of(each->task->origin->quota);
  }
  for (const auto& [id, one] : chains_) {
    const bool may_grow = std::ranges::any_of(
        one.operations, [](const operation* each) { return each->allowed == growth::bounded; });
    if (may_grow && one.before.record) ask_of(one.before.record->origin->quota);
  }
  if (!quotas.empty()) co_await hear_of_others(home_, link_, std::move(quotas));
}

// --- changes

void write_attempt::decide(chain& one) {
  one.now = one.before;
  for (operation* each : one.operations) decide(one, *each);
  if (!one.doubtful) return;
  for (operation* each : one.operations) {
    each->look = true;
    each->changed = {};
  }
  one.states.clear();
  one.now = one.before;
}

void write_attempt::decide(chain& one, operation& asked) {
  const task_ptr task = one.now.record;
  const bool seen =
      task && (!asked.owner || task->owner() == *asked.owner) && !stores::expired(*task, now_.mono);
  if (!seen) {
    asked.changed = {change_code::not_found, nullptr};
    one.doubtful = one.doubtful || one.from_memory;
    return;
  }
  stores::step step = asked.next(*task, now_);
  if (step.code != change_code::applied) {
    asked.changed = {step.code, step.code == change_code::not_found ? nullptr : task};
    one.doubtful = one.doubtful || one.from_memory;
    return;
  }
  const std::size_t bytes =
      one.now.bytes - stores::changing_size_of(*task) + stores::changing_size_of(*step.next);
  const bool grows = asked.allowed == growth::bounded && bytes > one.now.bytes;
  if (grows && !home_.use.may_grow(task->origin->quota, bytes - one.now.bytes)) {
    asked.changed = {change_code::busy, task};
    return;
  }
  one.now = {step.next, bytes};
  one.states.push_back(step.next);
  asked.changed = {change_code::applied, std::move(step.next)};
}

// --- creations

awaitable<void> write_attempt::look_up(operation& asked) {
  asked.look = false;
  const task_origin& origin = *asked.task->origin;
  for (const holder& there : co_await holders_of(home_, link_, origin)) {
    bool told = false;
    try {
      told = found(asked, there.row, there.by_hash);
    } catch (const stores::store_error&) {
      asked.error = std::current_exception();
      told = true;
    }
    if (told) {
      home_.found(there.row);
      asked.done = true;
      co_return;
    }
    co_await let_go(home_, link_, there);
  }
  asked.looked = true;
  if (asked.task->claim_for) {
    asked.late = co_await lease_is_over(home_, link_, *asked.task->claim_for);
  }
}

bool write_attempt::found(operation& asked, const task_row& there, bool by_hash) {
  const task_origin& origin = *asked.task->origin;
  const task_record& task = *there.record;
  if (task.id() == origin.id) {
    asked.created = stores::known_by_id(there.record, origin);
    return true;
  }
  if (by_hash) {
    if (!stores::holds_unique(task, now_.mono)) return false;
    asked.created = stores::known_by_hash(there.record, origin);
    return true;
  }
  if (stores::expired(task, now_.mono)) return false;
  asked.created = stores::known_by_key(there.record, origin);
  return true;
}

bool write_attempt::needs_line(const operation& asked) const {
  const stores::new_task& task = *asked.task;
  return task.claim_for && !asked.late && task.origin->concurrency_key && !task.begins_anyway &&
         !paused_.contains(task.origin->tool);
}

awaitable<std::optional<line_locks>> write_attempt::lock_lines() {
  std::set<tool_and_line> lines;
  for (const operation* each : work_) {
    const bool waits = each->task != nullptr && !each->done && !each->look;
    if (!waits || !needs_line(*each)) continue;
    lines.emplace(each->task->origin->tool, line_of(*each->task->origin));
  }
  if (lines.empty()) co_return std::nullopt;
  co_await link_.run(begin_statements());
  co_return co_await line_locks::lock(link_, home_.options.schema, std::move(lines),
                                      line_locks::whether::waits);
}

void write_attempt::decide_creation(operation& asked, std::optional<line_locks>& lines) {
  const stores::new_task& task = *asked.task;
  if (asked.late && task.begins_anyway) {  // it may not wait
    asked.error =
        std::make_exception_ptr(stores::store_error("the lease of this process is over", false));
    asked.done = true;
    return;
  }
  creation made{&asked, {}};
  bool may_begin = task.begins_anyway || !paused_.contains(task.origin->tool);
  if (may_begin && needs_line(asked)) {
    // What runs already is counted, and not asked.
    const std::size_t limit = task.begun ? 0 : task.concurrency;
    made.place = lines->begin({task.origin->tool, line_of(*task.origin)}, limit);
    may_begin = made.place.has_value();
  }
  const auto record = std::make_shared<task_record>(
      stores::initial(task, now_, task.claim_for && may_begin && !asked.late));
  made.row = {record, stores::size_of(*record)};
  const std::string_view bound = home_.use.refuses(task.origin->quota, task.bounds, made.row.bytes);
  if (!bound.empty()) {
    // Over the bound, but it may repeat what was within it.
    asked.look = !asked.looked;
    asked.done = asked.looked;
    if (asked.done) asked.created = {create_code::busy, nullptr, bound};
    return;
  }
  take(task.origin->quota, numbers_of(*record, made.row.bytes));
  creations_.push_back(std::move(made));
}

// --- writing

void write_attempt::take(const std::string& quota, const numbers& change) {
  home_.use.add(quota, change);
  taken_.emplace_back(quota, change);
}

awaitable<void> write_attempt::write(bool in_transaction) {
  change_set changes(home_.texts, home_.writer_bytes());
  // In one order for everybody, so that two cannot wait for each other's keys.
  std::ranges::sort(creations_, {}, [](const creation& made) {
    const task_origin& origin = *made.row.record->origin;
    return std::tie(origin.owner, origin.tool, origin.idempotency_key, origin.unique_hash,
                    origin.id);
  });
  for (const creation& made : creations_) changes.create(made.row, now_.mono, made.place);
  for (const auto& [id, one] : chains_) {
    if (!one.states.empty()) changes.update(one.before, one.now, now_.mono);
    const bool has_key = !one.before.record || one.before.record->origin->concurrency_key;
    for (const operation* each : one.operations) {
      if (has_key && each->leaves) changes.leave(id, *each->leaves);
    }
  }
  std::vector<statement> all = changes.statements();
  std::set<std::string, std::less<>> written;
  if (!all.empty() || in_transaction) {
    // Whoever holds one of the rows may be frozen.
    all.insert(all.begin(), {"SELECT set_config('lock_timeout', '3s', true)"});
    if (in_transaction) all.push_back({"COMMIT"});
    try {
      const auto results = co_await link_.run(std::move(all));
      written = changes.read(results, 1);
    } catch (const database_error& e) {
      if (e.outcome_unknown()) note_ends();
      throw;
    }
  }
  settle(written);
}

void write_attempt::note_ends() {
  for (const auto& [id, one] : chains_) {
    const auto ended = [](const task_ptr& state) { return state->ends; };
    const bool ends = std::ranges::any_of(one.states, ended);
    if (ends) home_.unheard_ends.add(*one.states.back());
  }
}

void write_attempt::settle(const std::set<std::string, std::less<>>& written) {
  for (const auto& [quota, change] : std::exchange(taken_, {})) home_.use.add(quota, -change);
  std::vector<database::change> told;
  for (creation& made : creations_) {
    operation& asked = *made.asked;
    asked.done = written.contains(made.row.record->id());
    asked.look = !asked.done;
    if (!asked.done) {
      ++asked.races;
      continue;
    }
    asked.created = {create_code::created, made.row.record, {}};
    told.push_back({{}, std::move(made.row)});
  }
  for (auto& [id, one] : chains_) {
    if (one.doubtful) continue;
    const bool stands = one.states.empty() || written.contains(id);
    for (operation* each : one.operations) {
      each->done = stands;
      each->look = !stands;
      each->races += stands ? 0 : 1;
    }
    if (!stands) continue;
    if (one.states.empty() && one.before.record && !one.from_memory) home_.found(one.before);
    task_row before = one.before;
    for (const task_ptr& state : one.states) {
      const std::size_t bytes = before.bytes - stores::changing_size_of(*before.record) +
                                stores::changing_size_of(*state);
      told.push_back({std::exchange(before, {state, bytes}), {state, bytes}});
    }
  }
  home_.publish(told);
}

}  // namespace longhaul::postgres
