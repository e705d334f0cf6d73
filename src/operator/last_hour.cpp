// SPDX-License-Identifier: Apache-2.0
#include "operator/last_hour.hpp"

#include <algorithm>

#include "json/view.hpp"
#include "operator/tunables.hpp"

namespace longhaul::operating {
namespace {

bool is_failure(const task_record& task) noexcept {
  return task.status == task_status::failed ||
         (task.status == task_status::completed && task.result.is_error);
}

void count(ends& sums, const task_record& task) noexcept {
  if (is_failure(task)) {
    ++sums.failed;
  } else if (task.status == task_status::completed) {
    ++sums.completed;
  } else {
    ++sums.cancelled;
  }
}

// The text that a result begins with.
std::optional<std::string> first_text(const raw_json& body) {
  for (json::elements blocks{json::value(body)["content"]}; blocks.next();) {
    if (auto text = blocks.value()["text"].string()) return text;
  }
  return std::nullopt;
}

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.size() <= tunables::longest_reason) return text;
  std::size_t end = tunables::longest_reason;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "…";
}

// Where a share of all begins.
milliseconds at_share(const std::vector<milliseconds>& sorted, double share) {
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(at, sorted.size() - 1)];
}

}  // namespace

std::string reason_of(const task_record& task) {
  std::optional<std::string> text = task.result.is_protocol_error
                                        ? json::value(task.result.body)["message"].string()
                                        : first_text(task.result.body);
  if (!text || text->empty()) text = task.status_message;
  return first_line(std::move(*text));
}

ends& ends::operator+=(const ends& more) noexcept {
  created += more.created;
  completed += more.completed;
  failed += more.failed;
  cancelled += more.cancelled;
  return *this;
}

ends& last_hour::ring::at(minute now) {
  slot& mine = slots[static_cast<std::size_t>(now.time_since_epoch().count()) % slots.size()];
  if (mine.at != now) mine = {now, {}};
  return mine.sums;
}

ends last_hour::ring::sum(minute now) const {
  ends all;
  for (const slot& one : slots) {
    if (one.at <= now && now - one.at < std::chrono::minutes(minutes_shown)) all += one.sums;
  }
  return all;
}

// A figure that finds no memory is left out.
void last_hour::changed(const task_record& task) noexcept try {
  changes_.fetch_add(1, std::memory_order_relaxed);
  const bool is_new = task.rev == 1;
  if (!is_new && !task.ends) return;
  const minute at = now();
  std::string reason = task.ends && is_failure(task) ? reason_of(task) : std::string();
  const guard lock(mutex_);
  if (is_new) ++all_.at(at).created;
  if (task.ends) note_end(task, std::move(reason), at);
} catch (const std::exception&) {
  return;
}

void last_hour::note_end(const task_record& task, std::string reason, minute at) {
  count(all_.at(at), task);
  auto found = tools_.find(task.tool());
  if (found == tools_.end()) {
    if (tools_.size() == tunables::tools_kept) return;
    found = tools_.emplace(task.tool(), tool_figures()).first;
  }
  tool_figures& tool = found->second;
  count(tool.sums.at(at), task);
  if (task.status != task_status::cancelled && task.began_at != timestamp()) {
    tool.times.push_back({at, std::max(task.updated_at - task.began_at, milliseconds(0))});
    if (tool.times.size() > tunables::times_kept) tool.times.pop_front();
  }
  if (is_failure(task)) note_failure(tool, task, std::move(reason), at);
}

void last_hour::note_failure(tool_figures& tool, const task_record& task, std::string message,
                             minute at) {
  auto known = std::ranges::find(tool.reasons, message,
                                 [](const failures& one) { return one.reason.message; });
  if (known == tool.reasons.end()) {
    if (tool.reasons.size() == tunables::reasons_kept) {  // the one that is longest ago
      tool.reasons.erase(std::ranges::min_element(tool.reasons, {}, &failures::at));
    }
    tool.reasons.push_back({at, {std::move(message), 0, {}}});
    known = std::prev(tool.reasons.end());
  } else if (at - known->at >= std::chrono::minutes(minutes_shown)) {
    known->reason.count = 0;
  }
  known->at = at;
  ++known->reason.count;
  known->reason.last = task.id();
}

std::array<ends, minutes_shown> last_hour::minutes() const {
  std::array<ends, minutes_shown> result{};
  const minute last = now();
  const guard lock(mutex_);
  for (const slot& one : all_.slots) {
    const auto age = (last - one.at).count();
    if (age < 0 || age >= static_cast<std::int64_t>(minutes_shown)) continue;
    result[minutes_shown - 1 - static_cast<std::size_t>(age)] = one.sums;
  }
  return result;
}

timestamp last_hour::since() const { return now() - std::chrono::minutes(minutes_shown - 1); }

tool_hour last_hour::of_tool(std::string_view tool) const {
  tool_hour result;
  const minute last = now();
  const auto is_recent = [&](minute at) { return last - at < std::chrono::minutes(minutes_shown); };
  std::vector<milliseconds> times;
  {
    const guard lock(mutex_);
    const auto found = tools_.find(tool);
    if (found == tools_.end()) return result;
    result.sums = found->second.sums.sum(last);
    for (const run_time& one : found->second.times) {
      if (is_recent(one.at)) times.push_back(one.length);
    }
    for (const failures& one : found->second.reasons) {
      if (is_recent(one.at)) result.failures.push_back(one.reason);
    }
  }
  std::ranges::sort(result.failures, std::ranges::greater(), &failure_reason::count);
  if (times.empty()) return result;
  std::ranges::sort(times);
  result.p50 = at_share(times, 0.50);
  result.p95 = at_share(times, 0.95);
  return result;
}

}  // namespace longhaul::operating
