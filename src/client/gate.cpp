// SPDX-License-Identifier: Apache-2.0
#include "client/gate.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "longhaul/client_error.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;

struct gate::place {
  explicit place(asio::io_context& context)
      : woken(context, asio::steady_timer::time_point::max()) {}
  asio::steady_timer woken;
  bool entered = false, left = false;
};

awaitable<void> gate::enter(interruption& ended) {
  if (free_ > 0) {
    --free_;
    co_return;
  }
  const auto mine = std::make_shared<place>(context_);
  waiting_.push_back(mine);
  ended.set([mine] {
    mine->left = true;
    mine->woken.cancel();
  });
  boost::system::error_code error;
  while (!mine->entered && !mine->left) {
    co_await mine->woken.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  ended.clear();
  if (!mine->left) co_return;
  if (mine->entered) leave();
  std::erase(waiting_, mine);
  throw client_error(client_error::kind::left, "the request was given up");
}

void gate::leave() noexcept {
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  const std::shared_ptr<place> next = std::move(waiting_.front());
  waiting_.pop_front();
  next->entered = true;
  next->woken.cancel();
}

}  // namespace longhaul::remote
