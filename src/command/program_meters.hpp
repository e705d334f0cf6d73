// SPDX-License-Identifier: Apache-2.0
// Counts what programs come to.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string>

#include "base/mutex.hpp"
#include "command/result.hpp"
#include "server/outputs.hpp"

namespace longhaul::command {

class program_meters {
 public:
  void ended(const program_end& how, std::uint64_t stdout_bytes, std::uint64_t stderr_bytes);
  serving::program_figures read() const;

 private:
  mutable guarded_mutex mutex_;
  // Zeros of what is watched for: a series that begins with its first event hides it.
  serving::program_figures all_ LONGHAUL_GUARDED_BY(mutex_) = {.exits = {{"0", 0},
                                                                         {"SIGKILL", 0},
                                                                         {"SIGSEGV", 0},
                                                                         {"SIGABRT", 0},
                                                                         {"lost", 0},
                                                                         {"not started", 0}}};
};

}  // namespace longhaul::command
