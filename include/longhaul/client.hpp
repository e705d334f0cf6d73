// SPDX-License-Identifier: Apache-2.0
// A client for MCP servers, ours and others, over Streamable HTTP (http, https) or over the pipes
// of a program that it starts.
//
//   longhaul::client server{{.url = "http://127.0.0.1:8080/mcp"}};
//   longhaul::tool_call call = server.call("render", render_args{.scene = "intro"});
//   std::cout << call.wait().value().text();
//
// It speaks 2026-07-28 and finds out whether the server does; else a session of 2025-11-25,
// 2025-06-18 or 2025-03-26. A connection that is lost is made again; a task is never cancelled by
// that, and goes on when this process ends.
//
// Threads: any. Functions that wait must not be called from callbacks of the same client, but for
// those of `tool_call` that do not block.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/question.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/schema.hpp"
#include "longhaul/tool_call.hpp"

namespace longhaul {

/// Where a server is: a URL, or a command.
struct server_place {
  std::string url = {};                   ///< `http://HOST:PORT/mcp`, `https://…`
  std::vector<std::string> command = {};  ///< a program (found in PATH) and its arguments
  /// Of the command: added to the environment of this process.
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::string directory = {};  ///< where the command starts; empty: here
};

/// What is sent for being let in: a value of the header Authorization. Called for each request, on
/// the thread of the client that all requests wait for; `refused`: the server has just answered 401
/// to what was sent before. If it throws, the request is `forbidden` and says why.
using authorizer = std::function<std::string(bool refused)>;

struct client_options {
  /// What servers are told of who calls. MCP "Implementation".
  std::string name = "longhaul";
  std::string version = {};
  /// A revision instead of the newest that both know: "2025-11-25".
  std::string only_version = {};
  /// HTTP: an API key, sent as `Authorization: Bearer KEY`; or whoever gives the header.
  std::string key = {};
  longhaul::authorizer authorizer = {};
  /// HTTP: sent with each request.
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// HTTPS: a PEM file of authorities that are trusted; empty: those of the machine.
  std::string ca_file = {};
  milliseconds connect_time{10'000};  ///< to connect, TLS included; to start a session
  /// How long one reply may take that is not the end of a call (lists, states of tasks).
  milliseconds reply_time{30'000};
  /// A command that does not answer `server/discover` for so long counts as a server of sessions,
  /// which need not answer what they do not know (MCP "stdio: Backward Compatibility"). If the
  /// answer comes while a session begins, the command is started again, without one.
  milliseconds probe_time{5'000};
  std::size_t reply_limit = std::size_t{64} << 20;  ///< bytes of one message

  /// What may be asked, and who answers; only what is declared is asked for.
  question_handler on_question = {};
  std::vector<client_capability> can = {};
  /// What a server logs: `params` of `notifications/message`; with the logger `longhaul`, why one
  /// of its tools is left out. And each line that a program prints to its standard error.
  std::function<void(const raw_json& params)> on_log = {};
  /// What a server says of its own accord beside that: that a resource has changed (`subscribe`),
  /// that a list has (`notifications/tools/list_changed`, …), in sessions also notifications of
  /// extensions. `params` may be absent. Since the first request; of 2026-07-28 one stream is held
  /// open for it. While the connection is lost nothing is heard, but of resources, which
  /// `subscribe` makes up for; of more than 10,000 that wait for a callback that is busy, the
  /// newest are dropped.
  std::function<void(std::string_view method, const raw_json& params)> on_notification = {};
  std::function<void(std::string_view line)> on_stderr = {};
};

/// What a server says of itself.
struct server_facts {
  std::string version;  ///< of the protocol, that is spoken: "2026-07-28"
  std::string name, software_version, instructions;
  raw_json capabilities;
  /// Calls may become tasks.
  bool tasks = false;
};

namespace detail {

inline raw_json arguments_of(const raw_json& arguments) { return arguments; }
template <described_struct T>
raw_json arguments_of(const T& arguments) {
  return to_json(arguments);
}

}  // namespace detail

class client {
 public:
  /// Nothing is sent so far. Throws `std::invalid_argument` for a place that is none and for
  /// options that do not fit.
  explicit client(const server_place& place, client_options options = {});
  /// Leaves: plain calls that are under way are given up, tasks go on, whatever else waits ends
  /// with `left`. A program is ended (its input is closed; after two seconds SIGTERM, after two
  /// more SIGKILL). A callback that runs is waited for, unless this is called in it.
  ~client();
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;

  /// Connects, if that has not happened. Each function that follows does it as well. All throw
  /// `client_error`.
  server_facts connect() const;
  boost::asio::awaitable<server_facts> async_connect() const;

  /// All pages of `tools/list`, each tool as it came. MCP "Tool". Over HTTP tools of 2026-07-28
  /// whose `x-mcp-header` is none that can be sent are left out, and not called.
  std::vector<raw_json> tools() const { return list("tools/list", "tools"); }
  std::vector<raw_json> resources() const { return list("resources/list", "resources"); }
  std::vector<raw_json> prompts() const { return list("prompts/list", "prompts"); }
  /// All pages of a list: the elements of the member `member` of each result.
  std::vector<raw_json> list(std::string_view method, std::string_view member) const;
  /// The result of `resources/read`.
  raw_json read_resource(std::string_view uri) const;
  /// From now on `on_notification` hears when the resource changes
  /// (`notifications/resources/updated`), until `unsubscribe`; also of a server that was away (in a
  /// session: once it is asked something again). One that is told may be as it was. Returns when
  /// the server has agreed. Throws `client_error`; `refused`: it tells of no changes of this one.
  /// MCP "Resources: Subscriptions".
  void subscribe(std::string_view uri) const;
  /// What is on its way is still told. Does nothing if it is not subscribed. Throws `client_error`.
  void unsubscribe(std::string_view uri) const;

  /// Any method: its result. `params`: an object, or absent; what each request of the revision
  /// carries is added.
  raw_json request(std::string_view method, const raw_json& params = {}) const;
  boost::asio::awaitable<raw_json> async_request(std::string method, raw_json params = {}) const;

  /// Begins a call, and returns at once. `arguments`: an object, absent, or a described struct.
  template <class Args = raw_json>
  tool_call call(std::string_view tool, const Args& arguments = {},
                 call_options options = {}) const {
    return begin(tool, detail::arguments_of(arguments), std::move(options));
  }
  /// Follows a task that was made before, by this process or another one, at the same server.
  tool_call attach(const task_handle& task, call_options options = {}) const;

  /// How a task stands, asked once.
  call_outcome look(const task_handle& task) const;
  /// Answers one question of a task. Only 2026-07-28 has a way for it; before that questions come
  /// to whoever follows the task.
  void answer(const task_handle& task, std::string_view key, const question_reply& given) const;
  void cancel(const task_handle& task) const;

 private:
  tool_call begin(std::string_view tool, raw_json arguments, call_options options) const;

  class parts;
  std::shared_ptr<parts> parts_;
};

}  // namespace longhaul
