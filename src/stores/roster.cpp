// SPDX-License-Identifier: Apache-2.0
#include "stores/roster.hpp"

#include "longhaul/stores/bounds.hpp"

namespace longhaul::stores {

roster::entry* roster::find(std::string_view id) {
  const auto found = tasks_.find(id);
  return found == tasks_.end() ? nullptr : &found->second;
}

const roster::entry* roster::find(std::string_view id) const {
  const auto found = tasks_.find(id);
  return found == tasks_.end() ? nullptr : &found->second;
}

roster::entry& roster::add(entry task) {
  const std::string_view id = task.record->id();
  entry& added = tasks_[id] = std::move(task);
  count(*added.record);
  schedule(added);
  if (added.record->process) running_.insert(id);
  return added;
}

roster::decision roster::admit(const entry& task, step proposed, growth allowed) {
  decision decided{proposed.code};
  if (proposed.code != change_code::applied) return decided;
  // Records may be abridged, so only the part that changes is measured.
  decided.bytes = task.bytes - changing_size_of(*task.record) + changing_size_of(*proposed.next);
  if (allowed == growth::bounded && decided.bytes > task.bytes) {
    const std::size_t added = decided.bytes - task.bytes;
    if (!quotas_.try_grow(*task.quota, added)) return {change_code::busy};
    decided.counted = added;
  }
  decided.next = std::move(proposed.next);
  return decided;
}

change_result roster::told(const entry& task, const decision& decided) {
  if (decided.code == change_code::applied) return {decided.code, decided.next};
  if (decided.code == change_code::not_found) return {decided.code, nullptr};
  return {decided.code, task.record};
}

roster::effect roster::replace(entry& task, const decision& decided) {
  discount(*task.record);
  unschedule(task);
  const task_ptr before = std::exchange(task.record, decided.next);
  const task_record& after = *task.record;
  count(after);

  const std::size_t bytes_before = std::exchange(task.bytes, decided.bytes) + decided.counted;
  if (before->terminal()) {
    quotas_.resized_ended(after.origin->quota, bytes_before, task.bytes);
  } else {
    quotas_.resized(*task.quota, bytes_before, task.bytes);
    if (after.terminal()) quotas_.closed(*task.quota, task.bytes);
  }
  const bool stopped = before->process && !after.process;
  if (stopped) {
    running_.erase(after.id());
    runs_.end(*after.origin);
  }
  if (!before->process && after.process) running_.insert(after.id());

  const bool waited = claimable(*before), waits = claimable(after);
  const effect result{waited && !waits, !waited && waits, before->run_at,
                      before->hidden && !after.hidden, stopped && after.origin->concurrency_key};
  if (after.terminal() && !ended_here_) {
    tasks_.erase(std::string_view(after.id()));
  } else {
    schedule(task);
  }
  return result;
}

// The id of the record that stays is another string: it is entered anew.
void roster::empty(entry& task) {
  unschedule(task);
  entry left = std::move(task);
  tasks_.erase(std::string_view(left.record->id()));
  left.record = emptied(*left.record);
  const std::size_t before = std::exchange(left.bytes, size_of(*left.record));
  quotas_.resized_ended(left.record->origin->quota, before, left.bytes);
  entry& again = tasks_[left.record->id()] = std::move(left);
  schedule(again);
}

void roster::remove(entry& task) {
  unschedule(task);
  const task_ptr record = task.record;
  remove_ended(record->tool(), record->status, record->origin->quota, task.bytes);
  tasks_.erase(std::string_view(record->id()));
}

void roster::remove_ended(std::string_view tool, task_status status, std::string_view quota,
                          std::size_t bytes) {
  --number(tool, status);
  forget_unused(tool);
  quotas_.removed(quota, bytes);
}

// --- the two agendas

void roster::schedule(entry& task) {
  const task_record& record = *task.record;
  if (record.terminal()) {
    task.due = next_due(record, kept_);
    if (task.due) ends_.emplace_hint(ends_.end(), *task.due, record.id());
  } else if (const auto limit = limit_due(record)) {
    task.due = limit->at;
    limits_.emplace_hint(limits_.end(), *task.due, record.id());
  }
}

void roster::unschedule(entry& task) {
  if (!task.due) return;
  agenda& plan = task.record->terminal() ? ends_ : limits_;
  plan.erase({*task.due, task.record->id()});
  task.due.reset();
}

roster::entry* roster::first_due(const agenda& plan, monotonic_time now) {
  if (plan.empty() || plan.begin()->first > now) return nullptr;
  return find(plan.begin()->second);
}

roster::entry* roster::overdue(monotonic_time now) { return first_due(limits_, now); }

roster::entry* roster::overdue_end(monotonic_time now) { return first_due(ends_, now); }

monotonic_time roster::next_limit() const {
  return limits_.empty() ? monotonic_time::max() : limits_.begin()->first;
}

// --- what is counted, and who runs

status_counts& roster::counts_of(std::string_view tool) {
  const auto found = by_tool_.find(tool);
  return found != by_tool_.end() ? found->second : by_tool_[std::string(tool)];
}

std::size_t& roster::number(std::string_view tool, task_status status) {
  return counts_of(tool).at(status);
}

void roster::forget_unused(std::string_view tool) {
  const auto found = by_tool_.find(tool);
  if (found != by_tool_.end() && found->second == status_counts()) by_tool_.erase(found);
}

void roster::count(const task_record& task) {
  status_counts& counts = counts_of(task.tool());
  ++counts.at(task.status);
  if (queued(task)) ++counts.queued;
  if (task.origin->external && !task.terminal()) ++counts.external;
}

void roster::discount(const task_record& task) {
  status_counts& counts = counts_of(task.tool());
  --counts.at(task.status);
  if (queued(task)) --counts.queued;
  if (task.origin->external && !task.terminal()) --counts.external;
}

std::vector<std::string_view> roster::orphans(const lease_table& leases) const {
  std::vector<std::string_view> result;
  for (const std::string_view id : running_) {
    if (!leases.alive(*find(id)->record->process)) result.push_back(id);
  }
  return result;
}

void roster::claimed_by(process_id process, std::vector<task_ptr>& result) const {
  for (const std::string_view id : running_) {
    const task_ptr& task = find(id)->record;
    if (task->process == process) result.push_back(task);
  }
}

void roster::add_to(counts_by_tool& counts) const {
  for (const auto& [tool, mine] : by_tool_) counts[tool] += mine;
}

}  // namespace longhaul::stores
