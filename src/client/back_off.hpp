// SPDX-License-Identifier: Apache-2.0
// Pauses between attempts: each is twice the one before, between a half and the whole of it at
// random, up to a bound.
//
// Threads: that of the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "client/http_client.hpp"
#include "client/tunables.hpp"

namespace longhaul::remote {

class back_off {
 public:
  explicit back_off(boost::asio::io_context& context,
                    std::chrono::milliseconds longest = tunables::longest_pause)
      : timer_(context), longest_(longest) {}

  /// `wished`: what the server asks for, at least. Throws `client_error`, `left`, if it is
  /// interrupted.
  awaitable<void> wait(interruption& ended, std::optional<std::chrono::milliseconds> wished);
  /// It worked: the next pause is the first again.
  void reset() noexcept { next_ = {}; }

 private:
  boost::asio::steady_timer timer_;
  const std::chrono::milliseconds longest_;
  std::chrono::milliseconds next_{0};
};

/// Interrupts what takes longer than `time` (null: for ever), as long as this lives.
class time_bound {
 public:
  time_bound(boost::asio::io_context& context, std::optional<std::chrono::milliseconds> time,
             interruption& ended);
  ~time_bound();
  time_bound(const time_bound&) = delete;
  time_bound& operator=(const time_bound&) = delete;

  bool over() const noexcept { return state_->over; }

 private:
  struct state {
    bool live = true, over = false;
  };

  boost::asio::steady_timer timer_;
  const std::shared_ptr<state> state_;
};

/// Between a half and the whole of it.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds time);

/// Returns when the time is over: true; or when `ended` fires: false.
awaitable<bool> pause_for(boost::asio::steady_timer& timer, std::chrono::milliseconds time,
                          interruption& ended);

}  // namespace longhaul::remote
