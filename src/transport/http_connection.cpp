// SPDX-License-Identifier: Apache-2.0
#include "transport/http_connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

namespace longhaul::transport {

namespace asio = boost::asio;
using boost::system::error_code;

http_connection::http_connection(http_loop& loop, std::unique_ptr<stream> peer, std::string address,
                                 std::shared_ptr<void> counted)
    : loop_(loop),
      counted_(std::move(counted)),
      address_(std::move(address)),
      peer_(std::move(peer)),
      exchange_(loop.shared, address_, loop.shared.options.tls != nullptr, clock::now()),
      written_(loop.context) {
  loop_.connections.insert(this);
}

http_connection::~http_connection() {
  loop_.connections.erase(this);
  loop_.end_if_idle();
}

asio::awaitable<void> http_connection::run() {
  const auto self = shared_from_this();
  try {
    co_await serve();
  } catch (const std::exception& e) {  // no memory, for instance
    options().log.error("connection.failed", e.what());
    if (outlet_) outlet_->close();
  }
  close();
}

asio::awaitable<void> http_connection::serve() {
  while (true) {
    error_code error;
    switch (exchange_.next()) {
      case http_exchange::step::open:
        co_await peer_->open(error);
        opened(error);
        break;
      case http_exchange::step::read: {
        const auto room = exchange_.room();
        const std::size_t got = co_await peer_->read(room, error);
        if (!error) {
          exchange_.received(got, clock::now());
        } else if (exchange_.next() == http_exchange::step::read) {
          exchange_.left();
        }  // else the time was up, and there is a reply that says so
        break;
      }
      case http_exchange::step::identify:
        if (!identify_at_once()) co_await identify();
        break;
      case http_exchange::step::handle:
        co_await handle();
        break;
      case http_exchange::step::write:
        if (writing_ || !write_at_once()) co_await write();
        say_end();
        break;
      case http_exchange::step::close:
        co_return;
    }
  }
}

void http_connection::opened(const error_code& error) {
  if (!error) return exchange_.opened(clock::now());
  const std::string why = error.message();
  options().log.stranger(log_level::debug, "tls.refused", why, {{"from", address_}});
  exchange_.left();
}

// False: it takes time.
bool http_connection::identify_at_once() {
  try {
    auto sender = loop_.identifier.identify_at_once(exchange_.credentials());
    if (!sender) return false;
    exchange_.identified(std::move(*sender), clock::now());
  } catch (const std::exception& e) {
    options().log.error("request.failed", e.what());
    exchange_.failed(clock::now());
  }
  return true;
}

asio::awaitable<void> http_connection::identify() {
  try {
    auth::identification sender = co_await loop_.identifier.identify(exchange_.credentials());
    exchange_.identified(std::move(sender), clock::now());
    co_return;
  } catch (const std::exception& e) {
    options().log.error("request.failed", e.what());
  }
  exchange_.failed(clock::now());
}

asio::awaitable<void> http_connection::handle() {
  std::string body = exchange_.take_body();
  outlet_ = std::make_shared<http_outlet>(shared_from_this());
  std::optional<wire::http_reply> reply;
  try {
    reply = co_await loop_.endpoint.handle(exchange_.request(), std::move(body), outlet_);
  } catch (const std::exception& e) {
    options().log.error("request.failed", e.what());
  } catch (...) {
    options().log.error("request.failed", "with what is no std::exception");
  }
  // What was sent before the reply goes out before it; what comes later is refused, not lost.
  outlet_->close();
  const auto now = clock::now();
  exchange_.add_messages(outlet_->take(), now);
  outlet_.reset();
  if (reply) {
    exchange_.handled(std::move(*reply), now);
  } else {
    exchange_.failed(now);
  }
}

// --- writing

// False: the peer has not taken all of it.
bool http_connection::write_at_once() {
  while (exchange_.has_output()) {
    error_code error;
    const std::size_t put = peer_->write(exchange_.output(), error);
    if (put > 0) exchange_.written(put, clock::now());
    if (error) peer_left();
    if (error || put == 0) return error.failed();
  }
  return true;
}

asio::awaitable<void> http_connection::write_rest() {
  while (!write_at_once()) {
    error_code error;
    co_await peer_->wait_writable(error);
    if (error) co_return peer_left();
  }
}

// One writer at a time, so that nothing overtakes.
asio::awaitable<void> http_connection::write() {
  while (writing_) {
    written_.expires_at(clock::time_point::max());
    error_code ignored;
    co_await written_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_await write_rest();
}

// While the endpoint goes on. Nearly always all of it goes at once.
void http_connection::write_stream() {
  if (writing_) return;
  if (write_at_once()) return say_end();
  writing_ = true;
  asio::co_spawn(loop_.context, write_slowly(), asio::detached);
}

// Meanwhile messages stay in the outlet, whose bound counts them.
asio::awaitable<void> http_connection::write_slowly() {
  const auto self = shared_from_this();
  do {
    co_await write_rest();
    if (outlet_) exchange_.add_messages(outlet_->take(), clock::now());
  } while (exchange_.has_output() && exchange_.at() != http_exchange::state::over);
  writing_ = false;
  say_end();
  written_.cancel();
}

// Once nothing more will be sent.
void http_connection::say_end() {
  if (exchange_.at() == http_exchange::state::lingering) peer_->end_sending();
}

void http_connection::flush(http_outlet& outlet) {
  if (&outlet != outlet_.get() || writing_) return;
  exchange_.add_messages(outlet.take(), clock::now());
  write_stream();
}

// The endpoint goes on, with nobody to answer here.
void http_connection::end_stream(http_outlet& outlet) {
  if (&outlet != outlet_.get()) return;
  const auto now = clock::now();
  exchange_.add_messages(outlet.take(), now);
  exchange_.end_stream(now);
  write_stream();
}

// --- the peer, the clock, the end

void http_connection::expect_wait() {
  exchange_.expect_wait(clock::now());
  watch();
}

void http_connection::watch() {
  if (std::exchange(watching_, true)) return;
  peer_->watch(shared_from_this());
}

void http_connection::on_readable(const error_code& error) {
  watching_ = false;
  // From a bound on it must wait; the sweep sees whether it leaves.
  if (error || !exchange_.waits() || exchange_.full_ahead()) return;
  error_code fault;
  const std::size_t got = peer_->read_at_once(exchange_.room(), fault);
  if (fault) return peer_left();
  exchange_.received(got, clock::now());  // of the next request
  watch();
}

void http_connection::peer_left() {
  exchange_.left();
  if (outlet_) outlet_->gone();
}

void http_connection::sweep(clock::time_point now) {
  if (exchange_.waits() && !watching_ && peer_->peer_has_left()) return peer_left();
  switch (exchange_.sweep(now)) {
    case http_exchange::alarm::none:
      return;
    case http_exchange::alarm::stop_reading:
      return peer_->cancel();
    case http_exchange::alarm::write:
      return write_stream();
    case http_exchange::alarm::close:
      return close();
  }
}

void http_connection::begin_stop() {
  const auto state = exchange_.at();
  if (state == http_exchange::state::idle || state == http_exchange::state::opening) close();
}

void http_connection::close() {
  peer_left();
  peer_->close();
}

}  // namespace longhaul::transport
