// SPDX-License-Identifier: Apache-2.0
// A server at the other end of two pipes: a message a line, replies found by their ids. The program
// is started when the first message goes out, and again when it has ended and there is another.
//
// MCP 2026-07-28 and 2025-11-25, "stdio".
// Threads: that of the io_context.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "client/child.hpp"
#include "client/link.hpp"
#include "longhaul/client.hpp"

namespace longhaul::remote {

class pipe_link final : public link, public std::enable_shared_from_this<pipe_link> {
 public:
  /// Requires: `place` has a command.
  pipe_link(boost::asio::io_context& context, server_place place, const client_options& options,
            listener hear);
  ~pipe_link() override;

  awaitable<raw_json> request(outgoing message, interruption& ended) override;
  awaitable<void> send(outgoing message) override;
  bool http() const noexcept override { return false; }
  bool leaves_by_message() const noexcept override { return true; }
  std::uint64_t generation() const noexcept override { return generation_; }
  awaitable<void> restart() override;
  awaitable<void> close() override;
  std::string name() const override;

 private:
  using descriptor = boost::asio::posix::stream_descriptor;
  struct waiting;
  struct running;

  void start();
  void put(const std::string& body, const std::string& id);
  awaitable<void> write_all(std::shared_ptr<running> to);
  awaitable<void> read_all(std::shared_ptr<running> from);
  awaitable<std::string> read_some(std::shared_ptr<running> from, std::size_t& left);
  awaitable<void> watch(std::shared_ptr<running> one);
  awaitable<void> hear_out(std::shared_ptr<running> one);
  awaitable<void> read_errors(std::shared_ptr<running> from);
  awaitable<void> end(std::shared_ptr<running> one);
  awaitable<void> end_now(client_error::kind said, std::string why);
  void take(std::string_view line);
  awaitable<void> until_free(interruption& ended);
  void stopped(const std::shared_ptr<running>& one, client_error::kind broken,
               const std::string& why);

  boost::asio::io_context& context_;
  const server_place place_;
  const client_options options_;
  const listener hear_;
  std::shared_ptr<running> now_;
  std::map<std::string, waiting*> open_;  // by id
  boost::asio::steady_timer free_;        // wakes who waits for the end of a life
  std::uint64_t generation_ = 0;
  bool closed_ = false;
};

}  // namespace longhaul::remote
