// SPDX-License-Identifier: Apache-2.0
#include "operator/work_figures.hpp"

#include <functional>

#include "longhaul/stores/bounds.hpp"

namespace longhaul::operating {

work_figures::work_figures() {
  using namespace stores::bound_names;
  for (const std::string_view bound :
       {open_per_quota, open_total, stored_per_quota, stored_total, arguments, open_bytes_per_quota,
        open_bytes_total, stored_bytes_per_quota, stored_bytes_total, memory, parked}) {
    refusals_.emplace(bound, 0);
  }
}

work_figures::~work_figures() {
  for (const auto& place : table_) delete place.load();
}

// The place of this tool, or the free one where it would be.
std::atomic<work_figures::of_tool*>& work_figures::place_of(std::string_view tool) {
  std::size_t at = std::hash<std::string_view>()(tool);
  while (true) {
    std::atomic<of_tool*>& place = table_[at++ % table_.size()];
    const of_tool* const there = place.load(std::memory_order_acquire);
    if (there == nullptr || there->name == tool) return place;
  }
}

work_figures::of_tool* work_figures::find(std::string_view tool) noexcept try {
  if (of_tool* const there = place_of(tool).load(std::memory_order_acquire)) return there;
  const guard lock(mutex_);  // a new one, once
  std::atomic<of_tool*>& place = place_of(tool);
  if (of_tool* const there = place.load(std::memory_order_acquire)) return there;
  if (count_ == tunables::tools_kept) {
    has_others_ = true;
    return &others_;
  }
  auto made = std::make_unique<of_tool>(tool);
  place.store(made.get(), std::memory_order_release);
  ++count_;
  return made.release();
} catch (const std::bad_alloc&) {
  return nullptr;
}

void work_figures::changed(const task_record& task) noexcept {
  if (!task.ends) return;
  of_tool* const tool = find(task.tool());
  if (tool == nullptr) return;
  outcome_kind how = cancelled;
  if (task.status == task_status::failed) how = failed;
  if (task.status == task_status::completed) how = task.result.is_error ? error : completed;
  tool->ended[how].add();
}

void work_figures::created(const task_record& task) noexcept {
  if (of_tool* const tool = find(task.tool())) tool->created.add();
}

void work_figures::began(const task_record& begun, milliseconds waited) noexcept {
  of_tool* const tool = find(begun.tool());
  if (tool == nullptr) return;
  tool->attempts.add();
  if (begun.attempt > 1) tool->retries.add();
  tool->waited.note(waited);
}

void work_figures::returned(const task_record& begun, const stretch& ran,
                            tasks::attempt_end) noexcept {
  if (of_tool* const tool = find(begun.tool())) tool->ran.note(ran.length);
}

void work_figures::asked(const task_record& begun, const stretch& waited, std::size_t,
                         bool) noexcept {
  if (of_tool* const tool = find(begun.tool())) tool->asked.note(waited.length);
}

void work_figures::refused(std::string_view, std::string_view bound) noexcept try {
  const guard lock(mutex_);
  const auto found = refusals_.find(bound);
  if (found != refusals_.end()) {
    ++found->second;
  } else {
    refusals_.emplace(bound, 1);
  }
} catch (const std::bad_alloc&) {
  return;
}

std::vector<const work_figures::of_tool*> work_figures::tools() const {
  std::vector<const of_tool*> all;
  for (const auto& place : table_) {
    if (const of_tool* one = place.load(std::memory_order_acquire)) all.push_back(one);
  }
  if (has_others_) all.push_back(&others_);
  return all;
}

std::map<std::string, std::uint64_t, std::less<>> work_figures::refusals() const {
  const guard lock(mutex_);
  return refusals_;
}

}  // namespace longhaul::operating
