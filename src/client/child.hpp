// SPDX-License-Identifier: Apache-2.0
// A program whose standard input and output are ours: in a process group of its own, ended as MCP
// wants it ("stdio: Shutdown"): end of input, SIGTERM, SIGKILL, for the whole group.
//
// Threads: one at a time.
#pragma once

#include <sys/types.h>

#include <string>

#include "longhaul/client.hpp"

namespace longhaul::remote {

class child {
 public:
  /// `own_stderr`: its standard error is ours to read; else it is that of this process. Throws
  /// `client_error`, `unreachable`: it cannot be started.
  child(const server_place& place, bool own_stderr);
  /// Ends it at once.
  ~child();
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  /// Our ends, non-blocking; the caller who takes one closes it. −1: there is none.
  int take_input() noexcept;
  int take_output() noexcept;
  int take_error() noexcept;
  /// A descriptor that is readable when it has ended; it stays ours.
  int ended_fd() const noexcept { return pidfd_; }
  /// To its group. Does nothing when it has been collected.
  void signal(int number) noexcept;
  /// How it ended, for people; waits for it. "exit code 3", "signal 9".
  std::string collect() noexcept;

 private:
  pid_t pid_ = -1;
  int pidfd_ = -1, input_ = -1, output_ = -1, error_ = -1;
};

}  // namespace longhaul::remote
