// SPDX-License-Identifier: Apache-2.0
// One host over a pair of descriptors, a message a line. A reader thread and a writer thread do the
// blocking calls (so that pipes, sockets, terminals and files all work); messages are dealt with on
// the thread that calls `run`, concurrently: a slow tool delays nothing.
//
// Bounds: reading pauses while too many messages are in flight or too many bytes wait for the
// reader of our output; notifications are then refused, replies never are.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "transport/tunables.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport {

struct stdio_options {
  int input = 0;                                 ///< read from; not closed
  int output = 1;                                ///< written to; not closed
  std::size_t max_message = tunables::max_body;  ///< bytes a line
  std::size_t max_in_flight = tunables::pipe_in_flight;
  std::size_t max_buffered = tunables::pipe_buffer;  ///< bytes
  /// How long running exchanges may still take when the input has ended or `stop` was called, and
  /// the output to be taken.
  std::chrono::milliseconds grace{5000};
  /// Called once, on the thread of `run`, when the input has ended (or `stop` was called), before
  /// running exchanges are waited for. May be empty.
  std::function<void()> on_end = {};
};

class stdio_server {
 public:
  using factory =
      std::function<std::unique_ptr<wire::pipe_endpoint>(std::shared_ptr<wire::outlet>)>;

  stdio_server(stdio_options options, const factory& make_endpoint);
  ~stdio_server();
  stdio_server(const stdio_server&) = delete;
  stdio_server& operator=(const stdio_server&) = delete;

  /// Serves until the input ends, the peer takes no more output, or `stop`. SIGPIPE need not be
  /// ignored. Call it once.
  void run();
  /// Any thread, also from `on_end`; idempotent.
  void stop();

 private:
  struct state;
  void let_go();
  std::shared_ptr<state> state_;
};

}  // namespace longhaul::transport
