// SPDX-License-Identifier: Apache-2.0
// A program under its helper (`longhaul-run`, which see), seen from the server: started without
// fork, known by a pidfd, ended by closing the lifeline. What it prints and how it ended is read
// from the folder that the helper writes to.
//
// Threads: an object belongs to one strand, but for `stop`, which may be called on any thread.
// The process must not ignore SIGCHLD or collect children that are not its own: both would take
// the helper's status away, and with it the way to find what a killed helper left behind.
#pragma once

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "command/descriptor.hpp"

namespace longhaul::command {

struct process_options {
  std::string helper;  ///< path of `longhaul-run`
  std::string folder;  ///< exists, private, empty: gets stdout, stderr (output_file.hpp) and status
  std::string program;                        ///< path of what is executed; PATH is not searched
  std::vector<std::string> argv = {};         ///< `argv[0]` included
  std::vector<std::string> environment = {};  ///< NAME=value; all that the program gets
  std::string directory = {};                 ///< where it starts; empty: where the server is
  std::string stdin_file = {};                ///< its standard input; empty: /dev/null
  std::uint64_t output_limit = std::uint64_t{16} << 20;  ///< newest bytes kept of each stream
  std::chrono::milliseconds stop_grace = std::chrono::seconds(5);  ///< from SIGTERM to SIGKILL
  bool channel = false;  ///< the program gets a stream socket, its number in $LONGHAUL_FD
};

/// How a program ended: exactly one of `code`, `signal`, `error` and `lost` says so.
struct exit_status {
  std::optional<int> code = std::nullopt;
  std::optional<int> signal = std::nullopt;
  std::string error = {};         ///< why it could not be started
  std::string lost = {};          ///< it may have run; why its end is not known
  bool stopped = false;           ///< it had been asked to end (`stop`) before it ended
  std::string output_error = {};  ///< why output was lost, as the disk was full; empty: none was
};

/// What the helper says in `folder`/status. Null: there is no such file, or not one of its making.
std::optional<exit_status> read_exit_status(const std::string& folder);

class process {
 public:
  /// Starts it. A program that cannot be executed is not seen here, but as the `error` of `wait`.
  /// Throws `std::invalid_argument` for texts that hold NUL or an empty `argv`, `std::system_error`
  /// if the helper cannot be started (E2BIG: an argument of more than 128 KiB, or too many).
  /// Blocks until the helper is executed, well under a millisecond (and until it has ended, if this
  /// process has no descriptor left to watch it with, which throws, too).
  explicit process(const process_options& options);
  /// Asks it to end. Nothing remains of it, and no zombie, also if nobody waited: a thread shared
  /// by all such processes collects the helper. Does not block. If the server ends before that,
  /// the helper does its work alone.
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  /// Until the program has ended and nothing of what it started is left; its output is complete
  /// then. On the executor of whoever awaits. Once. A helper that was killed is no exception:
  /// what it left of its session is killed before this returns.
  boost::asio::awaitable<exit_status> wait();

  /// Closes the lifeline: the program and all that it started get SIGTERM and, after the grace,
  /// SIGKILL. Any thread, any number of times, until the destructor begins. Does not block.
  void stop() noexcept;

  /// Our end of the channel, non-blocking; −1 if there is none, or it was released.
  int channel() const noexcept { return channel_.get(); }
  /// Gives it to the caller, who closes it.
  int release_channel() noexcept { return channel_.release(); }
  /// The helper's process id.
  pid_t id() const noexcept { return helper_; }

 private:
  void start(const process_options& options, int lifeline, int channel);

  std::string folder_;
  descriptor channel_;
  pid_t helper_ = -1;
  std::mutex mutex_;     // beneath it, as `stop` may come on any thread:
  descriptor lifeline_;  // empty once it was asked to end
  descriptor pidfd_;     // empty once the helper's status is collected
};

}  // namespace longhaul::command
