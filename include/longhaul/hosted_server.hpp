// SPDX-License-Identifier: Apache-2.0
// A server inside a program that has a life of its own: it listens over HTTP on threads of its own,
// takes no signals, and starts and stops when the program says so. `run.hpp` is for programs that
// are nothing but a server.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "longhaul/limits.hpp"
#include "longhaul/server.hpp"

namespace longhaul {

struct hosting_options {
  std::string http = "127.0.0.1:0";  ///< `ADDRESS:PORT`; port 0: a free one
  /// `sqlite:PATH` or `memory:`; empty: `server_options::store`, else the default file.
  std::string store = {};
  std::size_t threads = 0;  ///< that read and write; 0: one a core, at most 4
};

class hosted_server {
 public:
  /// Opens the store and listens: connections wait until `start`. `definition` must outlive it, and
  /// says all the rest (keys, TLS, bounds, log); what is logged goes to standard error unless it
  /// has `log_to`. SIGPIPE should be ignored by the program.
  /// Throws `std::invalid_argument` for options that do not fit and tools with faults, what opening
  /// the store throws (store.hpp), `std::system_error` if it cannot listen.
  explicit hosted_server(server& definition, const hosting_options& options = {});
  /// As `stop` without a grace.
  ~hosted_server();
  hosted_server(const hosted_server&) = delete;
  hosted_server& operator=(const hosted_server&) = delete;

  /// `http://ADDRESS:PORT/mcp`.
  std::string url() const;
  /// `http://ADDRESS:PORT/`, for operators (`server_options::operators`); empty: nobody asked for
  /// it.
  std::string operator_url() const;
  /// Takes up what earlier processes left, calls what `server::on_start` was given, and serves.
  /// Once. Throws `std::logic_error` if it was started, or `definition` is served already: by
  /// another hosted server that has not stopped, or by `run`.
  void start();
  /// No new work; running work gets `grace`, then its handlers are told to stop, and what may run
  /// again is handed back to the store. Returns when every handler has returned: one that ignores
  /// its stop token is waited for. Idempotent; from any thread but those of handlers.
  void stop(std::chrono::milliseconds grace = defaults::http_drain_grace);
  /// Cuts the grace of a `stop` on another thread short.
  void hurry();

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace longhaul
