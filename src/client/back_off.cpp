// SPDX-License-Identifier: Apache-2.0
#include "client/back_off.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/random.hpp"
#include "client/tunables.hpp"
#include "longhaul/client_error.hpp"

namespace longhaul::remote {

std::chrono::milliseconds with_jitter(std::chrono::milliseconds time) {
  std::array<std::byte, 2> random{};
  fill_random(random);
  const int part = std::to_integer<int>(random[0]) * 256 + std::to_integer<int>(random[1]);
  return time / 2 + time * part / 131'072;
}

time_bound::time_bound(boost::asio::io_context& context,
                       std::optional<std::chrono::milliseconds> time, interruption& ended)
    : timer_(context), state_(std::make_shared<state>()) {
  if (!time) return;
  timer_.expires_after(*time);
  timer_.async_wait([state = state_, &ended](boost::system::error_code error) {
    if (error || !state->live) return;
    state->over = true;
    ended.fire();
  });
}

time_bound::~time_bound() { state_->live = false; }

awaitable<bool> pause_for(boost::asio::steady_timer& timer, std::chrono::milliseconds time,
                          interruption& ended) {
  bool woken = false;
  timer.expires_after(time);
  ended.set([&] {
    woken = true;
    timer.cancel();
  });
  boost::system::error_code error;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
  ended.clear();
  co_return !woken;
}

awaitable<void> back_off::wait(interruption& ended,
                               std::optional<std::chrono::milliseconds> wished) {
  using std::chrono::milliseconds;
  next_ = std::clamp<milliseconds>(next_ * 2, tunables::first_pause, longest_);
  const milliseconds pause = std::max(with_jitter(next_), wished.value_or(milliseconds(0)));
  const bool slept = co_await pause_for(timer_, pause, ended);
  if (!slept) throw client_error(client_error::kind::left, "the request was given up");
}

}  // namespace longhaul::remote
