// SPDX-License-Identifier: Apache-2.0
#include "stores/memory_store.hpp"

#include <algorithm>

#include "base/clock_arithmetic.hpp"
#include "longhaul/error_codes.hpp"
#include "stores/bounds.hpp"
#include "stores/cursor.hpp"

namespace longhaul::stores {
namespace {

/// What waits in one shard before the creator himself moves it to the queue: bounds what is left
/// behind by tasks that end before anybody claims.
constexpr std::size_t max_intake = 256;
/// Tasks looked at in one go while a list is put together.
constexpr std::size_t list_chunk = 256;

bool queued(const task_record& task) noexcept {
  return task.status == task_status::working && claimable(task);
}

}  // namespace

memory_store::memory_store(memory_options options, const clock_source& clock)
    : options_(options), clock_(clock), shards_(std::max<std::size_t>(options.shards, 1)) {}

std::size_t memory_store::shard_number(std::string_view id) const noexcept {
  // The maps inside use another hash, or each would see only a part of its values.
  return std::hash<std::string_view>()(id) % shards_.size();
}

bool memory_store::visible(const entry& at) const {
  const auto due = removal_due(*at.record);
  return !due || *due > clock_.monotonic();
}

// --- changes of one task

void memory_store::count(shard& in, const task_record& task, bool arrives) {
  const std::size_t by = arrives ? 1 : static_cast<std::size_t>(-1);
  in.by_status[static_cast<std::size_t>(task.status)] += by;
  if (queued(task)) in.queued += by;
}

void memory_store::unschedule(shard& in, entry& at) {
  if (!at.due) return;
  agenda& from = at.record->terminal() ? in.endings : in.limits;
  from.erase({*at.due, at.record->id()});
  at.due.reset();
}

void memory_store::schedule(shard& in, entry& at) {
  const task_record& task = *at.record;
  if (task.terminal()) {
    at.due = next_due(task, options_.hidden_result_kept);
    if (at.due) in.endings.emplace_hint(in.endings.end(), *at.due, task.id());
  } else if (const auto limit = limit_due(task)) {
    at.due = limit->at;
    in.limits.emplace_hint(in.limits.end(), *at.due, task.id());
  }
}

memory_store::aftermath memory_store::install(shard& in, entry& at,
                                              std::shared_ptr<const task_record> next,
                                              std::size_t counted) {
  const task_ptr before = at.record;
  aftermath after;
  count(in, *before, false);
  unschedule(in, at);
  at.record = std::move(next);
  count(in, *at.record, true);
  schedule(in, at);

  const task_record& task = *at.record;
  const std::size_t bytes_before = at.bytes + counted;
  at.bytes = size_of(task);
  if (before->terminal()) {
    quotas_.resized_ended(task.origin->quota, bytes_before, at.bytes);
  } else {
    quotas_.resized(*at.quota, bytes_before, at.bytes);
    if (task.terminal()) quotas_.closed(*at.quota, at.bytes);
  }
  if (before->process && !task.process) in.running.erase(task.id());
  if (!before->process && task.process) in.running.insert(task.id());
  if (before->hidden && !task.hidden) owners_.add(task.origin);

  if (claimable(*before) && !claimable(task)) after.left_queue = before->run_at;
  if (!claimable(*before) && claimable(task)) {
    in.intake.push_back(task.origin);
    in.has_intake.store(true, std::memory_order_relaxed);
    after.intake_full = in.intake.size() >= max_intake;
  }
  after.changed = at.record;
  return after;
}

void memory_store::settle(const aftermath& after) {
  if (!after.changed) return;
  if (after.left_queue) {
    const guard lock(queue_mutex_);
    queue_.remove(*after.changed->origin, *after.left_queue);
  }
  if (after.intake_full) {
    const guard lock(queue_mutex_);
    take_intake(shard_of(after.changed->id()));
  }
  if (observer_) observer_(after.changed);
}

template <class Transition>
change_result memory_store::change(std::string_view id, const std::string_view* owner,
                                   Transition transition, growth how) {
  change_result result;
  aftermath after;
  {
    shard& in = shard_of(id);
    const guard lock(in.mutex);
    const auto found = in.tasks.find(id);
    const bool there = found != in.tasks.end() && visible(found->second) &&
                       (owner == nullptr || found->second.record->owner() == *owner);
    if (!there) return {change_code::not_found, nullptr};
    entry& at = found->second;
    step next = transition(*at.record, now());
    result.code = next.code;
    if (next.code == change_code::not_found) return result;
    if (next.code == change_code::applied) {
      const std::size_t size = how == growth::bounded ? size_of(*next.next) : 0;
      const std::size_t added = size > at.bytes ? size - at.bytes : 0;
      if (added > 0 && !quotas_.try_grow(*at.quota, added)) {
        result.code = change_code::busy;
      } else {
        after = install(in, at, std::move(next.next), added);
      }
    }
    result.task = at.record;
  }
  settle(after);
  return result;
}

// --- callers' side

create_result memory_store::insert(const new_task& task, aftermath& after) {
  const task_origin& origin = *task.origin;
  shard& in = shard_of(origin.id);
  auto record = std::make_shared<const task_record>(initial(task, now()));
  const guard lock(in.mutex);
  if (const auto found = in.tasks.find(origin.id); found != in.tasks.end()) {
    if (found->second.record->owner() != origin.owner) {
      throw store_error("two tasks have the same id", false);
    }
    return {create_code::created, found->second.record, {}};
  }
  const std::size_t bytes = size_of(*record);
  auto admitted = quotas_.admit(origin.quota, task.bounds, bytes);
  if (!admitted.granted) return {create_code::busy, nullptr, admitted.bound};

  entry& at = in.tasks[record->id()];
  at.record = std::move(record);
  at.quota = std::move(admitted.granted);
  at.bytes = bytes;
  count(in, *at.record, true);
  schedule(in, at);
  if (!at.record->hidden) owners_.add(at.record->origin);
  if (at.record->process) in.running.insert(at.record->id());
  if (claimable(*at.record)) {
    in.intake.push_back(at.record->origin);
    in.has_intake.store(true, std::memory_order_relaxed);
    after.intake_full = in.intake.size() >= max_intake;
  }
  after.changed = at.record;
  return {create_code::created, at.record, {}};
}

create_result memory_store::create_with_key(const new_task& task) {
  const task_origin& origin = *task.origin;
  const std::string joined = key_index::join(origin);
  key_index::part& keys = keys_.part_of(joined);
  aftermath after;
  create_result result;
  {
    const guard lock(keys.mutex);
    if (const auto known = keys.ids.find(std::string_view(joined)); known != keys.ids.end()) {
      shard& in = shard_of(known->second);
      const guard shard_lock(in.mutex);
      const auto found = in.tasks.find(known->second);
      if (found != in.tasks.end() && visible(found->second)) {
        const task_ptr& earlier = found->second.record;
        if (earlier->id() == origin.id) return {create_code::created, earlier, {}};
        if (earlier->origin->arguments_hash == origin.arguments_hash) {
          return {create_code::existing, earlier, {}};
        }
        return {create_code::key_conflict, nullptr, {}};
      }
    }
    result = insert(task, after);
    if (result.code == create_code::created) keys.ids.insert_or_assign(joined, origin.id);
  }
  settle(after);
  return result;
}

create_result memory_store::create_now(const new_task& task) {
  if (!task.origin->idempotency_key.empty()) return create_with_key(task);
  aftermath after;
  auto result = insert(task, after);
  settle(after);
  return result;
}

awaitable<create_result> memory_store::create(const new_task& task) { co_return create_now(task); }

awaitable<task_ptr> memory_store::get(std::string_view owner, std::string_view id) {
  shard& in = shard_of(id);
  const guard lock(in.mutex);
  const auto found = in.tasks.find(id);
  if (found == in.tasks.end() || found->second.record->owner() != owner ||
      !visible(found->second)) {
    co_return nullptr;
  }
  co_return found->second.record;
}

awaitable<std::optional<list_page>> memory_store::list(std::string_view owner,
                                                       std::optional<task_status> status,
                                                       std::string_view cursor, std::size_t limit) {
  std::string before;
  if (!cursor.empty()) {
    const auto last = parse_cursor(cursor);
    if (!last) co_return std::nullopt;
    before = *last;
  }
  list_page page;
  limit = std::max<std::size_t>(limit, 1);
  for (bool more = true; more;) {
    const auto origins = owners_.page(owner, before, list_chunk);
    more = origins.size() == list_chunk;
    if (!origins.empty()) before = origins.back()->id;
    for (const origin_ptr& origin : origins) {
      shard& in = shard_of(origin->id);
      const guard lock(in.mutex);
      const auto found = in.tasks.find(origin->id);
      if (found == in.tasks.end() || !visible(found->second)) continue;
      if (status && found->second.record->status != *status) continue;
      if (page.tasks.size() == limit) {  // one more than fits: there is a next page
        page.next_cursor = make_cursor(page.tasks.back()->id());
        co_return page;
      }
      page.tasks.push_back(found->second.record);
    }
  }
  co_return page;
}

awaitable<change_result> memory_store::answer(std::string_view owner, std::string_view id,
                                              std::span<const response> responses) {
  co_return change(
      id, &owner,
      [&](const task_record& task, instant at) { return answered(task, responses, at); },
      growth::bounded);
}

awaitable<change_result> memory_store::cancel(std::string_view owner, std::string_view id,
                                              std::string_view reason) {
  co_return change(
      id, &owner, [&](const task_record& task, instant at) { return cancelled(task, reason, at); });
}

awaitable<change_result> memory_store::set_retention(std::string_view owner, std::string_view id,
                                                     std::optional<milliseconds> retention) {
  co_return change(id, &owner, [&](const task_record& task, instant at) {
    return retained(task, retention, at);
  });
}

awaitable<change_result> memory_store::reveal(std::string_view owner, std::string_view id,
                                              std::optional<milliseconds> retention) {
  co_return change(id, &owner, [&](const task_record& task, instant at) {
    return revealed(task, retention, at);
  });
}

// --- workers' side

awaitable<change_result> memory_store::report(std::string_view id, writer by,
                                              const report_change& what) {
  co_return change(id, nullptr, [&](const task_record& task, instant at) {
    return reported(task, by, what, at);
  });
}

awaitable<change_result> memory_store::ask(std::string_view id, writer by,
                                           std::span<const question> questions) {
  co_return change(id, nullptr, [&](const task_record& task, instant at) {
    return asked(task, by, questions, at);
  });
}

awaitable<change_result> memory_store::finish(std::string_view id, writer by, const outcome& result,
                                              std::string_view message) {
  co_return change(id, nullptr, [&](const task_record& task, instant at) {
    step ended = finished(task, by, result, message, at);
    const std::size_t bytes = result.body.size();
    if (ended.code != change_code::applied || bytes <= small_payload ||
        quotas_.has_memory(task.origin->quota, bytes)) {
      return ended;
    }
    constexpr std::string_view why = "there is no memory left for the result (max_memory)";
    const outcome lost = outcome::protocol_error(error_codes::result_too_large, std::string(why));
    return finished(task, by, lost, why, at);
  });
}

awaitable<change_result> memory_store::release(std::string_view id, writer by) {
  co_return change(id, nullptr,
                   [&](const task_record& task, instant at) { return released(task, by, at); });
}

// --- processes

void memory_store::take_intake(shard& from) {
  const guard lock(from.mutex);
  for (origin_ptr& origin : from.intake) {
    const auto found = from.tasks.find(origin->id);
    if (found == from.tasks.end() || !claimable(*found->second.record)) continue;
    queue_.add(std::move(origin), found->second.record->run_at);
  }
  from.intake.clear();
  from.has_intake.store(false, std::memory_order_relaxed);
}

std::vector<task_ptr> memory_store::claim_now(const claim_request& request) {
  std::vector<task_ptr> taken;
  if (request.count == 0 || leases_.buried(request.process)) return taken;
  const instant at = now();
  const guard lock(queue_mutex_);
  for (shard& in : shards_) {
    if (in.has_intake.load(std::memory_order_relaxed)) take_intake(in);
  }
  queue_.advance(at.mono);
  auto tools = request.tools;
  while (taken.size() < request.count) {
    const origin_ptr origin = queue_.pop(tools, request.saturated);
    if (!origin) break;
    shard& in = shard_of(origin->id);
    const guard shard_lock(in.mutex);
    const auto found = in.tasks.find(origin->id);
    if (found == in.tasks.end()) continue;
    step next = stores::claimed(*found->second.record, request.process, at);
    if (next.code != change_code::applied) continue;  // ended meanwhile
    install(in, found->second, std::move(next.next));
    taken.push_back(found->second.record);
    --tools.find(origin->tool)->second;
  }
  return taken;
}

awaitable<std::vector<task_ptr>> memory_store::claim(const claim_request& request) {
  auto taken = claim_now(request);
  if (observer_) {
    for (const task_ptr& task : taken) observer_(task);
  }
  co_return taken;
}

awaitable<renew_result> memory_store::renew(process_id process, milliseconds lease) {
  const bool alive = leases_.renew(process, saturating_add(clock_.monotonic(), lease));
  co_return renew_result(alive);
}

void memory_store::recover_shard(shard& in, instant at, recover_result& result) {
  std::vector<aftermath> changes;
  {
    const guard lock(in.mutex);
    std::vector<std::string_view> orphans;
    for (const std::string_view id : in.running) {
      if (!leases_.alive(*in.tasks.find(id)->second.record->process)) orphans.push_back(id);
    }
    for (const std::string_view id : orphans) {
      entry& found = in.tasks.find(id)->second;
      step next = lost(*found.record, at);
      if (next.code != change_code::applied) continue;
      ++(next.next->terminal() ? result.failed : result.handed_back);
      changes.push_back(install(in, found, std::move(next.next)));
    }
  }
  for (const aftermath& after : changes) settle(after);
}

awaitable<recover_result> memory_store::recover() {
  recover_result result;
  const instant at = now();
  leases_.bury(at.mono);
  for (shard& in : shards_) recover_shard(in, at, result);
  co_return result;
}

awaitable<std::vector<task_ptr>> memory_store::claimed(process_id process) {
  std::vector<task_ptr> result;
  for (shard& in : shards_) {
    const guard lock(in.mutex);
    for (const std::string_view id : in.running) {
      const task_ptr& task = in.tasks.find(id)->second.record;
      if (task->process == process) result.push_back(task);
    }
  }
  co_return result;
}

awaitable<std::vector<task_ptr>> memory_store::external(std::string_view tool,
                                                        std::string_view after, std::size_t limit) {
  std::vector<task_ptr> result;
  for (shard& in : shards_) {
    const guard lock(in.mutex);
    for (const auto& [id, at] : in.tasks) {
      const task_record& task = *at.record;
      if (!task.origin->external || task.terminal() || id <= after) continue;
      if (tool.empty() || task.tool() == tool) result.push_back(at.record);
    }
  }
  std::sort(result.begin(), result.end(),
            [](const task_ptr& a, const task_ptr& b) { return a->id() < b->id(); });
  if (result.size() > limit) result.resize(limit);
  co_return result;
}

// --- time

std::size_t memory_store::fail_overdue(shard& in, monotonic_time by, std::size_t batch) {
  std::vector<aftermath> changes;
  {
    const guard lock(in.mutex);
    while (changes.size() < batch && !in.limits.empty() && in.limits.begin()->first <= by) {
      entry& found = in.tasks.find(in.limits.begin()->second)->second;
      step next = timed_out(*found.record, now());
      if (next.code != change_code::applied) break;  // the clock went back: not due any more
      changes.push_back(install(in, found, std::move(next.next)));
    }
  }
  for (const aftermath& after : changes) settle(after);
  return changes.size();
}

awaitable<std::size_t> memory_store::expire(std::size_t batch) {
  // Begins elsewhere each time, or a full batch would keep the last shards waiting for ever.
  const std::size_t first = next_expiry_shard_.fetch_add(1, std::memory_order_relaxed);
  const monotonic_time by = clock_.monotonic();
  std::size_t failed = 0;
  for (std::size_t i = 0; i < shards_.size() && failed < batch; ++i) {
    failed += fail_overdue(shards_[(first + i) % shards_.size()], by, batch - failed);
  }
  co_return failed;
}

// What it carries goes; the id of the record that stays is another string: it is entered anew.
void memory_store::empty(shard& in, std::string_view id) {
  const auto found = in.tasks.find(id);
  entry at = std::move(found->second);
  unschedule(in, at);
  in.tasks.erase(found);
  at.record = emptied(*at.record);
  const std::size_t before = std::exchange(at.bytes, size_of(*at.record));
  quotas_.resized_ended(at.record->origin->quota, before, at.bytes);
  entry& again = in.tasks[at.record->id()] = std::move(at);
  schedule(in, again);
}

std::size_t memory_store::remove_overdue(shard& in, monotonic_time by, std::size_t batch,
                                         std::vector<std::string>& removed) {
  std::vector<task_ptr> gone;
  {
    const guard lock(in.mutex);
    while (gone.size() < batch && !in.endings.empty() && in.endings.begin()->first <= by) {
      const auto found = in.tasks.find(in.endings.begin()->second);
      entry& at = found->second;
      const task_ptr task = at.record;
      if (const auto removal = removal_due(*task); !removal || *removal > by) {
        empty(in, task->id());
        continue;
      }
      unschedule(in, at);
      count(in, *task, false);
      if (!task->hidden) owners_.remove(*task->origin);
      quotas_.removed(task->origin->quota, at.bytes);
      in.tasks.erase(found);
      gone.push_back(task);
    }
  }
  for (const task_ptr& task : gone) {
    if (!task->origin->idempotency_key.empty()) keys_.remove(*task->origin);
    removed.push_back(task->id());
  }
  return gone.size();
}

awaitable<std::vector<std::string>> memory_store::purge(std::size_t batch) {
  const std::size_t first = next_purge_shard_.fetch_add(1, std::memory_order_relaxed);
  const monotonic_time by = clock_.monotonic();
  std::vector<std::string> removed;
  for (std::size_t i = 0; i < shards_.size() && removed.size() < batch; ++i) {
    remove_overdue(shards_[(first + i) % shards_.size()], by, batch - removed.size(), removed);
  }
  co_return removed;
}

awaitable<store_stats> memory_store::stats() {
  std::array<std::size_t, 5> all{};
  store_stats result;
  for (shard& in : shards_) {
    const guard lock(in.mutex);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] += in.by_status[i];
    result.queued += in.queued;
    for (const auto& [id, stored] : in.tasks) {
      const task_record& task = *stored.record;
      if (!task.terminal() && !task.origin->external) ++result.open_by_tool[task.tool()];
    }
  }
  result.working = all[static_cast<std::size_t>(task_status::working)];
  result.input_required = all[static_cast<std::size_t>(task_status::input_required)];
  result.completed = all[static_cast<std::size_t>(task_status::completed)];
  result.failed = all[static_cast<std::size_t>(task_status::failed)];
  result.cancelled = all[static_cast<std::size_t>(task_status::cancelled)];
  result.bytes = quotas_.bytes();
  co_return result;
}

awaitable<std::vector<std::string>> memory_store::unknown(std::span<const std::string> ids) {
  std::vector<std::string> result;
  for (const std::string& id : ids) {
    shard& in = shard_of(id);
    const guard lock(in.mutex);
    if (!in.tasks.contains(std::string_view(id))) result.push_back(id);
  }
  co_return result;
}

std::size_t memory_store::index_size() {
  std::size_t all = owners_.size() + quotas_.size() + keys_.size();
  {
    const guard lock(queue_mutex_);
    for (shard& in : shards_) take_intake(in);
    all += queue_.size();
  }
  for (shard& in : shards_) {
    const guard lock(in.mutex);
    all += in.running.size() + in.limits.size() + in.endings.size();
  }
  return all;
}

awaitable<void> memory_store::migrate() { co_return; }

}  // namespace longhaul::stores

namespace longhaul {

std::shared_ptr<stores::store> memory_store(const clock_source& clock) {
  return std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
}

}  // namespace longhaul
