// SPDX-License-Identifier: Apache-2.0
#include "stores/ready_queue.hpp"

namespace longhaul::stores {

void ready_queue::add(origin_ptr origin, monotonic_time run_at) {
  const std::pair<monotonic_time, std::string_view> key(run_at, origin->id);
  delayed_.emplace(key, std::move(origin));
}

void ready_queue::remove(const task_origin& origin, monotonic_time run_at) {
  if (delayed_.erase({run_at, origin.id}) == 0) take_out(origin);
}

void ready_queue::take_out(const task_origin& task) {
  const auto quota = ready_.find(task.quota);
  if (quota == ready_.end()) return;
  const auto lines = quota->second.find(task.tool);
  if (lines == quota->second.end() || !lines->second.remove(task)) return;
  if (lines->second.empty()) quota->second.erase(lines);
  if (quota->second.empty()) ready_.erase(quota);
}

void ready_queue::close(const std::string& quota, const task_origin& task) {
  ready_.find(quota)->second.find(task.tool)->second.close(line_of(task));
  closed_[{task.tool, std::string(line_of(task))}].insert(quota);
}

void ready_queue::open(std::string_view tool, std::string_view key) {
  const auto found = closed_.find({std::string(tool), std::string(key)});
  if (found == closed_.end()) return;
  for (const std::string& name : found->second) {
    const auto quota = ready_.find(name);
    if (quota == ready_.end()) continue;
    const auto lines = quota->second.find(tool);
    if (lines != quota->second.end()) lines->second.open(key);
  }
  closed_.erase(found);
}

void ready_queue::advance(monotonic_time now) {
  while (!delayed_.empty() && delayed_.begin()->first.first <= now) {
    origin_ptr origin = std::move(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
    waiting_lines& lines = ready_[origin->quota][origin->tool];
    lines.add(std::move(origin));
  }
}

origin_ptr ready_queue::oldest(const lines_by_tool& lines, const by_name<std::size_t>& tools) {
  origin_ptr result;
  for (const auto& [tool, waiting] : lines) {
    const auto room = tools.find(tool);
    if (room == tools.end() || room->second == 0) continue;
    const origin_ptr first = waiting.oldest();
    if (first && (!result || older()(first, result))) result = first;
  }
  return result;
}

ready_queue::demand ready_queue::begin_claim(const claim_request& request) const {
  demand wanted{request, request.tools, request.handlers};
  std::erase_if(wanted.tools, [this](const auto& tool) { return runs_.is_paused(tool.first); });
  return wanted;
}

bool ready_queue::may_begin(const task_origin& task, demand& wanted) {
  ++looked_at_;
  const auto limit = wanted.request.concurrency.find(task.tool);
  const std::size_t most = limit == wanted.request.concurrency.end() ? 0 : limit->second;
  if (most == 0 || !task.concurrency_key) return runs_.try_begin(task, 0);
  const auto known = wanted.handlers.find({task.tool, *task.concurrency_key});
  if (known == wanted.handlers.end()) return runs_.try_begin(task, most);
  if (runs_.try_begin(task, most, known->second)) {
    ++known->second;
    return true;
  }
  if (runs_.running(known->first) < most) wanted.closed.push_back(known->first);
  return false;
}

origin_ptr ready_queue::pop(demand& wanted) {
  auto quota = ready_.upper_bound(served_);
  for (std::size_t tried = 0, all = ready_.size(); tried < all; ++tried, ++quota) {
    if (quota == ready_.end()) quota = ready_.begin();
    if (wanted.request.saturated.contains(quota->first)) continue;
    while (const origin_ptr first = oldest(quota->second, wanted.tools)) {
      if (!may_begin(*first, wanted)) {
        close(quota->first, *first);
        continue;
      }
      served_ = quota->first;
      take_out(*first);
      return first;
    }
  }
  return nullptr;
}

std::size_t ready_queue::before(const task_origin& task, std::size_t most) const {
  const auto quota = ready_.find(task.quota);
  if (quota == ready_.end()) return 0;
  const auto lines = quota->second.find(task.tool);
  return lines == quota->second.end() ? 0 : lines->second.older_than(task, most);
}

std::size_t ready_queue::size() const noexcept {
  std::size_t all = delayed_.size();
  for (const auto& [quota, lines] : ready_) {
    for (const auto& [tool, waiting] : lines) all += waiting.size();
  }
  return all;
}

}  // namespace longhaul::stores
