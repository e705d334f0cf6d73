// SPDX-License-Identifier: Apache-2.0
// What processes cost: CPU time of a whole process, and its instructions where the machine counts
// them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace longhaul::bench {

/// CPU time of all threads of a process so far, user and system, to the nanosecond.
/// Throws `std::system_error` if there is no such process.
std::chrono::nanoseconds cpu_time_of(pid_t process);
/// The same, user and system apart; only as fine as the kernel's tick (10 ms mostly).
struct split_cpu_time {
  std::chrono::nanoseconds user{0}, system{0};
};
split_cpu_time split_cpu_time_of(pid_t process);

/// A line of /proc/PID/status, as a number: "VmRSS" in KiB, "Threads". Throws `std::runtime_error`
/// if there is no such line.
double status_of(pid_t process, const std::string& name);

/// Memory of this process that is resident.
double resident_mib();

/// Pins the calling thread, and threads and processes it starts later. Throws `std::system_error`.
void pin_to_cpu(std::size_t cpu);

/// Instructions in user mode of a process and of the threads it starts later.
class instruction_counter {
 public:
  /// `process` has a single thread still. Counts nothing if the machine does not let us.
  explicit instruction_counter(pid_t process);
  instruction_counter(const instruction_counter&) = delete;
  instruction_counter& operator=(const instruction_counter&) = delete;
  ~instruction_counter();

  /// Null: the machine does not let us count.
  std::optional<std::uint64_t> read() const;

 private:
  int fd_ = -1;
};

}  // namespace longhaul::bench
