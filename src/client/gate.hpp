// SPDX-License-Identifier: Apache-2.0
// Lets so many in at once, the others in the order in which they came.
//
// Threads: that of the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <memory>

#include "client/http_client.hpp"

namespace longhaul::remote {

class gate {
 public:
  gate(boost::asio::io_context& context, std::size_t size) : context_(context), free_(size) {}

  /// Returns when there is room. Throws `client_error`, `left`, if it is interrupted.
  awaitable<void> enter(interruption& ended);
  /// Requires: one `enter` that returned.
  void leave() noexcept;

 private:
  struct place;
  boost::asio::io_context& context_;
  std::size_t free_;
  std::deque<std::shared_ptr<place>> waiting_;
};

/// Leaves it at the end of a block.
class inside_gate {
 public:
  explicit inside_gate(gate& entered) : gate_(entered) {}
  ~inside_gate() { gate_.leave(); }
  inside_gate(const inside_gate&) = delete;
  inside_gate& operator=(const inside_gate&) = delete;

 private:
  gate& gate_;
};

}  // namespace longhaul::remote
