// SPDX-License-Identifier: Apache-2.0
// A program under its helper (`longhaul-run`: see apps/longhaul-run), seen from the server: started
// without fork, ended by shutting the lifeline, over which the helper says how it ended. What it
// prints is read from the folder that the helper writes to. The warden (warden.hpp) watches the
// helper.
//
// Threads: an object belongs to one strand, but for `stop`, which may be called on any thread.
// The process must not ignore SIGCHLD or collect children that are not its own: both would take
// the helper's status away, and with it the way to find what a killed helper left behind.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "command/warden.hpp"
#include "longhaul/limits.hpp"

namespace longhaul::command {

struct process_options {
  std::string helper;   ///< path of `longhaul-run`
  std::string folder;   ///< exists, private, empty: gets stdout and stderr (output_file.hpp)
  std::string program;  ///< path of what is executed; PATH is not searched
  std::vector<std::string> argv = {};         ///< `argv[0]` included
  std::vector<std::string> environment = {};  ///< NAME=value; all that the program gets
  std::string mark = {};        ///< of `environment`: what no other program has; empty: nothing
  std::string directory = {};   ///< where it starts; empty: where the server is
  std::string stdin_file = {};  ///< its standard input; empty: /dev/null
  std::uint64_t output_limit = defaults::output_limit;  ///< newest bytes kept of each stream
  std::chrono::milliseconds stop_grace = defaults::stop_grace;  ///< from SIGTERM to SIGKILL
  bool channel = false;  ///< the program gets a stream socket, its number in $LONGHAUL_FD
};

/// How a program ended: exactly one of `code`, `signal`, `error` and `lost` says so.
struct exit_status {
  std::optional<int> code = std::nullopt;
  std::optional<int> signal = std::nullopt;
  std::string error = {};         ///< why it could not be started; without paths
  std::string lost = {};          ///< it may have run; why its end is not known; without paths
  std::string detail = {};        ///< for the server's log: `error` or `lost` with paths
  bool stopped = false;           ///< it had been asked to end (`stop`) before it ended
  std::string output_error = {};  ///< why output was lost, as the disk was full; empty: none was
};

/// Takes apart what the helper says. Null: the line is not one of its making.
std::optional<exit_status> parse_exit_status(const std::string& line);

class process {
 public:
  /// Starts it. A program that cannot be executed is not seen here, but as the `error` of `wait`.
  /// Throws `std::invalid_argument` for texts that hold NUL or an empty `argv`, `std::system_error`
  /// if the helper cannot be started (E2BIG: an argument of more than 128 KiB, or too many).
  /// Blocks until the helper is executed, well under a millisecond (and until it has ended, if this
  /// process has no descriptor left to watch it with, which also throws).
  explicit process(const process_options& options);
  /// Asks it to end. Nothing remains of it, and no zombie, also if nobody waited: the warden sees
  /// to it. Does not block. If the server ends before that, the helper does its work alone.
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  /// Until the program has ended and nothing of what it started is left; its output is complete
  /// then. On the executor of whoever awaits. Once. A helper that was killed or held is no
  /// exception: what is left of its program is killed before this returns.
  boost::asio::awaitable<exit_status> wait();

  /// Shuts the lifeline: the program and all that it started get SIGTERM at once and, after the
  /// grace, SIGKILL. Any thread, any number of times, until the destructor begins. Does not block.
  void stop() noexcept;

  /// `stop`, and `wait` returns at once (`lost`), for a server that ends: the rest is the helper's.
  /// Any thread, any number of times, until the destructor begins. Does not block.
  void leave() noexcept;

  /// Our end of the channel, non-blocking; −1 if there is none, or it was released.
  int channel() const noexcept { return channel_.get(); }
  /// Gives it to the caller, who closes it.
  int release_channel() noexcept { return channel_.release(); }
  /// The helper's process id.
  pid_t id() const noexcept { return ward_->id(); }

 private:
  exit_status status() const;

  descriptor lifeline_, channel_;
  std::shared_ptr<ward> ward_;
  std::atomic<bool> left_{false};
};

}  // namespace longhaul::command
