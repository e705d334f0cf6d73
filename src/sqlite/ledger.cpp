// SPDX-License-Identifier: Apache-2.0
#include "sqlite/ledger.hpp"

#include <algorithm>
#include <tuple>

#include "base/clock_arithmetic.hpp"
#include "stores/bounds.hpp"

namespace longhaul::sqlite {
namespace {

using stores::change_code;
using stores::create_code;

/// Free pages are used again; only when they are most of the file, and at least 4 MiB, is it made
/// smaller, so much at a time.
constexpr std::int64_t min_free_pages = 1024;

bool waits(const task_record& task) noexcept {
  return task.status == task_status::working && stores::claimable(task);
}

std::size_t index_of(task_status status) noexcept { return static_cast<std::size_t>(status); }

// The time between the end of a process and now was nobody's running time.
task_record without_downtime(const task_record& task, monotonic_time last_heard,
                             monotonic_time now) {
  task_record paused = task;
  if (paused.status == task_status::working && paused.overall_left) {
    const milliseconds down = elapsed(std::max(last_heard, task.anchor), now);
    paused.overall_left = saturating_add(*paused.overall_left, down);
  }
  return paused;
}

// A task that may wait for hours does not keep what only its handler wants.
std::shared_ptr<task_record> abridge(std::shared_ptr<task_record> task) {
  const task_origin& origin = *task->origin;
  if (origin.arguments.size() + origin.request_meta.size() <= stores::small_payload) return task;
  auto lean = std::make_shared<task_origin>(origin);
  lean->arguments = {};
  // Streams that follow the task later look for its progress token there.
  if (origin.request_meta.size() > stores::small_payload) lean->request_meta = {};
  auto result = std::make_shared<task_record>(*task);
  result->origin = std::move(lean);
  result->abridged = true;
  return result;
}

}  // namespace

ledger::ledger(connection& in, timeline& time, stores::lease_table& leases, claims_of whose)
    : in_(in), time_(time), leases_(leases), rows_(in), last_seq_(rows_.last_seq()) {
  rows_.each_finished([&](const task_writer::finished_count& count) {
    const auto n = static_cast<std::size_t>(std::max<std::int64_t>(count.n, 0));
    const auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(count.bytes, 0));
    quotas_.restore(count.quota, {0, 0, n, bytes});
    by_status_[index_of(count.status)] += n;
  });
  rows_.each_live([&](task_row row) {
    auto quota = quotas_.restore(row.record->origin->quota, {1, row.bytes, 1, row.bytes});
    add(std::move(row), std::move(quota), whose == claims_of::former_process);
  });
  next_removal_ = rows_.next_removal();
}

bool ledger::visible(const task_record& task) const {
  const auto due = stores::removal_due(task);
  return !due || *due > now().mono;
}

// --- bookkeeping in memory

void ledger::count(const task_record& task, bool arrives) {
  const std::size_t by = arrives ? 1 : static_cast<std::size_t>(-1);
  by_status_[index_of(task.status)] += by;
  if (waits(task)) queued_ += by;
}

void ledger::unschedule(entry& at) {
  if (!at.limit) return;
  limits_.erase({*at.limit, at.record->id()});
  at.limit.reset();
}

void ledger::schedule(entry& at) {
  const auto limit = stores::limit_due(*at.record);
  if (!limit) return;
  at.limit = limit->at;
  limits_.emplace(limit->at, at.record->id());
}

void ledger::schedule_removal(const task_record& ended) {
  if (const auto due = stores::next_due(ended)) next_removal_ = std::min(next_removal_, *due);
}

monotonic_time ledger::next_limit() const {
  return limits_.empty() ? monotonic_time::max() : limits_.begin()->first;
}

void ledger::add(task_row row, std::shared_ptr<stores::quota_table::use> quota, bool inherited) {
  const std::string_view id = row.record->id();
  entry& at = live_[id];
  at.seq = row.seq;
  at.record = std::move(row.record);
  at.bytes = row.bytes;
  at.quota = std::move(quota);
  at.inherited = inherited && at.record->process;
  count(*at.record, true);
  schedule(at);
  if (at.record->process) running_.insert(id);
  if (stores::claimable(*at.record)) queue_.add(at.record->origin, at.record->run_at);
}

std::size_t ledger::size_after(const entry& at, const task_record& next) {
  return at.bytes - stores::changing_size_of(*at.record) + stores::changing_size_of(next);
}

void ledger::install(entry& at, std::shared_ptr<const task_record> next, std::size_t counted) {
  const std::size_t bytes = size_after(at, *next);
  rows_.update(at.seq, *at.record, *next, bytes);

  const task_ptr before = at.record;
  quotas_.resized(*at.quota, at.bytes + counted, bytes);
  at.bytes = bytes;
  count(*before, false);
  unschedule(at);
  at.record = std::move(next);
  at.inherited = false;
  const task_record& task = *at.record;
  count(task, true);
  changed_.push_back(at.record);
  if (before->process && !task.process) running_.erase(task.id());
  if (!before->process && task.process) running_.insert(task.id());
  const bool waited = stores::claimable(*before), waits_now = stores::claimable(task);
  if (waited && !waits_now) queue_.remove(*task.origin, before->run_at);
  if (!waited && waits_now) queue_.add(task.origin, task.run_at);
  if (!task.terminal()) {
    schedule(at);
    return;
  }
  quotas_.closed(*at.quota, bytes);
  count_finished(task.origin->quota, task.status, 1, static_cast<std::int64_t>(bytes));
  schedule_removal(task);
  live_.erase(std::string_view(task.id()));
}

task_ptr ledger::whole(const entry& at, const task_ptr& record) {
  if (!record->abridged) return record;
  const auto row = rows_.find(record->id());
  if (!row || row->seq != at.seq) {
    throw sqlite_error("task " + record->id() + " is not in the file", SQLITE_CORRUPT);
  }
  auto result = std::make_shared<task_record>(*record);
  result->origin = row->record->origin;
  result->abridged = false;
  return result;
}

void ledger::count_finished(const std::string& quota, task_status status, std::int64_t by,
                            std::int64_t bytes) {
  finished_change& change = finished_by_[{quota, status}];
  change.n += by;
  change.bytes += bytes;
}

void ledger::flush() {
  for (const auto& [of, by] : finished_by_) {
    if (by.n == 0 && by.bytes == 0) continue;
    task_writer::finished_count count;
    std::tie(count.quota, count.status) = of;
    count.n = by.n;
    count.bytes = by.bytes;
    rows_.add_finished(count);
  }
  finished_by_.clear();
  const bool wrote = !changed_.empty() || !removed_.empty();
  if ((wrote && time_.due()) || touch_) time_.save(in_);
  touch_ = false;
}

// --- operations

stores::create_result ledger::create(const stores::new_task& task) {
  const task_origin& origin = *task.origin;
  const auto same_id = [&](const task_ptr& known) -> stores::create_result {
    if (known->owner() != origin.owner) {
      throw stores::store_error("two tasks have the same id", false);
    }
    return {create_code::created, known, {}};
  };
  if (const auto known = live_.find(std::string_view(origin.id)); known != live_.end()) {
    return same_id(whole(known->second, known->second.record));
  }
  if (!origin.idempotency_key.empty()) {
    if (const auto known = rows_.find_by_key(origin)) {
      const task_record& earlier = *known->record;
      if (earlier.id() == origin.id) return {create_code::created, known->record, {}};
      if (visible(earlier)) {
        if (earlier.origin->arguments_hash != origin.arguments_hash) {
          return {create_code::key_conflict, nullptr, {}};
        }
        return {create_code::existing, known->record, {}};
      }
      const std::size_t less = known->bytes - std::min(known->bytes, origin.idempotency_key.size());
      rows_.forget_key(known->seq, less);
      count_finished(earlier.origin->quota, earlier.status, 0,
                     static_cast<std::int64_t>(less) - static_cast<std::int64_t>(known->bytes));
      quotas_.resized_ended(earlier.origin->quota, known->bytes, less);
    }
  }
  task_row row;
  const auto record = std::make_shared<task_record>(stores::initial(task, now()));
  row.bytes = stores::size_of(*record);
  auto admitted = quotas_.admit(origin.quota, task.bounds, row.bytes);
  if (!admitted.granted) {
    // Over the bound, but this may be a repetition of what was within it.
    if (const auto known = rows_.find(origin.id)) return same_id(known->record);
    return {create_code::busy, nullptr, admitted.bound};
  }
  row.seq = last_seq_ + 1;
  if (!rows_.insert(row.seq, *record, row.bytes)) {  // it has ended already
    quotas_.closed(*admitted.granted, row.bytes);
    quotas_.removed(origin.quota, row.bytes);
    return same_id(rows_.find(origin.id)->record);
  }
  last_seq_ = row.seq;
  row.record = abridge(record);
  changed_.push_back(row.record);
  add(std::move(row), std::move(admitted.granted), false);
  return {create_code::created, record, {}};
}

stores::change_result ledger::change_ended(
    std::string_view id, std::optional<std::string_view> owner,
    const std::function<stores::step(const task_record&)>& next) {
  const auto row = rows_.find(id);
  const bool there = row && visible(*row->record) && (!owner || row->record->owner() == *owner);
  if (!there) return {change_code::not_found, nullptr};
  stores::step step = next(*row->record);
  if (step.code == change_code::not_found) return {step.code, nullptr};
  if (step.code != change_code::applied) return {step.code, row->record};
  rows_.update(row->seq, *row->record, *step.next, row->bytes);
  schedule_removal(*step.next);
  changed_.push_back(abridge(step.next));
  return {change_code::applied, std::move(step.next)};
}

std::vector<task_ptr> ledger::claim(const stores::claim_request& request) {
  std::vector<task_ptr> taken;
  if (request.count == 0 || leases_.buried(request.process)) return taken;
  const stores::instant at = now();
  queue_.advance(at.mono);
  auto tools = request.tools;
  while (taken.size() < request.count) {
    const auto origin = queue_.pop(tools, request.saturated);
    if (!origin) break;
    entry& found = live_.find(std::string_view(origin->id))->second;
    stores::step next = stores::claimed(*found.record, request.process, at);
    if (next.code != change_code::applied) continue;
    taken.push_back(whole(found, next.next));
    install(found, std::move(next.next));
    --tools.find(origin->tool)->second;
  }
  return taken;
}

stores::renew_result ledger::renew(process_id process, milliseconds lease) {
  stores::renew_result result;
  result.alive = leases_.renew(process, saturating_add(now().mono, lease));
  // What runs has run until now, if we die.
  touch_ = touch_ || !running_.empty() || time_.skewed();
  return result;
}

stores::recover_result ledger::recover() {
  stores::recover_result result;
  const stores::instant at = now();
  leases_.bury(at.mono);
  std::vector<std::string_view> orphans;
  for (const std::string_view id : running_) {
    if (!leases_.alive(*live_.find(id)->second.record->process)) orphans.push_back(id);
  }
  for (const std::string_view id : orphans) {
    entry& found = live_.find(id)->second;
    stores::step next =
        found.inherited
            ? stores::lost(without_downtime(*found.record, time_.last_heard(), at.mono), at)
            : stores::lost(*found.record, at);
    if (next.code != change_code::applied) continue;
    ++(next.next->terminal() ? result.failed : result.handed_back);
    install(found, std::move(next.next));
  }
  return result;
}

std::vector<task_ptr> ledger::claimed(process_id process) const {
  std::vector<task_ptr> result;
  for (const std::string_view id : running_) {
    const task_ptr& task = live_.find(id)->second.record;
    if (task->process == process) result.push_back(task);
  }
  return result;
}

std::size_t ledger::expire(std::size_t batch) {
  const stores::instant at = now();
  std::size_t failed = 0;
  while (failed < batch && !limits_.empty() && limits_.begin()->first <= at.mono) {
    entry& found = live_.find(limits_.begin()->second)->second;
    stores::step next = stores::timed_out(*found.record, at);
    if (next.code != change_code::applied) break;
    install(found, std::move(next.next));
    ++failed;
  }
  return failed;
}

ledger::purged ledger::purge(std::size_t batch) {
  purged result;
  const auto overdue = rows_.overdue(now().mono, batch);
  for (const task_writer::overdue_row& row : overdue) {
    removed_.push_back(row.id);
    if (row.to_be_emptied) {
      empty(row);
      continue;
    }
    rows_.erase(row.seq);
    count_finished(row.quota, row.status, -1, -static_cast<std::int64_t>(row.bytes));
    --by_status_[index_of(row.status)];
    quotas_.removed(row.quota, row.bytes);
    result.ids.push_back(row.id);
  }
  next_removal_ = rows_.next_removal();
  result.all = overdue.size() < batch;
  if (result.all) shrink();
  return result;
}

void ledger::empty(const task_writer::overdue_row& row) {
  const auto known = rows_.find(row.id);
  if (!known) return;
  const auto left = stores::emptied(*known->record);
  const std::size_t bytes = stores::size_of(*left);
  rows_.empty(row.seq, *left, bytes);
  count_finished(row.quota, row.status, 0,
                 static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(row.bytes));
  quotas_.resized_ended(row.quota, row.bytes, bytes);
}

void ledger::shrink() {
  const std::int64_t free = in_.number("PRAGMA freelist_count");
  if (free < min_free_pages || 2 * free < in_.number("PRAGMA page_count")) return;
  in_.run("PRAGMA incremental_vacuum(" + std::to_string(min_free_pages) + ")");
}

stores::store_stats ledger::stats() {
  const auto of = [this](task_status status) { return by_status_[index_of(status)]; };
  stores::store_stats result;
  result.working = of(task_status::working);
  result.input_required = of(task_status::input_required);
  result.completed = of(task_status::completed);
  result.failed = of(task_status::failed);
  result.cancelled = of(task_status::cancelled);
  result.queued = queued_;
  for (const auto& [id, at] : live_) {
    if (!at.record->origin->external) ++result.open_by_tool[at.record->tool()];
  }
  result.bytes =
      static_cast<std::size_t>(in_.number("PRAGMA page_count") * in_.number("PRAGMA page_size"));
  return result;
}

}  // namespace longhaul::sqlite
