// SPDX-License-Identifier: Apache-2.0
#include "postgres/followed.hpp"

#include "stores/abridged.hpp"

namespace longhaul::postgres {

void followed::follow(std::string_view id) {
  const guard lock(mutex_);
  auto at = all_.find(id);
  if (at == all_.end()) at = all_.emplace(id, entry()).first;
  ++at->second.follows;
}

void followed::unfollow(std::string_view id) noexcept {
  const guard lock(mutex_);
  const auto at = all_.find(id);
  if (at == all_.end() || at->second.follows == 0) return;
  if (--at->second.follows == 0 && !at->second.ours) all_.erase(at);
}

task_ptr followed::known(std::string_view id) const {
  const guard lock(mutex_);
  const auto at = all_.find(id);
  return at == all_.end() ? nullptr : at->second.known.record;
}

std::set<process_id> followed::processes() const {
  const guard lock(mutex_);
  return mine_;
}

void followed::add_process(const process_id& mine) {
  const guard lock(mutex_);
  mine_.insert(mine);
}

void followed::take(entry& into, const task_row& row, bool ours) {
  into.ours = ours;
  into.rev = row.record->rev;
  into.known =
      row.record->terminal() ? task_row() : task_row{stores::abridged(row.record), row.bytes};
}

void followed::committed(const task_row& row) {
  const task_record& task = *row.record;
  const guard lock(mutex_);
  const bool ours = !task.terminal() && task.process && mine_.contains(*task.process);
  auto at = all_.find(std::string_view(task.id()));
  if (at == all_.end()) {
    if (!ours) return;
    at = all_.emplace(task.id(), entry()).first;
  }
  if (task.rev >= at->second.rev) take(at->second, row, ours);
  if (!at->second.ours && at->second.follows == 0) all_.erase(at);
}

bool followed::fetched(const task_row& row) {
  const task_record& task = *row.record;
  const guard lock(mutex_);
  const auto at = all_.find(std::string_view(task.id()));
  if (at == all_.end() || task.rev <= at->second.rev) return false;
  take(at->second, row, !task.terminal() && task.process && mine_.contains(*task.process));
  if (!at->second.ours && at->second.follows == 0) all_.erase(at);
  return true;
}

void followed::gone(std::string_view id, std::uint64_t rev) {
  const guard lock(mutex_);
  const auto at = all_.find(id);
  if (at == all_.end() || at->second.rev > rev) return;
  at->second.ours = false;
  at->second.known = {};
  if (at->second.follows == 0) all_.erase(at);
}

task_row followed::row(std::string_view id) const {
  const guard lock(mutex_);
  const auto at = all_.find(id);
  return at == all_.end() ? task_row() : at->second.known;
}

bool followed::wants(std::string_view id, std::uint64_t rev) const {
  const guard lock(mutex_);
  const auto at = all_.find(id);
  return at != all_.end() && rev > at->second.rev;
}

followed::interest followed::all() const {
  const guard lock(mutex_);
  interest result;
  for (const auto& [id, one] : all_) {
    result.ids.push_back(id);
    result.revs.push_back(one.rev);
  }
  return result;
}

}  // namespace longhaul::postgres
