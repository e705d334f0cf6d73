// SPDX-License-Identifier: Apache-2.0
#include "stores/task_shards.hpp"

#include <algorithm>

#include "longhaul/stores/bounds.hpp"

namespace longhaul::stores {

std::vector<task_shards::shard> task_shards::make_shards(std::size_t count, const setup& how) {
  const std::vector<setup> setups(std::max<std::size_t>(count, 1), how);
  return std::vector<shard>(setups.begin(), setups.end());
}

task_shards::task_shards(std::size_t shards, milliseconds hidden_result_kept,
                         const clock_source& clock)
    : clock_(clock), shards_(make_shards(shards, {quotas_, runs_, hidden_result_kept})) {}

std::size_t task_shards::shard_number(std::string_view id) const noexcept {
  // The maps inside use another hash, or each would see only a part of its values.
  return std::hash<std::string_view>()(id) % shards_.size();
}

roster::entry* task_shards::visible(shard& home, std::string_view id) {
  roster::entry* const found = home.tasks.find(id);
  if (found == nullptr || !found->record->terminal()) return found;
  return expired(*found->record, clock_.monotonic()) ? nullptr : found;
}

task_ptr task_shards::find(std::string_view id) {
  shard& home = shard_of(id);
  const guard lock(home.mutex);
  const roster::entry* const found = visible(home, id);
  return found == nullptr ? nullptr : found->record;
}

task_ptr task_shards::newest(std::string_view id) const {
  shard& home = shard_of(id);
  const guard lock(home.mutex);
  const roster::entry* const found = home.tasks.find(id);
  return found == nullptr ? nullptr : found->record;
}

// --- changes of one task

create_result task_shards::insert(const new_task& task, aftermath& after) {
  run_counts::place run(runs_, task);
  create_result result = insert_as(task, run.taken(), after);
  const task_origin& origin = *task.origin;
  if (after.changed) {
    run.keep();
  } else if (run.taken() && origin.concurrency_key) {  // a claim may have found it full meanwhile
    after.left_key.emplace(origin.tool, *origin.concurrency_key);
  }
  return result;
}

create_result task_shards::insert_as(const new_task& task, bool begins, aftermath& after) {
  const task_origin& origin = *task.origin;
  shard& home = shard_of(origin.id);
  roster::entry added;
  added.record = std::make_shared<const task_record>(initial(task, now(), begins));
  const guard lock(home.mutex);
  if (const auto* known = home.tasks.find(origin.id)) return known_by_id(known->record, origin);
  added.bytes = size_of(*added.record);
  auto admitted = quotas_.admit(origin.quota, task.bounds, added.bytes);
  if (!admitted.granted) return {create_code::busy, nullptr, admitted.bound};
  added.quota = std::move(admitted.granted);

  after.changed = added.record;
  home.tasks.add(std::move(added));
  const task_record& record = *after.changed;
  if (!record.hidden) owners_.add(record.origin);
  if (claimable(record)) after.intake_full = take_in(home, record.origin);
  return {create_code::created, after.changed, {}};
}

// True: the intake is full.
bool task_shards::take_in(shard& home, const origin_ptr& origin) {
  home.intake.push_back(origin);
  home.has_intake.store(true, std::memory_order_relaxed);
  return home.intake.size() >= tunables::max_intake;
}

task_shards::aftermath task_shards::install(shard& home, roster::entry& task,
                                            const roster::decision& decided) {
  const roster::effect effect = home.tasks.replace(task, decided);
  aftermath after;
  after.changed = decided.next;
  if (effect.left_queue) after.left_queue = effect.run_at;
  if (effect.joined_queue) after.intake_full = take_in(home, decided.next->origin);
  if (effect.shown) owners_.add(decided.next->origin);
  const task_origin& origin = *decided.next->origin;
  if (effect.left_key) after.left_key.emplace(origin.tool, *origin.concurrency_key);
  return after;
}

void task_shards::settle(const aftermath& after) {
  if (after.left_key) {
    const guard lock(queue_mutex_);
    queue_.open(after.left_key->first, after.left_key->second);
  }
  if (!after.changed) return;
  if (after.left_queue) {
    const guard lock(queue_mutex_);
    queue_.remove(*after.changed->origin, *after.left_queue);
  }
  if (after.intake_full) {
    const guard lock(queue_mutex_);
    move_intake(shard_of(after.changed->id()));
  }
  if (on_change_) on_change_(after.changed);
}

// --- claims and recovery

void task_shards::move_intake(shard& from) {
  const guard lock(from.mutex);
  for (origin_ptr& origin : from.intake) {
    const roster::entry* const found = from.tasks.find(origin->id);
    if (found == nullptr || !claimable(*found->record)) continue;
    queue_.add(std::move(origin), found->record->run_at);
  }
  from.intake.clear();
  from.has_intake.store(false, std::memory_order_relaxed);
}

bool task_shards::claim_one(const task_origin& origin, process_id process, instant now,
                            std::vector<task_ptr>& taken) {
  shard& home = shard_of(origin.id);
  const guard lock(home.mutex);
  roster::entry* const task = home.tasks.find(origin.id);
  if (task == nullptr) return false;
  const auto decided = home.tasks.admit(*task, claimed(*task->record, process, now));
  if (!decided.next) return false;  // ended meanwhile
  home.tasks.replace(*task, decided);
  taken.push_back(decided.next);
  return true;
}

void task_shards::move_intakes() {
  for (shard& each : shards_) {
    if (each.has_intake.load(std::memory_order_relaxed)) move_intake(each);
  }
}

std::size_t task_shards::queued_before(std::string_view id, std::size_t most) {
  const task_ptr task = newest(id);
  if (!task || !claimable(*task)) return 0;
  const guard lock(queue_mutex_);
  move_intakes();
  queue_.advance(clock_.monotonic());
  return queue_.before(*task->origin, most);
}

std::vector<task_ptr> task_shards::claim_waiting(const claim_request& request) {
  std::vector<task_ptr> taken;
  const instant at = now();
  const guard lock(queue_mutex_);
  move_intakes();
  queue_.serve(request, at.mono, [&](const task_origin& origin) {
    return claim_one(origin, request.process, at, taken);
  });
  return taken;
}

std::vector<task_ptr> task_shards::claim(const claim_request& request) {
  std::vector<task_ptr> taken = claim_waiting(request);
  if (on_change_) {
    for (const task_ptr& task : taken) on_change_(task);
  }
  return taken;
}

void task_shards::recover_shard(shard& home, const lease_table& leases, instant now,
                                recover_result& result) {
  std::vector<aftermath> changes;
  {
    const guard lock(home.mutex);
    for (const std::string_view id : home.tasks.orphans(leases)) {
      roster::entry& task = *home.tasks.find(id);
      const auto decided = home.tasks.admit(task, lost(*task.record, now));
      if (!decided.next) continue;
      ++(decided.next->terminal() ? result.failed : result.handed_back);
      changes.push_back(install(home, task, decided));
    }
  }
  for (const aftermath& after : changes) settle(after);
}

recover_result task_shards::recover(const lease_table& leases) {
  recover_result result;
  const instant at = now();
  for (shard& each : shards_) recover_shard(each, leases, at, result);
  return result;
}

std::vector<task_ptr> task_shards::claimed_by(process_id process) {
  std::vector<task_ptr> result;
  for (shard& each : shards_) {
    const guard lock(each.mutex);
    each.tasks.claimed_by(process, result);
  }
  return result;
}

std::vector<task_ptr> task_shards::external(std::string_view tool, std::string_view after,
                                            std::size_t limit) {
  std::vector<task_ptr> result;
  for (shard& each : shards_) {
    const guard lock(each.mutex);
    for (const auto& [id, task] : each.tasks.tasks()) {
      const task_record& record = *task.record;
      if (!record.origin->external || record.terminal() || id <= after) continue;
      if (tool.empty() || record.tool() == tool) result.push_back(task.record);
    }
  }
  std::sort(result.begin(), result.end(),
            [](const task_ptr& a, const task_ptr& b) { return a->id() < b->id(); });
  if (result.size() > limit) result.resize(limit);
  return result;
}

// --- time

std::size_t task_shards::fail_overdue(shard& home, instant now, std::size_t batch) {
  std::vector<aftermath> changes;
  {
    const guard lock(home.mutex);
    while (changes.size() < batch) {
      roster::entry* const task = home.tasks.overdue(now.mono);
      if (task == nullptr) break;
      const auto decided = home.tasks.admit(*task, timed_out(*task->record, now));
      if (!decided.next) break;
      changes.push_back(install(home, *task, decided));
    }
  }
  for (const aftermath& after : changes) settle(after);
  return changes.size();
}

std::size_t task_shards::expire(std::size_t batch) {
  // Begins elsewhere each time, or a full batch would keep the last shards waiting for ever.
  const std::size_t first = next_expiry_shard_.fetch_add(1, std::memory_order_relaxed);
  const instant at = now();
  std::size_t failed = 0;
  for (std::size_t i = 0; i < shards_.size() && failed < batch; ++i) {
    failed += fail_overdue(shards_[(first + i) % shards_.size()], at, batch - failed);
  }
  return failed;
}

void task_shards::remove_overdue(shard& home, monotonic_time now, std::size_t batch,
                                 std::vector<task_ptr>& removed) {
  const guard lock(home.mutex);
  while (removed.size() < batch) {
    roster::entry* const task = home.tasks.overdue_end(now);
    if (task == nullptr) return;
    if (!expired(*task->record, now)) {
      home.tasks.empty(*task);
      continue;
    }
    if (!task->record->hidden) owners_.remove(*task->record->origin);
    removed.push_back(task->record);
    home.tasks.remove(*task);
  }
}

std::vector<task_ptr> task_shards::purge(std::size_t batch) {
  const std::size_t first = next_purge_shard_.fetch_add(1, std::memory_order_relaxed);
  const monotonic_time now = clock_.monotonic();
  std::vector<task_ptr> removed;
  for (std::size_t i = 0; i < shards_.size() && removed.size() < batch; ++i) {
    remove_overdue(shards_[(first + i) % shards_.size()], now, batch, removed);
  }
  return removed;
}

counts_by_tool task_shards::counts() {
  counts_by_tool result;
  for (shard& each : shards_) {
    const guard lock(each.mutex);
    each.tasks.add_to(result);
  }
  return result;
}

std::vector<task_ptr> task_shards::candidates(const task_matcher& matches) {
  std::vector<task_ptr> found;
  const monotonic_time now = clock_.monotonic();
  for (shard& each : shards_) {
    const guard lock(each.mutex);
    for (const auto& [id, entry] : each.tasks.tasks()) {
      const task_record& task = *entry.record;
      if (matches.may_match(task) && !expired(task, now)) found.push_back(entry.record);
    }
  }
  return found;
}

// No claim is under way meanwhile: one that begins later sees it.
bool task_shards::pause(std::string_view tool) {
  const guard lock(queue_mutex_);
  return runs_.pause(tool, clock_.now());
}

bool task_shards::resume(std::string_view tool) {
  const guard lock(queue_mutex_);
  return runs_.resume(tool);
}

std::size_t task_shards::index_size() {
  std::size_t all = owners_.size() + quotas_.size() + runs_.size();
  {
    const guard lock(queue_mutex_);
    for (shard& each : shards_) move_intake(each);
    all += queue_.size();
  }
  for (shard& each : shards_) {
    const guard lock(each.mutex);
    all += each.tasks.index_size();
  }
  return all;
}

}  // namespace longhaul::stores
