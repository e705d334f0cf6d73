// SPDX-License-Identifier: Apache-2.0
// One host over a pair of descriptors, a message a line. A reader thread and a writer thread do the
// blocking calls (so that pipes, sockets, terminals and files all work); messages are dealt with on
// the thread that calls `run`, concurrently: a slow tool delays nothing.
//
// Reading goes on whatever the host leaves unread, so that a cancel and the end of input are always
// seen: what is bounded is what it may ask for (`outlet::crowded`), and, while it reads nothing at
// all, what it may send (`max_overrun`, then the pipe is ended). No reply is dropped before.
//
// The end of input means that the host is gone: open calls are left at once (young ones after a
// moment), and `run` returns when they have ended and the output is taken. A signal (`stop`) and an
// output that nobody reads leave all of them at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "transport/tunables.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport {

struct stdio_options {
  int input = 0;                                 ///< read from; not closed
  int output = 1;                                ///< written to; not closed
  std::size_t max_message = tunables::max_body;  ///< bytes a line
  std::size_t max_in_flight = tunables::pipe_in_flight;
  std::size_t max_in_flight_bytes = tunables::pipe_in_flight_bytes;
  std::size_t max_buffered = tunables::pipe_buffer;  ///< bytes
  std::size_t max_overrun = tunables::pipe_overrun;  ///< bytes
  /// Calls younger than this when the input ends are left when they are this old.
  std::chrono::milliseconds answer_time = tunables::pipe_answer_time;
  /// How long exchanges that were left may take to end, and the reader of the output to take
  /// something.
  std::chrono::milliseconds grace = tunables::pipe_end_time;
  logger log = {};
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
