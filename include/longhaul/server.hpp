// SPDX-License-Identifier: Apache-2.0
// A server: its name, its tools, prompts and resources. What is registered here once is served to
// every caller, over every revision of the protocol, on stdio and HTTP. `run.hpp` starts it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/extension.hpp"
#include "longhaul/feature.hpp"
#include "longhaul/limits.hpp"
#include "longhaul/log.hpp"
#include "longhaul/middleware.hpp"
#include "longhaul/prompt.hpp"
#include "longhaul/resource.hpp"
#include "longhaul/store.hpp"
#include "longhaul/task_access.hpp"
#include "longhaul/tool.hpp"
#include "longhaul/typed_tool.hpp"

namespace longhaul {

namespace serving {
class catalog;
}

/// Somebody who may call over HTTP, known by a key that nobody else has: `Authorization: Bearer
/// KEY`.
struct api_key {
  std::string name;    ///< 1 to 64 characters of A-Z a-z 0-9 _ . -; tasks belong to `key:<name>`
  std::string sha256;  ///< of the key, in 64 hex digits: `printf %s "$KEY" | sha256sum`
};

/// Somebody who may look at the server's tasks, of all owners, and, with `may_act`, act on them.
struct operator_key {
  std::string name;    ///< as of an `api_key`; actions are logged with it
  std::string sha256;  ///< of the key, in 64 hex digits: `printf %s "$KEY" | sha256sum`
  bool may_act = false;
};

/// A page and an API for whoever runs the server (docs/operator.md), at an address of
/// their own.
struct operator_options {
  std::string listen = {};  ///< `ADDRESS:PORT`; empty: there is none
  /// None: everybody on this machine may do everything, and `run` refuses to listen elsewhere.
  std::vector<operator_key> keys = {};
};

struct server_options {
  std::string name = "longhaul";
  std::string version = "0.1.0";
  std::string title = {};         ///< for people; may be empty
  std::string instructions = {};  ///< for the model: how to use this server; may be empty
  std::string description = {};   ///< for people: what it is; may be empty
  std::string website = {};       ///< a URL; may be empty
  std::vector<icon> icons = {};

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
  std::optional<std::chrono::milliseconds> retention = defaults::retention;
  /// What callers may ask for at most; null: anything.
  std::optional<std::chrono::milliseconds> max_retention = defaults::max_retention;

  /// Over HTTP, bytes that the bodies of all requests may hold together while they are read; beyond
  /// it requests get 503. At least `least_body_memory`.
  std::size_t max_body_memory = defaults::max_body_memory;
  /// Over HTTP, more names that clients may use for this server (Host), and more sites whose pages
  /// may use it, as `https://app.example`; `*`: all, where every caller needs a key. Those of the
  /// command line come on top.
  std::vector<std::string> allow_hosts = {}, allow_origins = {};
  /// Over HTTP, TLS: paths of PEM files, both or none. The certificate stands first in its file,
  /// the chain behind it; the key has no passphrase. `run` refuses a pair that cannot be used;
  /// SIGHUP reads it again (then that signal does not end the server). Those of the command line go
  /// first.
  std::string tls_certificate = {}, tls_key = {};
  /// Who may call over HTTP; none: anybody, and a task's id is the only key to it. `run` refuses
  /// names and digests that are malformed or come twice. (On stdio the caller is whoever started
  /// us.)
  std::vector<api_key> keys = {};
  /// Every caller over HTTP is the one user `local`, as on stdio: its tasks are listed. `run`
  /// refuses it with keys, or listening elsewhere than on a loopback address. What came through a
  /// proxy (Forwarded, X-Forwarded-*, X-Real-IP, Via) stays anonymous.
  bool single_user = false;
  /// Sessions of HTTP clients before 2026-07-28: of all, and of one caller (of one address, without
  /// keys). Beyond its share a caller loses its own session that was idle the longest.
  std::size_t max_sessions = defaults::max_sessions;
  std::size_t max_sessions_per_caller = defaults::max_sessions_per_caller;

  /// Where tasks are kept, unless the command line says otherwise; null: in the file
  /// `$XDG_STATE_HOME/longhaul/<name>.db` (`~/.local/state/…`).
  std::shared_ptr<stores::store> store = {};

  /// For callers that know no tasks and give up early: a call that takes longer than `inline_limit`
  /// returns "still running" with its task's id, and the tools `task_status`, `task_answer`,
  /// `task_result` and `task_cancel` are added. Output schemas of tools that may take long are not
  /// shown then.
  bool fallback_tools = false;
  std::chrono::milliseconds inline_limit = defaults::inline_limit;
  /// While work runs whose caller asked for its progress, the caller hears something at least so
  /// often, because hosts take silence for death (after 60 s and more); zero: only what the tool
  /// reports.
  std::chrono::milliseconds heartbeat = defaults::heartbeat;

  /// Tools, prompts and resources may be added and removed while the server runs, from any thread,
  /// and callers are told (`notifications/tools/list_changed` and its like): those that subscribe
  /// at once, others at their next request.
  bool dynamic = false;

  /// Members of a call's arguments that hosts add on their own (n8n adds these): where a tool does
  /// not declare them, they are dropped before anything is checked.
  std::vector<std::string> ignore_arguments = {"toolCallId", "sessionId", "action", "chatInput",
                                               "tool"};
  /// Models write `"5"` where 5 is wanted. False: a string that is exactly the JSON text of the
  /// integer, number, boolean, array or object that a member wants is taken as it. True: refused.
  bool strict_arguments = false;
  /// False: results have no `resource_link` blocks (some hosts throw such results away); a text
  /// names the address instead. What `tasks().complete` is given stays as it is.
  bool links = true;

  /// How long running work may go on once the server was told to stop (callers over HTTP are still
  /// answered meanwhile); then what may run again is handed back to the store, and the rest fails.
  /// Null: 10 s over HTTP, nothing over stdio, where the host is gone. A second signal cuts it
  /// short.
  std::optional<std::chrono::milliseconds> drain_grace = {};

  /// For whoever runs the server. The command line's `--operator` goes before `listen`.
  operator_options operators = {};

  /// What is logged; null: `info` over HTTP, `error` over stdio. The command line goes first.
  std::optional<log_detail> log = {};
  log_style log_format = log_style::text;
  /// Where it goes; null: standard error.
  log_sink log_to = {};
};

/// Not thread-safe, but for `tasks`, `resource_updated` and, with `dynamic`, for what adds and
/// removes features.
class server {
 public:
  explicit server(server_options options = {});
  ~server();
  server(server&&) noexcept;
  server& operator=(server&&) noexcept;

  /// Adds a tool. `handler` is a function, lambda or function object:
  ///   R(task_context&, const Args&), R(const Args&), R(task_context&), R()
  /// where `Args` is a described struct or `raw_json`, and `R` is `void`, a string, content, a
  /// `tool_result`, `external`, what is written as JSON (a described struct, a number, a container,
  /// …), or an `awaitable` of one of these (a coroutine handler). Blocking handlers run on a pool,
  /// coroutine handlers on handler threads.
  /// A tool whose name, schema or options do not fit is left out and noted in `faults`: `run` says
  /// what is wrong with all of them, and does not serve. (`make_tool` throws.) Once the server
  /// runs, or has run, it throws `std::invalid_argument` instead.
  /// Throws `std::logic_error` while the server runs, unless it has `dynamic`.
  template <class Handler>
  server& add_tool(tool_options options, Handler handler) {
    const std::string name = options.name;
    return add_made("add_tool", "tool", name, [&] {
      tool_definition tool = make_tool(std::move(options), std::move(handler));
      add(std::move(tool));
    });
  }
  server& add_tool(tool_definition tool);
  /// Removes a tool. What runs goes on, and its tasks keep their results; tasks that wait in the
  /// queue wait until there is a tool of this name again. Plain calls that wait there run with what
  /// they were looked up with if the tool never makes tasks, else they are refused. False: there is
  /// none.
  /// Throws `std::logic_error` while the server runs, unless it has `dynamic`.
  bool remove_tool(std::string_view name);
  /// Tells the callers that their list of tools is not what it was: after
  /// `tool_options::visible_to` began to answer otherwise. Nobody hears it without `dynamic`. Any
  /// thread.
  void tools_changed();

  /// Adds a prompt. `handler` as `make_prompt` takes it. What does not fit is noted in `faults`, as
  /// of a tool.
  template <class Handler>
  server& add_prompt(prompt_options options, Handler handler) {
    const std::string name = options.name;
    return add_made("add_prompt", "prompt", name, [&] {
      prompt_definition prompt = make_prompt(std::move(options), std::move(handler));
      add(std::move(prompt));
    });
  }
  server& add_prompt(prompt_definition prompt);
  /// False: there is none.
  bool remove_prompt(std::string_view name);
  void prompts_changed();

  /// Adds a resource. `source` is a handler, as `make_resource` takes it, or what is read, where
  /// that never changes: a text, a `resource_content`, a vector of them.
  template <class Source>
  server& add_resource(resource_options options, Source source) {
    const std::string uri = options.uri;
    return add_made("add_resource", "resource", uri, [&] {
      resource_definition resource = make_resource(std::move(options), std::move(source));
      add(std::move(resource));
    });
  }
  server& add_resource(resource_definition resource);
  /// Adds a family of resources. `handler` as `make_resource_template` takes it.
  template <class Handler>
  server& add_resource_template(resource_options options, Handler handler) {
    const std::string uri = options.uri;
    return add_made("add_resource_template", "resource", uri, [&] {
      resource_definition family = make_resource_template(std::move(options), std::move(handler));
      add(std::move(family));
    });
  }
  /// By its address, or its template. False: there is none.
  bool remove_resource(std::string_view uri);
  void resources_changed();
  /// Tells those who subscribed to this very address that it holds something else. Any thread.
  void resource_updated(const std::string& uri);

  /// Adds an extension of the protocol. What does not fit is noted in `faults`, as of a tool.
  /// Throws `std::logic_error` while the server runs.
  server& add_extension(const extension& added);
  /// Sends a notification of an extension to whoever wants it just now; those who read too slowly
  /// may miss it. Any thread. Throws `std::invalid_argument` if no extension has it, or `params` is
  /// no object.
  void notify(std::string_view notification, const raw_json& params = {},
              const notification_target& to = {});

  /// Adds middleware, which hears of every call behind those that were added before.
  /// Throws `std::logic_error` while the server runs, `std::invalid_argument` for null.
  server& use(std::shared_ptr<middleware> hooks);

  /// What is wrong with what was added; a line each, for people.
  const std::vector<std::string>& faults() const noexcept { return faults_; }

  /// The tasks of this server while `run` serves them, from any thread that may block: above all,
  /// external ones are listed and finished here. Before and after, its functions throw
  /// `not_running`.
  task_access tasks() const;
  /// Calls `fn` once in `run`, when `tasks` can be used and before the first caller is served; for
  /// taking up external work of an earlier process. It must return soon. What it throws ends `run`.
  server& on_start(std::function<void()> fn);

  const server_options& options() const noexcept { return options_; }
  const serving::catalog& features() const noexcept { return *features_; }
  serving::catalog& features() noexcept { return *features_; }
  std::shared_ptr<serving::catalog> shared_features() const noexcept { return features_; }

 private:
  friend class service;
  template <class Add>
  server& add_made(const char* function, const char* kind, const std::string& name, Add add_it) {
    check_change(function);
    try {
      add_it();
    } catch (const std::invalid_argument& e) {
      note_fault(kind, name, e.what());
    }
    return *this;
  }
  void add(tool_definition tool);
  void add(prompt_definition prompt);
  void add(resource_definition resource);
  void note_fault(const char* kind, const std::string& name, const std::string& problem);
  void check_change(const char* function) const;

  server_options options_;
  std::shared_ptr<serving::catalog> features_;
  std::vector<std::string> faults_;
  std::vector<std::function<void()>> on_start_;
  std::vector<std::shared_ptr<middleware>> middleware_;
  std::shared_ptr<longhaul::tasks::engine_link> link_;
};

}  // namespace longhaul
