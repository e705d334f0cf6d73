// SPDX-License-Identifier: Apache-2.0
#include "operator/process_figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace longhaul::operating {
namespace {

std::string text_of_file(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

double boot_time() {
  std::istringstream lines(text_of_file("/proc/stat"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

// proc(5), /proc/pid/stat: what follows the name, which is in parentheses and may hold any.
void read_stat(process_figures& into) {
  const std::string text = text_of_file("/proc/self/stat");
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return;
  std::istringstream fields(text.substr(end_of_name + 1));
  const auto all = std::vector<std::string>(std::istream_iterator<std::string>(fields), {});
  constexpr std::size_t user = 11, system = 12, started = 19, size = 20,
                        resident = 21;  // from state
  if (all.size() <= resident) return;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  into.cpu_seconds = (std::stod(all[user]) + std::stod(all[system])) / ticks;
  // Once: a clock that is set moves the time of the boot, and this process did not begin anew.
  static const double began = boot_time() + std::stod(all[started]) / ticks;
  into.start_time = began;
  into.virtual_bytes = std::stoull(all[size]);
  into.resident_bytes =
      std::stoull(all[resident]) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void read_files(process_figures& into) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::directory_iterator folder("/proc/self/fd", error);
  if (!error) {
    // One of them is the folder itself, as it is read.
    into.open_files =
        static_cast<std::uint64_t>(std::distance(fs::begin(folder), fs::end(folder)) - 1);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) into.max_files = limit.rlim_cur;
}

}  // namespace

process_figures read_process_figures() {
  process_figures result;
  try {
    read_stat(result);
    read_files(result);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): as it says
  }
  return result;
}

}  // namespace longhaul::operating
