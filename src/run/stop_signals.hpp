// SPDX-License-Identifier: Apache-2.0
// The signals that end a server: SIGTERM, SIGINT, and SIGHUP unless it means something else or the
// server was started with that one ignored (nohup). They are heard from the construction on, also
// by process 1, which the kernel spares what it does not handle; one object a process.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <thread>

namespace longhaul {

class stop_signals {
 public:
  /// `on_signal` gets their number so far (1, 2, …), one call at a time, on a thread of its own.
  /// `on_hangup`: what SIGHUP does instead, on that thread too; empty: it ends the server.
  explicit stop_signals(std::function<void(int)> on_signal, std::function<void()> on_hangup = {});
  /// No call runs or begins from then on.
  ~stop_signals();
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;

 private:
  // Destroyed last: a signal that comes when everything was drained ends the process with 0, not as
  // killed by it.
  struct at_the_end {
    ~at_the_end();
  };

  void wait();

  const at_the_end at_the_end_;
  const std::function<void(int)> on_signal_;
  const std::function<void()> on_hangup_;
  int count_ = 0;
  boost::asio::io_context context_{1};
  boost::asio::signal_set signals_;
  std::thread thread_;
};

/// For the time before: a process 1 ends at once, as any other does by itself. Nothing is lost: it
/// serves nobody yet, and its store survives that.
void end_on_early_signals();

}  // namespace longhaul
