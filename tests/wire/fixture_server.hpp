// SPDX-License-Identifier: Apache-2.0
// A server of a few tools on the real dispatcher, engine and memory store, with a clock and doors
// that the test owns, and the two endpoints in front of it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "server/dispatcher.hpp"
#include "stores/memory_store.hpp"
#include "support/virtual_clock.hpp"
#include "tasks/engine.hpp"
#include "wire/endpoints.hpp"

namespace longhaul::test {

/// Doors by name. Handlers wait at them; a test opens them.
class doors {
 public:
  void open(const std::string& name) {
    const std::lock_guard lock(mutex_);
    open_.insert(name);
    changed_.notify_all();
  }
  void open_all() {
    const std::lock_guard lock(mutex_);
    all_ = true;
    changed_.notify_all();
  }
  /// Waits until the door is open or stop is requested.
  void pass(const std::string& name, const std::stop_token& stop) {
    const std::stop_callback wake(stop, [&] {
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
    });
    std::unique_lock lock(mutex_);
    arrived_.insert(name);
    changed_.notify_all();
    changed_.wait(lock, [&] { return all_ || open_.contains(name) || stop.stop_requested(); });
    if (stop.stop_requested()) stopped_.insert(name);
    changed_.notify_all();
  }
  /// Waits until a handler came to the door.
  bool await_arrival(const std::string& name) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return arrived_.contains(name); });
  }
  /// Waits until a handler was told to stop at the door.
  bool await_stop(const std::string& name) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return stopped_.contains(name); });
  }
  bool was_stopped(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return stopped_.contains(name);
  }
  int count(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(arrived_.count(name));
  }

  /// After this a test gives up: nothing takes so long.
  static constexpr std::chrono::seconds patience{30};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> open_, stopped_;
  std::multiset<std::string> arrived_;
  bool all_ = false;
};

struct fixture_options {
  std::size_t max_sessions = 100;
  std::vector<std::string> secrets = {"a secret of this test"};
  stores::create_bounds bounds = {};
  byte_limits limits = {};
  bool dynamic = false;
  bool features = false;   ///< prompts and resources as well
  bool event_ids = false;  ///< what comes is shown with the ids of events
};

/// The tools of the fixture, whose handlers wait at the doors.
void add_fixture_tools(serving::catalog& into, doors& door);
/// A tool without arguments that says "done"; of this owner only, unless that is empty.
void add_fixture_tool(serving::catalog& into, const std::string& name, const std::string& owner);

class fixture_server {
 public:
  explicit fixture_server(fixture_options options = {});
  ~fixture_server();

  wire::http_endpoint& http() { return *http_; }
  serving::dispatcher& dispatcher() { return *dispatcher_; }
  serving::catalog& tools() { return *tools_; }
  bool shows_event_ids() const { return options_.event_ids; }
  tasks::engine& engine() { return *engine_; }
  boost::asio::io_context& context() { return context_; }
  std::unique_ptr<wire::pipe_endpoint> pipe(std::shared_ptr<wire::outlet> out);
  wire::endpoint_options endpoint_options() const;

  /// Time passes, and the engine sees it.
  void advance(milliseconds by);
  /// Waits until a task has this status.
  bool await_status(const std::string& id, std::string_view status);
  /// Another process takes over the endpoint: what lives in memory of the old one is gone.
  void replace_http();

  virtual_clock clock;
  doors door;

 private:
  const fixture_options options_;
  const std::shared_ptr<serving::catalog> tools_;
  std::unique_ptr<tasks::engine> engine_;
  std::unique_ptr<serving::dispatcher> dispatcher_;
  std::unique_ptr<wire::http_endpoint> http_, retired_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace longhaul::test
