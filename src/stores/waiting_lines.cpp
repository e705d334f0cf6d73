// SPDX-License-Identifier: Apache-2.0
#include "stores/waiting_lines.hpp"

#include <utility>

namespace longhaul::stores {

void waiting_lines::add(origin_ptr task) {
  const std::string_view key = line_of(*task);
  auto line = lines_.find(key);
  if (line == lines_.end()) line = lines_.emplace(std::string(key), oldest_first()).first;
  const origin_ptr first = line->second.empty() ? nullptr : *line->second.begin();
  const auto at = line->second.emplace_hint(line->second.end(), std::move(task));
  if (at != line->second.begin() || !is_open(key)) return;
  if (first) candidates_.erase(first);
  candidates_.emplace_hint(candidates_.end(), *at);
}

bool waiting_lines::remove(const task_origin& task) {
  const auto line = lines_.find(line_of(task));
  if (line == lines_.end()) return false;
  const auto at = line->second.find(std::string_view(task.id));
  if (at == line->second.end()) return false;
  const bool stood_for_it = at == line->second.begin() && is_open(line->first);
  if (stood_for_it) candidates_.erase(*at);
  line->second.erase(at);
  if (line->second.empty()) {
    closed_.erase(line->first);
    lines_.erase(line);
  } else if (stood_for_it) {
    candidates_.insert(*line->second.begin());
  }
  return true;
}

void waiting_lines::close(std::string_view key) {
  const auto line = lines_.find(key);
  if (line == lines_.end() || !closed_.insert(std::string(key)).second) return;
  candidates_.erase(*line->second.begin());
}

void waiting_lines::open(std::string_view key) {
  const auto found = closed_.find(key);
  if (found == closed_.end()) return;
  closed_.erase(found);
  candidates_.insert(*lines_.find(key)->second.begin());
}

std::size_t waiting_lines::size() const noexcept {
  std::size_t all = 0;
  for (const auto& [key, line] : lines_) all += line.size();
  return all;
}

std::size_t waiting_lines::older_than(const task_origin& task, std::size_t most) const {
  std::size_t count = 0;
  for (const auto& [key, line] : lines_) {
    for (auto at = line.begin(); at != line.end() && count < most; ++at) {
      if ((*at)->id >= task.id) break;
      ++count;
    }
    if (count == most) break;
  }
  return count;
}

}  // namespace longhaul::stores
