// SPDX-License-Identifier: Apache-2.0
// Leases of processes that share one store object. A process is alive from its first renewal until
// its lease has run out *and* somebody looked; from then on it is dead for good: it comes back
// under a new id only.
//
//   stranger ──renew──► alive ──renew (also late, if nobody looked)──► alive
//                         └──bury, its lease has run out──► dead (renew: false)
//
// So a process that slept past its lease is robbed only if another one recovered meanwhile, and
// then learns it from its next renewal; whatever it still writes is fenced by the epoch.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <set>

#include "base/mutex.hpp"
#include "longhaul/task.hpp"

namespace longhaul::stores {

class lease_table {
 public:
  /// Starts or extends a lease; false: the process was buried.
  bool renew(process_id process, monotonic_time until);
  /// Declares every process dead whose lease has run out by `now`.
  void bury(monotonic_time now);
  /// It has a lease and was not buried. False for a process that never renewed.
  bool alive(const process_id& process) const;
  bool buried(const process_id& process) const;

 private:
  mutable guarded_mutex mutex_;
  std::map<process_id, monotonic_time> until_ LONGHAUL_GUARDED_BY(mutex_);
  std::set<process_id> dead_ LONGHAUL_GUARDED_BY(mutex_);
  std::deque<process_id> dead_in_order_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::stores
