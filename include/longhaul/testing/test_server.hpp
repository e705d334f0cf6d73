// SPDX-License-Identifier: Apache-2.0
// A `longhaul::server` that serves in this very process, without sockets, on a clock of its own:
// what `run` does, for tests. Clients connect to it (`client.hpp`), and conversations are played
// with it (`conversation.hpp`).
//
// Time stands still, and moves in two ways only: by hand (`run_for`, `advance`), and by itself
// while a client waits and nothing else is left to happen, to the moment when something does. It is
// the time of everything: of `sleep_for` in handlers, limits, retention, poll intervals,
// heartbeats. So an hour of work takes no time at all, and a test says the same every time.
//
// Threads: any. Handlers run on threads of their own, as in a server.
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "longhaul/server.hpp"
#include "longhaul/testing/clock.hpp"

namespace longhaul::testkit {

class bench;

/// What was waited for did not happen: a handler neither ends nor rests, or nothing is left that
/// could bring it about. The text says what the server is doing.
class waited_in_vain : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct test_options {
  /// Where tasks are kept; null: in memory. It must be of this `clock`
  /// (`memory_store(*clock)`, `sqlite_store(path, *clock)`).
  std::shared_ptr<stores::store> store = {};
  std::shared_ptr<manual_clock> clock = {};  ///< null: a new one
  /// False: time moves by hand only. A client that waits for what only time brings waits in vain.
  bool time_passes = true;
  /// How long, by the machine's clock, handlers may keep a test waiting without resting: one that
  /// computes for longer has probably hung.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
  log_sink log_to = {};  ///< what the server logs, from any thread; null: it is dropped
};

class test_server {
 public:
  /// Serves until it is destroyed. `definition` must outlive it, and may be served again
  /// afterwards, with the same store or another. Throws `std::invalid_argument` with what is wrong
  /// with the tools, and what `server::on_start` functions throw.
  explicit test_server(server& definition, test_options options = {});
  /// As a process that is killed ends, but that handlers are told to stop and waited for: tasks
  /// that are not finished stay as they are in the store.
  ~test_server();
  test_server(test_server&&) noexcept;
  test_server& operator=(test_server&&) noexcept;

  manual_clock& clock() noexcept;
  /// Moves the clock by `length`, at once, and waits for nothing.
  void advance(std::chrono::milliseconds length);
  /// Lets so much time pass as a server would see it: in steps, each of which is left to come to
  /// rest, so that every handler that sleeps wakes at its own time. Throws `waited_in_vain`.
  void run_for(std::chrono::milliseconds length);
  /// Waits until nothing moves any more before time passes or somebody calls or answers: every
  /// handler has returned, sleeps, or waits for an answer, and every message has arrived. A handler
  /// that waits for something else is not at rest. Throws `waited_in_vain`.
  void run_until_idle();

  /// As SIGTERM: running handlers get `grace` (of the machine's clock); then what may run again is
  /// handed back to the store, the rest fails, and open streams end. Once; calls are refused then.
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds(0));

  /// For what else there is in the kit.
  const std::shared_ptr<bench>& shared() const noexcept { return bench_; }

 private:
  std::shared_ptr<bench> bench_;
};

}  // namespace longhaul::testkit
