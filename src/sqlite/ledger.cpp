// SPDX-License-Identifier: Apache-2.0
#include "sqlite/ledger.hpp"

#include <algorithm>
#include <tuple>

#include "base/clock_arithmetic.hpp"
#include "longhaul/stores/bounds.hpp"
#include "sqlite/tunables.hpp"
#include "stores/abridged.hpp"

namespace longhaul::sqlite {
namespace {

using stores::change_code;
using stores::create_code;

}  // namespace

ledger::ledger(connection& file, timeline& time, stores::lease_table& leases, claims_of whose)
    : file_(file),
      time_(time),
      leases_(leases),
      rows_(file),
      last_seq_(rows_.last_seq()),
      tasks_(quotas_, runs_, stores::roster::ended_tasks::elsewhere) {
  rows_.each_finished([&](const task_writer::finished_count& count) {
    const auto tasks = static_cast<std::size_t>(std::max<std::int64_t>(count.tasks, 0));
    const auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(count.bytes, 0));
    quotas_.restore(count.quota, {0, 0, tasks, bytes});
    tasks_.restore_ended(count.tool, count.status, tasks);
  });
  for (const auto& [tool, since] : rows_.paused()) runs_.pause(tool, since);
  rows_.each_live([&](task_row row) {
    if (whose == claims_of::former_process && row.record->process) {
      inherited_.insert(row.record->id());
    }
    auto quota = quotas_.restore(row.record->origin->quota, {1, row.bytes, 1, row.bytes});
    if (row.record->process) runs_.begin(*row.record->origin);
    add(std::move(row), std::move(quota));
  });
  next_removal_ = rows_.next_removal();
}

// --- bookkeeping in memory

void ledger::schedule_removal(const task_record& ended) {
  if (const auto due = stores::next_due(ended)) next_removal_ = std::min(next_removal_, *due);
}

void ledger::add(task_row row, std::shared_ptr<stores::quota_table::use> quota) {
  entry task;
  task.record = std::move(row.record);
  task.quota = std::move(quota);
  task.bytes = row.bytes;
  task.row = row.seq;
  const task_record& record = *tasks_.add(std::move(task)).record;
  if (stores::claimable(record)) queue_.add(record.origin, record.run_at);
}

void ledger::install(entry& task, const stores::roster::decision& decided) {
  rows_.update(task.row, *task.record, *decided.next, decided.bytes);

  const stores::roster::effect effect = tasks_.replace(task, decided);
  const task_record& record = *decided.next;
  changed_.push_back(decided.next);
  if (effect.left_queue) queue_.remove(*record.origin, effect.run_at);
  if (effect.joined_queue) queue_.add(record.origin, record.run_at);
  if (effect.left_key) queue_.open(record.tool(), stores::line_of(*record.origin));
  if (!inherited_.empty()) inherited_.erase(record.id());
  if (!record.terminal()) return;
  count_finished(record.origin->quota, record.tool(), record.status, 1,
                 static_cast<std::int64_t>(decided.bytes));
  schedule_removal(record);
}

task_ptr ledger::whole(const entry& task, const task_ptr& record) {
  if (!record->abridged) return record;
  const auto row = rows_.find(record->id());
  if (!row || row->seq != task.row) {
    throw sqlite_error("task " + record->id() + " is not in the file", SQLITE_CORRUPT);
  }
  return stores::with_origin_of(record, *row->record);
}

void ledger::count_finished(const std::string& quota, const std::string& tool, task_status status,
                            std::int64_t tasks, std::int64_t bytes) {
  finished_change& change = finished_[{quota, tool, status}];
  change.tasks += tasks;
  change.bytes += bytes;
}

void ledger::flush() {
  for (const auto& [group, change] : finished_) {
    if (change.tasks == 0 && change.bytes == 0) continue;
    task_writer::finished_count count;
    std::tie(count.quota, count.tool, count.status) = group;
    count.tasks = change.tasks;
    count.bytes = change.bytes;
    rows_.add_finished(count);
  }
  finished_.clear();
  const bool wrote = !changed_.empty() || !removed_.empty();
  if ((wrote && time_.due()) || touch_) time_.save(file_);
  touch_ = false;
}

// --- operations

void ledger::forget_key(const task_row& expired) {
  const task_origin& origin = *expired.record->origin;
  const std::size_t less = expired.bytes - std::min(expired.bytes, origin.idempotency_key.size());
  rows_.forget_key(expired.seq, less);
  count_finished(origin.quota, origin.tool, expired.record->status, 0,
                 static_cast<std::int64_t>(less) - static_cast<std::int64_t>(expired.bytes));
  quotas_.resized_ended(origin.quota, expired.bytes, less);
}

stores::create_result ledger::create(const stores::new_task& task) {
  const task_origin& origin = *task.origin;
  if (const entry* known = tasks_.find(origin.id)) {
    return stores::known_by_id(whole(*known, known->record), origin);
  }
  if (!origin.idempotency_key.empty()) {
    if (const auto earlier = rows_.find_by_key(origin)) {
      const bool repeated = earlier->record->id() == origin.id;
      if (repeated || visible(*earlier->record)) {
        return stores::known_by_key(earlier->record, origin);
      }
      forget_key(*earlier);
    }
  }
  if (origin.unique_hash) {
    const auto earlier = rows_.find_by_hash(origin);
    if (earlier && stores::holds_unique(*earlier->record, now().mono)) {
      return stores::known_by_hash(earlier->record, origin);
    }
  }
  task_row row;
  stores::run_counts::place run(runs_, task);
  const auto record = std::make_shared<task_record>(stores::initial(task, now(), run.taken()));
  row.bytes = stores::size_of(*record);
  auto admitted = quotas_.admit(origin.quota, task.bounds, row.bytes);
  if (!admitted.granted) {
    // Over the bound, but this may be a repetition of what was within it.
    if (const auto known = rows_.find(origin.id)) {
      return stores::known_by_id(known->record, origin);
    }
    return {create_code::busy, nullptr, admitted.bound};
  }
  row.seq = last_seq_ + 1;
  if (!rows_.insert(row.seq, *record, row.bytes)) {  // it has ended already
    quotas_.closed(*admitted.granted, row.bytes);
    quotas_.removed(origin.quota, row.bytes);
    return stores::known_by_id(rows_.find(origin.id)->record, origin);
  }
  last_seq_ = row.seq;
  row.record = stores::abridged(record);
  changed_.push_back(row.record);
  add(std::move(row), std::move(admitted.granted));
  run.keep();
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
  changed_.push_back(stores::abridged(step.next));
  return {change_code::applied, std::move(step.next)};
}

std::vector<task_ptr> ledger::claim(const stores::claim_request& request) {
  std::vector<task_ptr> taken;
  if (request.count == 0 || leases_.buried(request.process)) return taken;
  const stores::instant at = now();
  queue_.serve(request, at.mono, [&](const task_origin& origin) {
    entry& task = *tasks_.find(origin.id);
    const auto decided = tasks_.admit(task, stores::claimed(*task.record, request.process, at));
    if (!decided.next) return false;
    taken.push_back(whole(task, decided.next));
    install(task, decided);
    return true;
  });
  return taken;
}

std::size_t ledger::queued_before(std::string_view id, std::size_t most) {
  const entry* const task = tasks_.find(id);
  if (task == nullptr || !stores::claimable(*task->record)) return 0;
  queue_.advance(now().mono);
  return queue_.before(*task->record->origin, most);
}

stores::renew_result ledger::renew(process_id process, milliseconds lease) {
  stores::renew_result result;
  result.alive = leases_.renew(process, saturating_add(now().mono, lease));
  // What runs has run until now, if we die.
  touch_ = touch_ || tasks_.any_running() || time_.skewed();
  return result;
}

stores::recover_result ledger::recover() {
  stores::recover_result result;
  const stores::instant at = now();
  leases_.bury(at.mono);
  for (const std::string_view id : tasks_.orphans(leases_)) {
    entry& task = *tasks_.find(id);
    const task_record& record = *task.record;
    stores::step next =
        inherited_.contains(record.id())
            ? stores::lost(stores::without_downtime(record, time_.last_heard(), at.mono), at)
            : stores::lost(record, at);
    const auto decided = tasks_.admit(task, std::move(next));
    if (!decided.next) continue;
    ++(decided.next->terminal() ? result.failed : result.handed_back);
    install(task, decided);
  }
  return result;
}

std::vector<task_ptr> ledger::claimed(process_id process) const {
  std::vector<task_ptr> result;
  tasks_.claimed_by(process, result);
  return result;
}

std::size_t ledger::expire(std::size_t batch) {
  const stores::instant at = now();
  std::size_t failed = 0;
  for (; failed < batch; ++failed) {
    entry* const task = tasks_.overdue(at.mono);
    if (task == nullptr) break;
    const auto decided = tasks_.admit(*task, stores::timed_out(*task->record, at));
    if (!decided.next) break;
    install(*task, decided);
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
    count_finished(row.quota, row.tool, row.status, -1, -static_cast<std::int64_t>(row.bytes));
    tasks_.remove_ended(row.tool, row.status, row.quota, row.bytes);
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
  count_finished(row.quota, row.tool, row.status, 0,
                 static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(row.bytes));
  quotas_.resized_ended(row.quota, row.bytes, bytes);
}

void ledger::shrink() {
  const std::int64_t free = file_.number("PRAGMA freelist_count");
  if (free < tunables::min_free_pages || 2 * free < file_.number("PRAGMA page_count")) return;
  file_.run("PRAGMA incremental_vacuum(" + std::to_string(tunables::min_free_pages) + ")");
}

stores::store_stats ledger::stats() {
  stores::store_stats result = stores::total_of(counts());
  result.bytes = static_cast<std::size_t>(file_.number("PRAGMA page_count") *
                                          file_.number("PRAGMA page_size"));
  return result;
}

stores::counts_by_tool ledger::counts() const {
  stores::counts_by_tool result;
  tasks_.add_to(result);
  return result;
}

bool ledger::pause(std::string_view tool) {
  if (runs_.is_paused(tool)) return false;
  const timestamp since = now().wall;
  rows_.pause(tool, since);
  return runs_.pause(tool, since);
}

bool ledger::resume(std::string_view tool) {
  rows_.resume(tool);
  return runs_.resume(tool);
}

}  // namespace longhaul::sqlite
