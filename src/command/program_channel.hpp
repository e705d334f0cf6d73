// SPDX-License-Identifier: Apache-2.0
// The server's side of the JSON lines (`channel.hpp`): does what a program says, one line after the
// other. Answers are written before the next line is taken, so a program that does not read delays
// itself alone; of lines that are wrong only the first is answered, for programs that never read.
//
// Threads: one object a run, on the handler's thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"
#include "command/channel.hpp"
#include "longhaul/task_context.hpp"

namespace longhaul::command {

class program_channel {
 public:
  /// `socket`: our end, a stream socket. `task` must outlive the channel.
  program_channel(task_context& task, const boost::asio::any_io_executor& executor,
                  descriptor socket);

  /// Until the program closes its end, or the coroutine is cancelled (then `drain`).
  /// Throws what ends the task (`task_stopped`).
  boost::asio::awaitable<void> run();
  /// Requires: both the program and `run` have ended. Takes what it said last; questions that
  /// nobody waits for any more are not asked.
  void drain();

 private:
  void take(std::optional<std::string_view> line);
  boost::asio::awaitable<void> deal_with_all();
  /// Empty: nothing is to be said.
  std::string reply_to(const channel_message& message);
  boost::asio::awaitable<std::string> answer_to(channel_ask ask);

  task_context& task_;
  boost::asio::local::stream_protocol::socket socket_;
  line_splitter splitter_;
  std::deque<channel_message> messages_;
  bool complained_ = false;
};

}  // namespace longhaul::command
