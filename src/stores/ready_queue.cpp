// SPDX-License-Identifier: Apache-2.0
#include "stores/ready_queue.hpp"

namespace longhaul::stores {

void ready_queue::add(origin_ptr origin, monotonic_time run_at) {
  const std::pair<monotonic_time, std::string_view> key(run_at, origin->id);
  delayed_.emplace(key, std::move(origin));
}

void ready_queue::remove(const task_origin& origin, monotonic_time run_at) {
  if (delayed_.erase({run_at, origin.id}) != 0) return;
  const auto lines = ready_.find(origin.quota);
  if (lines == ready_.end()) return;
  const auto waiting = lines->second.find(origin.tool);
  if (waiting == lines->second.end()) return;
  const auto found = waiting->second.find(std::string_view(origin.id));
  if (found == waiting->second.end()) return;
  waiting->second.erase(found);
  if (waiting->second.empty()) lines->second.erase(waiting);
  if (lines->second.empty()) ready_.erase(lines);
}

void ready_queue::advance(monotonic_time now) {
  while (!delayed_.empty() && delayed_.begin()->first.first <= now) {
    origin_ptr origin = std::move(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
    oldest_first& waiting = ready_[origin->quota][origin->tool];
    waiting.emplace_hint(waiting.end(), std::move(origin));
  }
}

origin_ptr ready_queue::take_oldest(lines_by_tool& lines, const room_by_tool& tools) {
  auto oldest = lines.end();
  for (auto line = lines.begin(); line != lines.end(); ++line) {
    const auto room = tools.find(line->first);
    if (room == tools.end() || room->second == 0) continue;
    if (oldest == lines.end() || older()(*line->second.begin(), *oldest->second.begin())) {
      oldest = line;
    }
  }
  if (oldest == lines.end()) return nullptr;
  origin_ptr taken = *oldest->second.begin();
  oldest->second.erase(oldest->second.begin());
  if (oldest->second.empty()) lines.erase(oldest);
  return taken;
}

origin_ptr ready_queue::pop(const room_by_tool& tools, const names& saturated) {
  auto quota = ready_.upper_bound(served_);
  for (std::size_t tried = 0, all = ready_.size(); tried < all; ++tried, ++quota) {
    if (quota == ready_.end()) quota = ready_.begin();
    if (saturated.contains(quota->first)) continue;
    if (origin_ptr taken = take_oldest(quota->second, tools)) {
      served_ = quota->first;
      if (quota->second.empty()) ready_.erase(quota);
      return taken;
    }
  }
  return nullptr;
}

std::size_t ready_queue::size() const noexcept {
  std::size_t all = delayed_.size();
  for (const auto& [quota, lines] : ready_) {
    for (const auto& [tool, waiting] : lines) all += waiting.size();
  }
  return all;
}

}  // namespace longhaul::stores
