// SPDX-License-Identifier: Apache-2.0
#include "sqlite/task_cache.hpp"

#include <functional>

namespace longhaul::sqlite {
namespace {

std::size_t size_of(const task_record& task) {
  std::size_t bytes = tunables::cached_overhead + task.origin->arguments.size() +
                      task.origin->request_meta.size() + task.result.body.size() +
                      task.status_message.size();
  if (!task.inputs) return bytes;
  for (const task_input& input : *task.inputs) {
    bytes += sizeof(task_input) + input.key.size() + input.request.size() + input.response.size();
  }
  return bytes;
}

}  // namespace

task_cache::shard& task_cache::shard_of(std::string_view id) const noexcept {
  return shards_[std::hash<std::string_view>()(id) % shards_.size()];
}

task_ptr task_cache::find(std::string_view id) const {
  shard& home = shard_of(id);
  const guard lock(home.mutex);
  const auto found = home.tasks.find(id);
  return found == home.tasks.end() ? nullptr : found->second;
}

void task_cache::put(const task_ptr& task) {
  {
    shard& home = shard_of(task->id());
    const guard lock(home.mutex);
    const auto found = home.tasks.find(std::string_view(task->id()));
    if (found == home.tasks.end()) {
      home.tasks.emplace(task->id(), task);
    } else if (found->second->rev > task->rev) {
      return;
    } else if (found->second->origin == task->origin) {
      found->second = task;
    } else {  // read from the file again: the key is a view of the old one's id
      home.tasks.erase(found);
      home.tasks.emplace(task->id(), task);
    }
  }
  if (task->terminal()) keep_ended(task);
}

void task_cache::keep_ended(const task_ptr& task) {
  const std::size_t bytes = size_of(*task);
  const guard lock(ended_mutex_);
  ended_.emplace_back(task->id(), bytes);
  ended_bytes_ += bytes;
  while (ended_bytes_ > max_ended_bytes_ && !ended_.empty()) {
    ended_bytes_ -= ended_.front().second;
    remove(ended_.front().first);
    ended_.pop_front();
  }
}

void task_cache::forget_ended() {
  const guard lock(ended_mutex_);
  for (const auto& [id, bytes] : ended_) remove(id);
  ended_.clear();
  ended_bytes_ = 0;
}

void task_cache::remove(std::string_view id) {
  shard& home = shard_of(id);
  const guard lock(home.mutex);
  home.tasks.erase(id);
}

std::vector<task_ptr> task_cache::unfinished() const {
  std::vector<task_ptr> result;
  for (const shard& each : shards_) {
    const guard lock(each.mutex);
    for (const auto& [id, task] : each.tasks) {
      if (!task->terminal()) result.push_back(task);
    }
  }
  return result;
}

std::size_t task_cache::size() const {
  std::size_t all = 0;
  for (const shard& each : shards_) {
    const guard lock(each.mutex);
    all += each.tasks.size();
  }
  return all;
}

}  // namespace longhaul::sqlite
