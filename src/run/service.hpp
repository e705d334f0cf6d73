// SPDX-License-Identifier: Apache-2.0
// One running server put together: engine, dispatcher, and one transport; started, and taken apart
// in the order that keeps every promise (no new work, drain, end streams, stop threads).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/identifier.hpp"
#include "longhaul/server.hpp"
#include "open/http_address.hpp"
#include "operator/last_hour.hpp"
#include "operator/work_figures.hpp"
#include "run/process_log.hpp"
#include "server/dispatcher.hpp"
#include "tasks/engine.hpp"
#include "telemetry/exporter.hpp"
#include "telemetry/trace_settings.hpp"
#include "transport/tls_identity.hpp"
#include "wire/endpoints.hpp"

namespace longhaul {

/// What a server has beside its tools.
struct service_options {
  std::shared_ptr<stores::store> store = {};  ///< required
  /// Of callers over HTTP; null: all are anonymous.
  std::shared_ptr<const auth::identifier> identifier = {};
  /// Captured output of programs; null: none. Must outlive the service.
  serving::output_source* outputs = nullptr;
  /// What programs came to; null: there are none. Any thread, as long as the service lives.
  std::function<serving::program_figures()> programs = {};
  /// Ids of tasks that were removed for good.
  std::function<void(const std::vector<std::string>&)> on_removed = {};
  /// Called once when the server is told to stop, before it drains: no new work begins from now on.
  std::function<void()> on_stopping = {};
  /// Called when nothing runs any more, before the store is closed.
  std::function<void()> on_end = {};
  /// Called before the process exits with handlers that have not ended.
  std::function<void()> on_exit = {};
  /// Null: `defaults::http_drain_grace` or `defaults::stdio_drain_grace`.
  std::optional<std::chrono::milliseconds> drain_grace = {};
  operator_options operators = {};
  /// Where traces of tasks go; null: nowhere.
  std::optional<telemetry::trace_settings> traces = {};
  std::string kept_in = {};  ///< where tasks are kept, for people: "PATH", "memory"
  const clock_source* clock = &system_clock();  ///< must outlive the service
  /// Nothing ticks by itself, and handlers sleep on `clock`: whoever moves it calls
  /// `engine().tick()`.
  bool clock_by_hand = false;
};

/// What all transports share.
class service {
 public:
  /// Throws `std::invalid_argument` for tools whose names are taken.
  service(server& definition, service_options options, process_log& log);
  ~service();
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  /// Recovers and begins to work; then calls what `server::on_start` was given. Throws
  /// `std::logic_error` if the definition is served already.
  void start();
  /// Logs where tasks are kept, how many there are, and which have no tool any more.
  void tell_tasks();
  /// To whoever started it by hand, on a terminal.
  void tell_how_to_connect(const std::string& url) const;

  /// It was told to stop.
  void tell_stopping() const;
  /// Ends the engine and closes the store. Handlers that ignore their stop token cannot be ended:
  /// with some left, the process exits here, with 0, because a server that was told to stop must.
  void stop();
  /// The same in a process that goes on: waits for handlers, however long they take.
  void end();
  /// After a failure: as `stop`, but the process exits with `code` if handlers cannot be ended.
  void fail(int code);

  tasks::engine& engine() noexcept { return *engine_; }
  serving::dispatcher& dispatcher() noexcept { return dispatcher_; }
  stores::store& store() noexcept { return *options_.store; }
  const service_options& options() const noexcept { return options_; }
  const server_options& definition() const noexcept { return definition_.options(); }
  /// How long running work may go on once the server was told to stop.
  std::chrono::milliseconds drain_grace(std::chrono::milliseconds otherwise) const {
    return options_.drain_grace.value_or(otherwise);
  }
  /// Why it is not ready to serve, without paths; empty: it is.
  std::string not_ready();
  /// What operators see of the last hour; null: they have no listener.
  const operating::last_hour* hour() const noexcept { return hour_.get(); }
  /// The same of all that it did.
  operating::work_figures* work() const noexcept { return work_.get(); }
  /// Null: nobody wants any.
  const telemetry::exporter* traces() const noexcept { return traces_.get(); }
  const process_log& told() const noexcept { return log_; }
  const logger& log() const noexcept { return log_.log(); }

 private:
  tasks::work_observers observers() const;
  void end_traces() noexcept;

  const service_options options_;
  process_log& log_;
  const server& definition_;
  const std::shared_ptr<serving::middleware_chain> middleware_;  // null: there is none
  const std::shared_ptr<operating::last_hour> hour_;             // null: nobody looks
  const std::shared_ptr<operating::work_figures> work_;          // the same
  const std::unique_ptr<telemetry::exporter> traces_;            // null: nobody wants any
  std::shared_ptr<tasks::engine> engine_;  // also held by whoever uses `server::tasks` just now
  serving::dispatcher dispatcher_;
};

/// Where and whom to serve over HTTP.
struct http_settings : http_address {
  transport::tls_files tls = {};                  ///< both empty: plain HTTP
  std::vector<std::string> allowed_hosts = {};    ///< more names in Host
  std::vector<std::string> allowed_origins = {};  ///< more origins of web pages
  std::size_t max_body_memory = defaults::max_body_memory;
  std::size_t threads = 0;  ///< 0: one a core, at most 4
};

/// As the server's own options have it. `address`: `ADDRESS:PORT`; throws `std::invalid_argument`.
http_settings http_settings_of(const server_options& about, std::string_view address);

/// Serve until a signal (or the end of input) stops it; the exit code.
int serve_http(service& running, const http_settings& settings);
int serve_stdio(service& running);

}  // namespace longhaul
