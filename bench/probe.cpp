// SPDX-License-Identifier: Apache-2.0
#include "bench/probe.hpp"

#include <linux/perf_event.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace longhaul::bench {

std::chrono::nanoseconds cpu_time_of(pid_t process) {
  clockid_t clock{};
  if (const int error = clock_getcpuclockid(process, &clock)) {
    throw std::system_error(error, std::generic_category(), "clock_getcpuclockid");
  }
  timespec now{};
  if (clock_gettime(clock, &now) != 0) {
    throw std::system_error(errno, std::generic_category(), "clock_gettime");
  }
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

split_cpu_time split_cpu_time_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(file, text);
  // The second field is the name in brackets, which may hold anything.
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long long user = 0, system = 0;
  fields >> user >> system;
  const long long tick = 1'000'000'000LL / sysconf(_SC_CLK_TCK);
  return {std::chrono::nanoseconds(user * tick), std::chrono::nanoseconds(system * tick)};
}

double status_of(pid_t process, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1));
  }
  throw std::runtime_error("/proc has no " + name);
}

double resident_mib() { return status_of(::getpid(), "VmRSS") / 1024; }

void pin_to_cpu(std::size_t cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "pinning to CPU " + std::to_string(cpu));
  }
}

instruction_counter::instruction_counter(pid_t process) {
  perf_event_attr event;
  std::memset(&event, 0, sizeof event);
  event.type = PERF_TYPE_HARDWARE;
  event.size = sizeof event;
  event.config = PERF_COUNT_HW_INSTRUCTIONS;
  event.exclude_kernel = 1;
  event.exclude_hv = 1;
  event.inherit = 1;
  fd_ =
      static_cast<int>(syscall(SYS_perf_event_open, &event, process, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

instruction_counter::~instruction_counter() {
  if (fd_ >= 0) close(fd_);
}

std::optional<std::uint64_t> instruction_counter::read() const {
  std::uint64_t count = 0;
  if (fd_ < 0 || ::read(fd_, &count, sizeof count) != sizeof count) return std::nullopt;
  return count;
}

}  // namespace longhaul::bench
