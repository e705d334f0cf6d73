// SPDX-License-Identifier: Apache-2.0
// The SQLite store by itself, beside two ceilings taken in the same run: what the disk needs to
// make a page durable, and a bare loop that writes the same rows with the same number in a commit.
//
// Threads: called from one; the store brings its own.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace longhaul::bench {

/// How long one page takes to be durable.
struct sync_probe {
  double p50_us = 0, p99_us = 0;
};
/// In a file in `folder`, with writes in its middle as a write-ahead log has them.
sync_probe probe_sync(const std::string& folder);

struct durable_row {
  std::string name;
  std::size_t in_flight = 1;
  double per_second = 0;  ///< tasks (a life is two writes)
  double raw_per_second = 0;
  double p50_us = 0, p99_us = 0;  ///< of a task, from its first write to the end of its last
  double sync_us = 0;             ///< p50 of the probe beside it
  double share() const { return raw_per_second > 0 ? per_second / raw_per_second : 0; }
};

struct durable_report {
  std::vector<durable_row> rows;
  std::size_t unfinished = 0;
  double recovery_seconds = 0;  ///< open and recover so many
  double bytes_live = 0;        ///< of memory, a live task
  double bytes_on_disk = 0;     ///< a retained task, log not counted
  double restart_mib_few = 0;   ///< resident after a restart with 1,000 finished tasks
  double restart_mib_many = 0;  ///< … with 100,000
  bool right = true;            ///< everything did what it must
};

/// Everything, in temporary files in `folder`. `progress` gets a line about what goes on.
durable_report measure_durable(const std::string& folder,
                               const std::function<void(const std::string&)>& progress);

void print_durable(std::ostream& out, const durable_report& report);
void print_durable_json(std::ostream& out, const durable_report& report);

}  // namespace longhaul::bench
