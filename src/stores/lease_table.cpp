// SPDX-License-Identifier: Apache-2.0
#include "stores/lease_table.hpp"

#include "stores/tunables.hpp"

namespace longhaul::stores {

bool lease_table::renew(process_id process, monotonic_time until) {
  const guard lock(mutex_);
  if (dead_.contains(process)) return false;
  until_[process] = until;
  return true;
}

void lease_table::bury(monotonic_time now) {
  const guard lock(mutex_);
  for (auto at = until_.begin(); at != until_.end();) {
    if (at->second > now) {
      ++at;
      continue;
    }
    if (dead_.insert(at->first).second) dead_in_order_.push_back(at->first);
    at = until_.erase(at);
  }
  while (dead_in_order_.size() > tunables::remembered_dead) {
    dead_.erase(dead_in_order_.front());
    dead_in_order_.pop_front();
  }
}

bool lease_table::alive(const process_id& process) const {
  const guard lock(mutex_);
  return until_.contains(process);
}

bool lease_table::buried(const process_id& process) const {
  const guard lock(mutex_);
  return dead_.contains(process);
}

}  // namespace longhaul::stores
