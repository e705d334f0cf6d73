// SPDX-License-Identifier: Apache-2.0
// What a client runs on: one thread for the network, one for callbacks. Whoever has timers or
// sockets on it keeps it, so that a `tool_call` may outlive its client; what still waits at the end
// is dropped, because that keeps its loop too.
//
// Threads: any.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "client/callbacks.hpp"

namespace longhaul::remote {

class loop {
 public:
  /// Starts the thread of the network. No signal is handled there: a program that reads no more
  /// would end us by SIGPIPE.
  loop();
  ~loop();
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  boost::asio::io_context& context() noexcept { return context_; }
  callbacks& calls_back() noexcept { return callbacks_; }
  /// Ends both threads, and drops what waits. Requires: another thread than that of the network.
  void end() noexcept;

 private:
  class own_context : public boost::asio::io_context {
   public:
    own_context() : io_context(1) {}
    void drop_all() { shutdown(); }
  };

  own_context context_;
  callbacks callbacks_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace longhaul::remote
