// SPDX-License-Identifier: Apache-2.0
#include "longhaul/stores/search.hpp"

#include <string.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "longhaul/stores/cursor.hpp"
#include "longhaul/stores/transitions.hpp"

namespace longhaul::stores {
namespace {

constexpr std::array<std::string_view, phase_count> names = {
    "waiting", "running", "input_required", "completed", "error", "failed", "cancelled"};

bool newer(const task_ptr& a, const task_ptr& b) noexcept { return a->id() > b->id(); }

bool more_use(const owner_use& a, const owner_use& b) noexcept {
  return std::tie(b.open, b.stored, a.owner) < std::tie(a.open, a.stored, b.owner);
}

}  // namespace

phase phase_of(const task_record& task) noexcept {
  switch (task.status) {
    case task_status::working:
      return queued(task) ? phase::waiting : phase::running;
    case task_status::input_required:
      return phase::input_required;
    case task_status::completed:
      return task.result.is_error ? phase::error : phase::completed;
    case task_status::failed:
      return phase::failed;
    case task_status::cancelled:
      break;
  }
  return phase::cancelled;
}

std::string_view to_string(phase where) noexcept { return names[static_cast<std::size_t>(where)]; }

std::optional<phase> parse_phase(std::string_view name) noexcept {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<phase>(found - names.begin());
}

task_matcher::task_matcher(const task_filter& filter)
    : filter_(filter), text_(lowered(filter.text)) {}

bool task_matcher::may_match(const task_record& task) const noexcept {
  if (task.hidden && (task.terminal() || !filter_.owner.empty())) return false;
  if (!task.id().starts_with(filter_.id_prefix)) return false;
  if (!filter_.phases.empty() && !filter_.phases.has(phase_of(task))) return false;
  if (!filter_.tool.empty() && task.tool() != filter_.tool) return false;
  if (!filter_.owner.empty() && task.owner() != filter_.owner) return false;
  const timestamp created = task.origin->created_at;
  return (!filter_.since || created >= *filter_.since) &&
         (!filter_.until || created <= *filter_.until);
}

bool task_matcher::is_in(std::string_view part) const {
  const std::string there = lowered(part);  // memmem takes no longer than both are long
  return ::memmem(there.data(), there.size(), text_.data(), text_.size()) != nullptr;
}

bool task_matcher::has_text(const task_record& task) const {
  if (text_.empty()) return true;
  const task_origin& origin = *task.origin;
  return is_in(origin.id) || is_in(task.status_message) || is_in(origin.tool) ||
         is_in(origin.owner) || is_in(origin.idempotency_key) ||
         (origin.concurrency_key && is_in(*origin.concurrency_key)) ||
         is_in(origin.arguments.view().substr(0, rules::searched_arguments));
}

std::string rules::ids_below(const task_filter& filter, std::string_view before) {
  std::string last = filter.id_prefix + "~";  // stands behind all characters of ids
  return before.empty() || last < before ? last : std::string(before);
}

found_page page_of(std::vector<task_ptr> tasks, const task_filter& filter, std::string_view before,
                   std::size_t limit) {
  const task_matcher matches(filter);
  std::erase_if(tasks, [&](const task_ptr& task) {
    return (!before.empty() && task->id() >= before) || !matches.may_match(*task);
  });
  limit = std::max<std::size_t>(limit, 1);
  const std::size_t wanted = matches.wants_text() ? rules::searched_tasks : limit;
  const std::size_t sorted = std::min(tasks.size(), wanted + 1);
  std::ranges::partial_sort(tasks, tasks.begin() + static_cast<std::ptrdiff_t>(sorted), newer);
  found_page page;
  for (const task_ptr& task : tasks) {
    if (page.tasks.size() == limit) {
      page.next_cursor = make_cursor(page.tasks.back()->id());
      break;
    }
    if (page.looked == wanted) {
      page.next_cursor = make_cursor(tasks[page.looked - 1]->id());
      page.complete = false;
      break;
    }
    ++page.looked;
    if (matches.has_text(*task)) page.tasks.push_back(task);
  }
  return page;
}

void keep_largest(std::vector<owner_use>& all, std::size_t most) {
  const auto kept = std::min(most, all.size());
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(kept), more_use);
  all.resize(kept);
}

task_ptr oldest_waiting_of(const std::vector<task_ptr>& tasks, monotonic_time now) noexcept {
  task_ptr oldest;
  for (const task_ptr& task : tasks) {
    const bool waits = queued(*task) && task->run_at <= now;
    if (waits && (!oldest || newer(oldest, task))) oldest = task;
  }
  return oldest;
}

}  // namespace longhaul::stores
