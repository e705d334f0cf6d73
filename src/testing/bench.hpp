// SPDX-License-Identifier: Apache-2.0
// A server with its engine and its endpoints, without a transport: the inside of a `test_server`.
//
//   client ──► stream ──► endpoint, on one thread of ours ──► dispatcher ──► engine ──► handlers
//                 ▲                                                             │
//                 └───────────── messages, which ring the bell ◄───────────────┘
//
// It is at rest when that thread has nothing to run, the engine is at rest, and the bell was not
// rung meanwhile. Only then is time moved for those who wait.
//
// Threads: any. Nothing here is called from the thread of the exchanges.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/testing/test_server.hpp"
#include "run/process_log.hpp"
#include "run/service.hpp"
#include "testing/bell.hpp"
#include "testing/http_call.hpp"
#include "testing/stream.hpp"
#include "wire/endpoints.hpp"

namespace longhaul::testkit {

class bench {
 public:
  bench(server& definition, test_options options);
  ~bench();
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;

  manual_clock& clock() noexcept { return *options_.clock; }
  const test_options& options() const noexcept { return options_; }
  tasks::engine& engine() noexcept { return service_.engine(); }
  boost::asio::io_context& context() noexcept { return context_; }
  const serving::catalog& features() const noexcept { return *features_; }

  std::shared_ptr<stream> open_stream() { return std::make_shared<stream>(context_, bell_); }
  /// Sends a request over HTTP; what is answered comes out of the stream.
  void send(http_call call, const std::shared_ptr<stream>& out);
  /// Lives as long as this.
  wire::pipe_endpoint& open_pipe(std::shared_ptr<wire::outlet> out);
  void send_line(wire::pipe_endpoint& pipe, std::string line);
  /// Another process takes over the endpoint: its sessions are gone.
  void replace_endpoint();
  void shut_down_endpoint() { http_->shut_down(); }

  void advance(std::chrono::milliseconds length);
  void run_for(std::chrono::milliseconds length);
  /// False: it has not come to rest in time.
  bool settle();
  /// Waits until `ready`, which is asked again and again. False: it waited in vain.
  bool wait_until(const std::function<bool()>& ready);
  /// The same, but time stands still.
  bool wait_at_this_time(const std::function<bool()>& ready);
  /// What the server is doing, for people.
  std::string state();
  void stop(std::chrono::milliseconds grace);

 private:
  using real_clock = std::chrono::steady_clock;

  wire::endpoint_options endpoint_options() const;
  void run_exchanges();
  /// Returns when the thread of the exchanges has had nothing to do. False: not in time.
  bool drain_exchanges(real_clock::time_point until);
  void pause(int looks, std::uint64_t seen);
  /// Looks once whether all is at rest.
  bool rests(real_clock::time_point until);
  std::chrono::milliseconds step_after(std::chrono::milliseconds waited);

  const test_options options_;
  const std::shared_ptr<const serving::catalog> features_;
  bell bell_;
  process_log log_;
  service service_;
  std::unique_ptr<wire::http_endpoint> http_;
  std::vector<std::unique_ptr<wire::http_endpoint>> retired_;  // until their exchanges are gone
  guarded_mutex pipes_mutex_;
  std::vector<std::unique_ptr<wire::pipe_endpoint>> pipes_ LONGHAUL_GUARDED_BY(pipes_mutex_);
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::atomic<bool> ending_{false};
  guarded_mutex rounds_mutex_;
  condition round_over_;
  std::uint64_t rounds_ LONGHAUL_GUARDED_BY(rounds_mutex_) = 0;
  std::thread thread_;
};

}  // namespace longhaul::testkit
