// SPDX-License-Identifier: Apache-2.0
#include "client/dial.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client/tunables.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;
using asio::ip::tcp;

std::vector<dial::endpoint> by_turns(const std::vector<dial::endpoint>& all) {
  std::vector<dial::endpoint> first, other, mixed;
  for (const dial::endpoint& each : all) {
    const bool same = each.protocol() == all.front().protocol();
    (same ? first : other).push_back(each);
  }
  for (std::size_t i = 0; i < std::max(first.size(), other.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < other.size()) mixed.push_back(other[i]);
  }
  return mixed;
}

dial::dial(asio::io_context& context)
    : context_(context),
      resolver_(context),
      turn_(context),
      end_(context, asio::steady_timer::time_point::max()) {}

asio::awaitable<dial::socket> dial::run(std::string host, std::string port, error_code& error) {
  const auto self = shared_from_this();
  // Nobody can end a look-up: who waits for it is let go, and the io_context ends with it.
  resolver_.async_resolve(
      host, port, [self](const error_code& failed, const tcp::resolver::results_type& found) {
        if (self->over_) return;
        if (failed) return self->finish(failed, 0);
        std::vector<endpoint> all;
        for (const auto& each : found) all.push_back(each.endpoint());
        self->begin(by_turns(all));
      });
  co_return co_await wait_for_end(error);
}

asio::awaitable<dial::socket> dial::run(std::vector<endpoint> to, error_code& error) {
  const auto self = shared_from_this();
  begin(std::move(to));
  co_return co_await wait_for_end(error);
}

asio::awaitable<dial::socket> dial::wait_for_end(error_code& error) {
  error_code woken;
  while (!over_) co_await end_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  error = result_;
  socket connected(context_);
  if (!error) connected = std::move(tried_[first_]);
  tried_.clear();
  co_return connected;
}

void dial::begin(std::vector<endpoint> to) {
  if (to.empty()) return finish(asio::error::host_not_found, 0);
  to_ = std::move(to);
  tried_.reserve(to_.size());  // none moves while it connects
  try_next();
}

void dial::stop() {
  if (!over_) finish(asio::error::operation_aborted, 0);
}

void dial::try_next() {
  const std::size_t which = tried_.size();
  if (over_ || which == to_.size()) return;
  tried_.emplace_back(context_);
  const auto self = shared_from_this();
  tried_[which].async_connect(
      to_[which], [self, which](const error_code& error) { self->on_connected(which, error); });
  turn_.expires_after(tunables::next_address);
  turn_.async_wait([self](const error_code& error) {
    if (!error) self->try_next();
  });
}

void dial::on_connected(std::size_t which, const error_code& error) {
  if (over_) return;
  if (!error) return finish(error, which);
  ++failed_;
  if (failed_ == to_.size()) return finish(error, which);
  if (failed_ == tried_.size()) {  // nothing is under way
    turn_.cancel();
    try_next();
  }
}

void dial::finish(const error_code& error, std::size_t which) {
  over_ = true;
  result_ = error;
  first_ = which;
  for (std::size_t i = 0; i < tried_.size(); ++i) {
    error_code ignored;
    if (error || i != which) tried_[i].close(ignored);
  }
  resolver_.cancel();
  turn_.cancel();
  end_.cancel();
}

}  // namespace longhaul::remote
