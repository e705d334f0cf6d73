// SPDX-License-Identifier: Apache-2.0
// The server that is measured: the project's own stack in a process of its own, so that what it
// costs is told apart from what its clients cost.
//
// Threads: none may run in this process when one is started (it forks).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "bench/probe.hpp"

namespace longhaul::bench {

enum class served : std::uint8_t {
  echo,      ///< every body comes back as it is, over the same HTTP stack
  mcp,       ///< dispatcher, engine and a store in memory behind it, with what is below
  durable,   ///< the same with a SQLite store
  collector  ///< takes traces, and says so
};

/// Who looks on while the server works.
enum class watched : std::uint8_t {
  no,
  counted,  ///< by the figures that operators see
  traced    ///< every task is a trace, which a collector takes
};

/// Tools of the `mcp` server. Each takes `render_args` (see messages.cpp) and answers at once with
/// the text "rendered <scene>".
namespace tool {
inline constexpr auto blocking = "render_blocking";    ///< never a task; handler on the pool
inline constexpr auto coroutine = "render_coroutine";  ///< never a task; handler is a coroutine
inline constexpr auto quick = "render_quick";          ///< the same, and quick
inline constexpr auto task = "render_task";            ///< always a task; coroutine
inline constexpr auto blocking_task = "render_task_blocking";  ///< always a task; on the pool
inline constexpr auto external = "render_external";  ///< always a task, which nobody finishes
}  // namespace tool

/// Resources of the `mcp` server, so many of each kind; each holds `resource_text` (messages.hpp).
namespace resource {
inline constexpr std::size_t count = 64;
inline constexpr auto fixed = "bench://fixed/";          ///< never changes
inline constexpr auto coroutine = "bench://coroutine/";  ///< a coroutine handler reads it
}  // namespace resource

class server_process {
 public:
  /// Starts it and waits until it listens. Throws `std::runtime_error` if it does not come up.
  /// A durable store's files are made in `folder`, and removed at its end.
  /// `collector`: its port, if the server is traced.
  server_process(served kind, std::size_t threads, std::optional<std::size_t> cpu,
                 const std::string& folder, watched how = watched::no, std::uint16_t collector = 0);
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;
  /// Tells it to stop and waits for its end.
  ~server_process();

  pid_t pid() const noexcept { return pid_; }
  std::uint16_t port() const noexcept { return port_; }
  std::optional<std::uint64_t> instructions() const { return counter_->read(); }

  /// Waits until the process does nothing any more, so that work which replies did not wait for is
  /// counted too. False: it is still busy after a long time.
  bool settle() const;

 private:
  pid_t pid_ = -1;
  int control_ = -1;  ///< closing it tells the server to stop
  std::uint16_t port_ = 0;
  std::optional<instruction_counter> counter_;
};

}  // namespace longhaul::bench
