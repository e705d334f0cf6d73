// SPDX-License-Identifier: Apache-2.0
// A server: its name and its tools. What is registered here once is served to every caller, over
// every revision of the protocol, on stdio and HTTP. `run.hpp` starts it.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/limits.hpp"
#include "longhaul/store.hpp"
#include "longhaul/tool.hpp"
#include "longhaul/typed_tool.hpp"

namespace longhaul {

namespace serving {
class registry;
}

/// So that a body of the largest size (4 MiB) always finds room beside small ones.
inline constexpr std::size_t least_body_memory = std::size_t{8} << 20;

struct server_options {
  std::string name = "longhaul";
  std::string version = "0.1.0";
  std::string title = {};         ///< for people; may be empty
  std::string instructions = {};  ///< for the model: how to use this server; may be empty

  // Bounds; limits.hpp has their reasons.
  std::size_t max_running = defaults::max_running;  ///< handlers at once; more tasks wait
  /// Blocking handlers that wait for an answer at once.
  std::size_t max_parked = defaults::max_parked;
  std::size_t max_open_per_owner = defaults::max_open_per_owner;  ///< unfinished tasks of one owner
  std::size_t max_open = defaults::max_open;                      ///< … of all
  /// Tasks that are kept, finished ones included, of one owner.
  std::size_t max_stored_per_owner = defaults::max_stored_per_owner;
  std::size_t max_stored = defaults::max_stored;  ///< … of all
  byte_limits limits = {};                        ///< the same in bytes
  /// How long a finished task is kept if nobody says otherwise; null: for ever.
  std::optional<std::chrono::milliseconds> retention = std::chrono::hours(24);
  /// What callers may ask for at most; null: anything.
  std::optional<std::chrono::milliseconds> max_retention = std::chrono::hours(24 * 30);

  /// Over HTTP, bytes that the bodies of all requests may hold together while they are read; beyond
  /// it requests get 503. At least `least_body_memory`.
  std::size_t max_body_memory = std::size_t{64} << 20;
  /// Over HTTP, more names that clients may use for this server (Host), and more sites whose pages
  /// may use it, as `https://app.example`; `*`: all, where every caller needs a key. Those of the
  /// command line come on top.
  std::vector<std::string> allow_hosts = {}, allow_origins = {};

  /// Where tasks are kept, unless the command line says otherwise; null: in the file
  /// `$XDG_STATE_HOME/longhaul/<name>.db` (`~/.local/state/…`).
  std::shared_ptr<stores::store> store = {};

  /// For callers that know no tasks and give up early: a call that takes longer than `inline_limit`
  /// returns "still running" with its task's id, and the tools `task_status`, `task_result` and
  /// `task_cancel` are added. Output schemas of tools that may take long are not shown then.
  bool fallback_tools = false;
  std::chrono::milliseconds inline_limit = std::chrono::seconds(25);

  /// Members of a call's arguments that hosts add on their own (n8n adds these): where a tool does
  /// not declare them, they are dropped before anything is checked.
  std::vector<std::string> ignore_arguments = {"toolCallId", "sessionId", "action", "chatInput",
                                               "tool"};
  /// Models write `"5"` where 5 is wanted. False: a string that is exactly the JSON text of the
  /// integer, number, boolean, array or object that a member wants is taken as it. True: refused.
  bool strict_arguments = false;
  /// False: results have no `resource_link` blocks (some hosts throw such results away); a text
  /// names the address instead.
  bool links = true;
};

/// Not thread-safe: tools are added before `run`.
class server {
 public:
  explicit server(server_options options = {});
  ~server();
  server(server&&) noexcept;
  server& operator=(server&&) noexcept;

  /// Adds a tool. `handler` is a function, lambda or function object:
  ///   R(task_context&, const Args&), R(const Args&), R(task_context&), R()
  /// where `Args` is a described struct or `raw_json`, and `R` is `void`, a string, `content`, a
  /// `tool_result`, a described struct, `external`, or an `awaitable` of one of these (a coroutine
  /// handler). Blocking handlers run on a pool, coroutine handlers on handler threads.
  /// Throws `std::invalid_argument` if name, schema or options do not fit.
  template <class Handler>
  server& add_tool(tool_options options, Handler handler) {
    return add_tool(make_tool(std::move(options), std::move(handler)));
  }
  server& add_tool(tool_definition tool);

  const server_options& options() const noexcept { return options_; }
  const serving::registry& tools() const noexcept { return *tools_; }
  serving::registry& tools() noexcept { return *tools_; }

 private:
  server_options options_;
  std::unique_ptr<serving::registry> tools_;
};

}  // namespace longhaul
