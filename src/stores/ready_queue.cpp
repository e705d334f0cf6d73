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
    line& waiting = ready_[origin->quota][origin->tool];
    waiting.emplace_hint(waiting.end(), std::move(origin));
  }
}

ready_queue::origin_ptr ready_queue::take_oldest(lines_by_tool& lines, const room_by_tool& tools) {
  auto oldest = lines.end();
  for (auto at = lines.begin(); at != lines.end(); ++at) {
    const auto room = tools.find(at->first);
    if (room == tools.end() || room->second == 0) continue;
    if (oldest == lines.end() || (*at->second.begin())->id < (*oldest->second.begin())->id) {
      oldest = at;
    }
  }
  if (oldest == lines.end()) return nullptr;
  origin_ptr taken = *oldest->second.begin();
  oldest->second.erase(oldest->second.begin());
  if (oldest->second.empty()) lines.erase(oldest);
  return taken;
}

ready_queue::origin_ptr ready_queue::pop(const room_by_tool& tools, const names& saturated) {
  auto at = ready_.upper_bound(served_);
  for (std::size_t tried = 0, all = ready_.size(); tried < all; ++tried, ++at) {
    if (at == ready_.end()) at = ready_.begin();
    if (saturated.contains(at->first)) continue;
    if (origin_ptr taken = take_oldest(at->second, tools)) {
      served_ = at->first;
      if (at->second.empty()) ready_.erase(at);
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
