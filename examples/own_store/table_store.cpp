// SPDX-License-Identifier: Apache-2.0
#include "table_store.hpp"

#include <algorithm>
#include <iterator>
#include <longhaul/stores/cursor.hpp>
#include <longhaul/stores/deadlines.hpp>
#include <longhaul/stores/transitions.hpp>
#include <random>
#include <utility>

namespace example {

table_store::table_store(const longhaul::clock_source& clock) : clock_(clock) {
  std::random_device source;
  for (char& byte : secret_) byte = static_cast<char>(source());
}

awaitable<stores::create_result> table_store::create(const stores::new_task& task) {
  co_return insert(task);
}

awaitable<task_ptr> table_store::get(std::string_view owner, std::string_view id) {
  const std::lock_guard lock(mutex_);
  task_ptr found = visible(id);
  if (found && found->owner() != owner) found = nullptr;
  co_return found;
}

awaitable<std::optional<stores::list_page>> table_store::list(
    std::string_view owner, std::optional<longhaul::task_status> status, std::string_view cursor,
    std::size_t limit) {
  const auto before = stores::parse_cursor(cursor);
  if (!cursor.empty() && !before) co_return std::nullopt;
  limit = std::max<std::size_t>(limit, 1);
  stores::list_page page;
  const std::lock_guard lock(mutex_);
  auto end = before ? rows_.lower_bound(*before) : rows_.end();
  for (auto at = std::make_reverse_iterator(end); at != rows_.rend(); ++at) {
    const task_ptr found = visible(at->first);
    if (!found || found->owner() != owner || found->hidden) continue;
    if (status && found->status != *status) continue;
    if (page.tasks.size() == limit) {
      page.next_cursor = stores::make_cursor(page.tasks.back()->id());
      break;
    }
    page.tasks.push_back(found);
  }
  co_return page;
}

awaitable<stores::change_result> table_store::answer(std::string_view owner, std::string_view id,
                                                     std::span<const stores::response> responses) {
  co_return change(owner, id, [&](const task_record& task) {
    stores::step decided = stores::answered(task, responses, now());
    if (decided.next && !has_room(task, *decided.next)) return stores::step{busy, nullptr};
    return decided;
  });
}

awaitable<stores::change_result> table_store::cancel(std::string_view owner, std::string_view id,
                                                     std::string_view reason,
                                                     stores::visibility sees) {
  co_return change(owner, id, [&](const task_record& task) {
    return stores::cancelled(task, reason, sees, now());
  });
}

awaitable<stores::change_result> table_store::set_retention(std::string_view owner,
                                                            std::string_view id,
                                                            std::optional<milliseconds> retention) {
  co_return change(
      owner, id, [&](const task_record& task) { return stores::retained(task, retention, now()); });
}

awaitable<stores::change_result> table_store::reveal(std::string_view owner, std::string_view id,
                                                     std::optional<milliseconds> retention) {
  co_return change(
      owner, id, [&](const task_record& task) { return stores::revealed(task, retention, now()); });
}

awaitable<stores::change_result> table_store::report(std::string_view id, stores::writer worker,
                                                     const stores::report_change& news) {
  co_return change(
      {}, id, [&](const task_record& task) { return stores::reported(task, worker, news, now()); });
}

awaitable<stores::change_result> table_store::ask(std::string_view id, stores::writer worker,
                                                  std::span<const stores::question> questions) {
  co_return change({}, id, [&](const task_record& task) {
    return stores::asked(task, worker, questions, now());
  });
}

awaitable<stores::change_result> table_store::finish(std::string_view id, stores::writer worker,
                                                     const longhaul::outcome& result,
                                                     std::string_view message) {
  co_return change({}, id, [&](const task_record& task) {
    return stores::finished(task, worker, result, message, now());
  });
}

awaitable<stores::change_result> table_store::retry(std::string_view id, stores::writer worker,
                                                    std::string_view why,
                                                    longhaul::monotonic_time not_before) {
  co_return change({}, id, [&](const task_record& task) {
    return stores::retried(task, worker, why, not_before, now());
  });
}

awaitable<stores::change_result> table_store::release(std::string_view id, stores::writer worker) {
  co_return change({}, id,
                   [&](const task_record& task) { return stores::released(task, worker, now()); });
}

awaitable<std::vector<task_ptr>> table_store::claim(const stores::claim_request& request) {
  std::vector<task_ptr> taken;
  stores::claim_request left = request;
  {
    const std::lock_guard lock(mutex_);
    while (taken.size() < request.count && !leases_.dead.contains(request.process)) {
      const task_ptr next = next_in_turn(left);
      if (!next) break;
      --left.tools.find(next->tool())->second;
      ++left.handlers[{next->tool(), next->origin->concurrency_key.value_or("")}];
      served_ = next->origin->quota;
      taken.push_back(put(stores::claimed(*next, request.process, now()).next));
    }
  }
  tell(taken);
  co_return taken;
}

awaitable<std::size_t> table_store::queued_before(std::string_view id, std::size_t most) {
  const task_ptr task = known(id);
  if (!task || !stores::claimable(*task)) co_return 0;
  const auto older = where([&](const task_record& other) {
    return other.tool() == task->tool() && other.origin->quota == task->origin->quota &&
           other.id() < id && stores::claimable(other) && other.run_at <= now().mono;
  });
  co_return std::min(older.size(), most);
}

awaitable<stores::renew_result> table_store::renew(process_id process, milliseconds lease) {
  const std::lock_guard lock(mutex_);
  if (leases_.dead.contains(process)) co_return stores::renew_result{false};
  leases_.until[process] = now().mono + lease;
  co_return stores::renew_result{true};
}

awaitable<stores::recover_result> table_store::recover() {
  stores::recover_result result;
  {
    const std::lock_guard lock(mutex_);
    leases_.bury(now().mono);
  }
  const auto changed = change_all(~std::size_t{0}, [&](const task_record& task) {
    const bool alive = !task.process || leases_.until.contains(*task.process);
    if (alive) return stores::step{unchanged, nullptr};
    return stores::lost(task, now());
  });
  for (const task_ptr& task : changed) ++(task->terminal() ? result.failed : result.handed_back);
  co_return result;
}

awaitable<std::vector<task_ptr>> table_store::claimed(process_id process) {
  co_return where([&](const task_record& task) { return task.process == process; });
}

awaitable<std::vector<task_ptr>> table_store::external(std::string_view tool,
                                                       std::string_view after, std::size_t limit) {
  auto found = where([&](const task_record& task) {
    return task.origin->external && !task.terminal() && task.id() > after &&
           (tool.empty() || task.tool() == tool);
  });
  if (found.size() > limit) found.resize(limit);
  co_return found;
}

awaitable<std::size_t> table_store::expire(std::size_t batch) {
  const auto changed =
      change_all(batch, [&](const task_record& task) { return stores::timed_out(task, now()); });
  co_return changed.size();
}

awaitable<std::vector<std::string>> table_store::purge(std::size_t batch) {
  std::vector<std::string> removed;
  const std::lock_guard lock(mutex_);
  const auto at_once = now().mono;
  for (auto at = rows_.begin(); at != rows_.end() && removed.size() < batch;) {
    const auto emptying = stores::emptying_due(*at->second);
    if (stores::expired(*at->second, at_once)) {
      removed.push_back(at->first);
      at = rows_.erase(at);
      continue;
    }
    if (emptying && *emptying <= at_once) at->second = stores::emptied(*at->second);
    ++at;
  }
  co_return removed;
}

task_ptr table_store::known(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(id);
  return found == rows_.end() ? nullptr : found->second;
}

awaitable<std::vector<std::string>> table_store::unknown(std::span<const std::string> ids) {
  std::vector<std::string> result;
  const std::lock_guard lock(mutex_);
  for (const std::string& id : ids) {
    if (!rows_.contains(id)) result.push_back(id);
  }
  co_return result;
}

// A real database looks along an index here, and stops after `rules::searched_tasks`.
awaitable<std::optional<stores::found_page>> table_store::search(const stores::task_filter& filter,
                                                                 std::string_view cursor,
                                                                 std::size_t limit) {
  const auto before = stores::parse_cursor(cursor);
  if (!cursor.empty() && !before) co_return std::nullopt;
  const stores::task_matcher matches(filter);
  auto found = where([&](const task_record& task) {
    return matches.may_match(task) && !stores::expired(task, now().mono);
  });
  co_return stores::page_of(std::move(found), filter, before.value_or(std::string_view()), limit);
}

awaitable<task_ptr> table_store::find(std::string_view id) {
  const std::lock_guard lock(mutex_);
  co_return visible(id);
}

awaitable<task_ptr> table_store::oldest_waiting() {
  co_return stores::oldest_waiting_of(
      where([](const task_record& task) { return stores::queued(task); }), now().mono);
}

awaitable<std::vector<stores::owner_use>> table_store::owners(std::size_t most) {
  std::map<std::string, stores::owner_use> by_quota;
  for (const task_ptr& task : where([](const task_record&) { return true; })) {
    stores::owner_use& mine = by_quota[task->origin->quota];
    mine.owner = task->origin->quota;
    const std::size_t bytes = stores::size_of(*task);
    ++mine.stored;
    mine.stored_bytes += bytes;
    if (task->terminal()) continue;
    ++mine.open;
    mine.open_bytes += bytes;
  }
  std::vector<stores::owner_use> all;
  all.reserve(by_quota.size());
  for (const auto& [quota, use] : by_quota) all.push_back(use);
  stores::keep_largest(all, most);
  co_return all;
}

awaitable<stores::store_stats> table_store::stats() {
  stores::store_stats sums = stores::total_of(co_await counts());
  const std::lock_guard lock(mutex_);
  sums.bytes = use_of(nullptr).stored_bytes;
  co_return sums;
}

awaitable<stores::counts_by_tool> table_store::counts() {
  stores::counts_by_tool sums;
  for (const task_ptr& task : where([](const task_record&) { return true; })) {
    stores::status_counts& mine = sums[task->tool()];
    ++mine.at(task->status);
    mine.queued += stores::queued(*task);
    mine.external += task->origin->external && !task->terminal();
  }
  co_return sums;
}

awaitable<bool> table_store::pause(std::string_view tool) {
  const std::lock_guard lock(mutex_);
  co_return paused_.emplace(tool, clock_.now()).second;
}

awaitable<bool> table_store::resume(std::string_view tool) {
  const std::lock_guard lock(mutex_);
  co_return std::erase_if(paused_, [&](const auto& one) { return one.first == tool; }) != 0;
}

awaitable<stores::paused_tools> table_store::paused() {
  const std::lock_guard lock(mutex_);
  co_return paused_;
}

task_ptr table_store::visible(std::string_view id) const {
  const auto found = rows_.find(id);
  if (found == rows_.end() || stores::expired(*found->second, now().mono)) return nullptr;
  return found->second;
}

bool table_store::may_begin(const longhaul::task_origin& task, std::size_t limit,
                            std::size_t handlers) const {
  if (paused_.contains(task.tool)) return false;
  if (limit == 0 || !task.concurrency_key) return true;
  const auto runs = std::count_if(rows_.begin(), rows_.end(), [&](const auto& row) {
    const longhaul::task_origin& other = *row.second->origin;
    return row.second->process && other.tool == task.tool &&
           other.concurrency_key == task.concurrency_key;
  });
  // There is one process, so all claims are its own.
  return std::max(static_cast<std::size_t>(runs), handlers) < limit;
}

task_ptr table_store::next_in_turn(const stores::claim_request& request) const {
  std::map<std::string_view, task_ptr> oldest;
  for (const auto& [id, task] : rows_) {
    const longhaul::task_origin& origin = *task->origin;
    const auto room = request.tools.find(origin.tool);
    if (!stores::claimable(*task) || task->run_at > now().mono) continue;
    if (room == request.tools.end() || room->second == 0) continue;
    if (request.saturated.contains(origin.quota)) continue;
    const auto limit = request.concurrency.find(origin.tool);
    const std::size_t most = limit == request.concurrency.end() ? 0 : limit->second;
    const auto key = std::make_pair(origin.tool, origin.concurrency_key.value_or(""));
    const auto mine = request.handlers.find(key);
    const std::size_t handlers = mine == request.handlers.end() ? 0 : mine->second;
    if (may_begin(origin, most, handlers)) oldest.emplace(origin.quota, task);
  }
  if (oldest.empty()) return nullptr;
  const auto next = oldest.upper_bound(served_);
  return next == oldest.end() ? oldest.begin()->second : next->second;
}

table_store::use table_store::use_of(const std::string* quota) const {
  use sum;
  for (const auto& [id, task] : rows_) {
    if (quota != nullptr && task->origin->quota != *quota) continue;
    const std::size_t bytes = stores::size_of(*task);
    ++sum.stored;
    sum.stored_bytes += bytes;
    if (task->terminal()) continue;
    ++sum.open;
    sum.open_bytes += bytes;
  }
  return sum;
}

std::string_view table_store::refused_by(const stores::create_bounds& tasks,
                                         const task_record& added) const {
  namespace names = stores::bound_names;
  const std::size_t bytes = stores::size_of(added);
  const use all = use_of(nullptr), mine = use_of(&added.origin->quota);
  if (tasks.known_only) return names::known_only;
  if (passes(tasks.open_total, all.open + 1)) return names::open_total;
  if (passes(tasks.open_per_quota, mine.open + 1)) return names::open_per_quota;
  if (passes(tasks.stored_total, all.stored + 1)) return names::stored_total;
  if (passes(tasks.stored_per_quota, mine.stored + 1)) return names::stored_per_quota;
  if (passes(bytes_.open_total, all.open_bytes + bytes)) return names::open_bytes_total;
  if (passes(bytes_.open_per_quota, mine.open_bytes + bytes)) return names::open_bytes_per_quota;
  if (passes(bytes_.stored_total, all.stored_bytes + bytes)) return names::stored_bytes_total;
  if (passes(bytes_.stored_per_quota, mine.stored_bytes + bytes)) {
    return names::stored_bytes_per_quota;
  }
  const bool fits = !passes(bytes_.memory_total, all.stored_bytes + bytes) &&
                    !passes(bytes_.memory_per_quota, mine.stored_bytes + bytes);
  return fits ? std::string_view() : names::memory;
}

bool table_store::has_room(const task_record& before, const task_record& after) const {
  const std::size_t old_size = stores::size_of(before), size = stores::size_of(after);
  if (size <= old_size + stores::rules::small_payload) return true;
  const auto stretched = [](std::size_t bound) {
    return bound + bound / stores::rules::answer_room_divisor;
  };
  const std::size_t all = use_of(nullptr).open_bytes,
                    mine = use_of(&after.origin->quota).open_bytes;
  return !passes(stretched(bytes_.open_total), all + size - old_size) &&
         !passes(stretched(bytes_.open_per_quota), mine + size - old_size);
}

std::optional<stores::create_result> table_store::earlier(
    const longhaul::task_origin& origin) const {
  const auto same_id = rows_.find(origin.id);
  if (same_id != rows_.end()) return stores::known_by_id(same_id->second, origin);
  for (const auto& [id, other] : rows_) {
    const longhaul::task_origin& known = *other->origin;
    if (known.owner != origin.owner || known.tool != origin.tool || !visible(id)) continue;
    if (!origin.idempotency_key.empty() && known.idempotency_key == origin.idempotency_key) {
      return stores::known_by_key(other, origin);
    }
    if (origin.unique_hash && known.unique_hash == origin.unique_hash &&
        stores::holds_unique(*other, now().mono)) {
      return stores::known_by_hash(other, origin);
    }
  }
  return std::nullopt;
}

stores::create_result table_store::insert(const stores::new_task& task) {
  const longhaul::task_origin& origin = *task.origin;
  task_ptr made;
  {
    const std::lock_guard lock(mutex_);
    if (auto found = earlier(origin)) return *std::move(found);
    const bool begins = task.begins_anyway || may_begin(origin, task.concurrency);
    made = std::make_shared<const task_record>(stores::initial(task, now(), begins));
    const std::string_view bound = refused_by(task.bounds, *made);
    if (!bound.empty()) return {stores::create_code::busy, nullptr, bound};
    put(made);
  }
  tell({made});
  return {stores::create_code::created, made, {}};
}

stores::change_result table_store::change(
    std::optional<std::string_view> owner, std::string_view id,
    const std::function<stores::step(const task_record&)>& decide) {
  stores::step decided;
  {
    const std::lock_guard lock(mutex_);
    const task_ptr task = visible(id);
    if (!task || (owner && task->owner() != *owner)) return not_found();
    decided = decide(*task);
    if (decided.code == stores::change_code::not_found) return not_found();
    if (!decided.next) return {decided.code, task};
    put(decided.next);
  }
  tell({decided.next});
  return {decided.code, decided.next};
}

std::vector<task_ptr> table_store::change_all(
    std::size_t batch, const std::function<stores::step(const task_record&)>& decide) {
  std::vector<task_ptr> changed;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, task] : rows_) {
      if (changed.size() == batch) break;
      if (stores::step decided = decide(*task); decided.next) {
        task = std::move(decided.next);
        changed.push_back(task);
      }
    }
  }
  tell(changed);
  return changed;
}

std::vector<task_ptr> table_store::where(
    const std::function<bool(const task_record&)>& wanted) const {
  std::vector<task_ptr> found;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, task] : rows_) {
    if (wanted(*task)) found.push_back(task);
  }
  return found;
}

void table_store::tell(const std::vector<task_ptr>& changed) const {
  if (!on_change_) return;
  for (const task_ptr& task : changed) on_change_(task);
}

}  // namespace example
