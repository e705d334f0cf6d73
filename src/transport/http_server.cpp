// SPDX-License-Identifier: Apache-2.0
#include "transport/http_server.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "auth/identify.hpp"
#include "base/wake_event.hpp"
#include "transport/episode.hpp"
#include "transport/http_connection.hpp"
#include "transport/http_reply.hpp"
#include "transport/routes.hpp"
#include "transport/tls_identity.hpp"

namespace longhaul::transport {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::size_t thread_count(std::size_t wanted) {
  if (wanted > 0) return wanted;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4);
}

tcp::endpoint listen_endpoint(const http_options& options) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) {
    throw std::invalid_argument("\"" + options.address +
                                "\" is not an IP address: write 127.0.0.1, ::1 or 0.0.0.0");
  }
  return {address, options.port};
}

// Also 127.0.0.1 written as ::ffff:127.0.0.1.
bool is_loopback(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address.is_loopback();
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
}

http_options completed(http_options options) {
  if (!options.identifier) options.identifier = auth::anonymous();
  return options;
}

}  // namespace

struct http_server::state {
  state(http_options given, wire::http_endpoint& answers)
      : options(completed(std::move(given))),
        endpoint(answers),
        where(listen_endpoint(options)),
        bodies(options.max_body_memory),
        open_bodies(options.max_open_body_memory),
        paths(options, is_loopback(where.address()), endpoint) {
    const exchange_context shared{options, paths, bodies, open_bodies, meters};
    for (std::size_t i = 0; i < thread_count(options.threads); ++i) {
      loops.push_back(std::make_unique<http_loop>(shared, *options.identifier, endpoint));
    }
    try {
      acceptor = std::make_unique<tcp::acceptor>(loops.front()->context, where);
      where = acceptor->local_endpoint();
    } catch (const boost::system::system_error& e) {  // not a std::system_error
      throw std::system_error(
          std::error_code(e.code()),
          "cannot listen on " + options.address + " port " + std::to_string(options.port));
    }
    pause = std::make_unique<asio::steady_timer>(loops.front()->context);
  }

  void run(http_loop& loop);
  void tell(std::string_view event, const episode::told& news) const;
  void accept();
  void take(tcp::socket socket);
  void refuse(tcp::socket& socket);
  void begin(http_loop& loop, tcp_socket socket, std::string address,
             std::shared_ptr<void> counted) const;
  void schedule_sweep(http_loop& loop);
  template <class Function>
  void on_every_loop(Function function);

  http_options options;
  wire::http_endpoint& endpoint;
  tcp::endpoint where;
  body_memory bodies, open_bodies;
  http_meters meters;
  routes paths;
  std::vector<std::unique_ptr<http_loop>> loops;
  std::vector<asio::executor_work_guard<loop_executor>> work;
  std::unique_ptr<tcp::acceptor> acceptor;
  std::unique_ptr<asio::steady_timer> pause;
  std::vector<std::thread> threads;
  std::size_t next_loop = 0;
  episode no_accept{"no connection can be accepted for now: ", "connections are accepted again"};
  episode full{"connections are refused, because there are ", "no connection is refused any more"};
  std::atomic<std::size_t> connections{0};
  std::atomic<bool> stopped{false};
};

// A callback that throws ends its own call, not the thread.
void http_server::state::run(http_loop& loop) {
  block_broken_pipe();  // OpenSSL writes as to a file
  while (true) {
    try {
      loop.context.run();
      return;
    } catch (const std::exception& e) {
      options.log.error("callback.failed", e.what());
    }
  }
}

void http_server::state::tell(std::string_view event, const episode::told& news) const {
  if (!news.text.empty()) options.log(news.level, event, news.text);
}

void http_server::state::accept() {
  acceptor->async_accept([this](boost::system::error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor->is_open()) return;
    if (error) {  // no descriptors left: do not spin
      tell("accept.failed", no_accept.trouble(error.message()));
      pause->expires_after(tunables::accept_pause);
      pause->async_wait([this](boost::system::error_code stop) {
        if (!stop && acceptor->is_open()) accept();
      });
      return;
    }
    no_accept.fine();
    accept();  // first: whatever becomes of this one, the next is waited for
    take(std::move(socket));
  });
}

// There are as many connections as there may be. To a client that speaks TLS the close says it.
void http_server::state::refuse(tcp::socket& accepted) {
  static constexpr std::string_view refusal =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
      "Content-Length: 0\r\n\r\n";
  boost::system::error_code ignored;
  accepted.non_blocking(true, ignored);
  if (!options.tls) accepted.write_some(asio::buffer(refusal.data(), refusal.size()), ignored);
  tell("accept.full", full.trouble(std::to_string(options.max_connections)));
}

void http_server::state::take(tcp::socket accepted) {
  boost::system::error_code error;
  const auto peer = accepted.remote_endpoint(error);
  if (error) return;
  if (connections.load() >= options.max_connections) return refuse(accepted);
  full.fine();
  accepted.set_option(tcp::no_delay(true), error);
  const auto protocol = peer.protocol();
  const auto handle = accepted.release(error);
  if (error) return;
  connections.fetch_add(1);
  const std::shared_ptr<void> counted(this, [this](void*) { connections.fetch_sub(1); });
  http_loop& loop = *loops[next_loop++ % loops.size()];
  asio::post(loop.context,
             [this, &loop, protocol, handle, counted, address = peer.address().to_string()] {
               tcp_socket socket(loop.context.get_executor());
               boost::system::error_code failed;
               socket.assign(protocol, handle, failed);
               if (failed) {
                 ::close(handle);
               } else if (!loop.shared.stopping) {
                 begin(loop, std::move(socket), address, counted);
               }
             });
}

// The loop's thread.
void http_server::state::begin(http_loop& loop, tcp_socket socket, std::string address,
                               std::shared_ptr<void> counted) const {
  auto peer =
      options.tls ? options.tls->secure(std::move(socket)) : make_tcp_stream(std::move(socket));
  auto connection = std::make_shared<http_connection>(loop, std::move(peer), std::move(address),
                                                      std::move(counted));
  asio::co_spawn(loop.context, connection->run(), asio::detached);
}

void http_server::state::schedule_sweep(http_loop& loop) {
  loop.shared.date = http_date();
  loop.sweep.expires_after(options.sweep_interval);
  loop.sweep.async_wait([this, &loop](boost::system::error_code error) {
    // Not the error alone: a cancel finds nothing if the time was up already.
    if (error || (loop.shared.stopping && loop.connections.empty())) return;
    schedule_sweep(loop);  // first: what throws below ends this round, not all that follow
    const auto now = http_connection::clock::now();
    // A sweep may close connections, which takes them out of the set later, never at once.
    for (http_connection* connection : loop.connections) connection->sweep(now);
    if (&loop == loops.front().get()) {  // whose thread accepts
      tell("accept.failed", no_accept.sweep());
      tell("accept.full", full.sweep());
    }
  });
}

template <class Function>
void http_server::state::on_every_loop(Function function) {
  for (auto& loop : loops) {
    asio::post(loop->context, [function, l = loop.get()] { function(*l); });
  }
}

http_server::http_server(http_options options, wire::http_endpoint& endpoint)
    : state_(std::make_unique<state>(std::move(options), endpoint)) {}

http_server::~http_server() { stop(std::chrono::milliseconds(0)); }

void http_server::start() {
  for (auto& loop : state_->loops) {
    state_->work.emplace_back(loop->context.get_executor());
    state_->schedule_sweep(*loop);
    state_->threads.emplace_back([s = state_.get(), l = loop.get()] { s->run(*l); });
  }
  asio::post(state_->loops.front()->context, [s = state_.get()] { s->accept(); });
}

std::uint16_t http_server::port() const noexcept { return state_->where.port(); }

std::string http_server::url() const {
  const auto address = state_->where.address();
  std::string result = state_->options.tls ? "https://" : "http://";
  if (address.is_v6()) result += '[';
  result += address.to_string();
  if (address.is_v6()) result += ']';
  result += ':';
  result += std::to_string(port());
  return result += state_->options.path;
}

std::size_t http_server::connections() const noexcept { return state_->connections.load(); }
wire::http_figures http_server::figures() const { return state_->meters.read(connections()); }

void http_server::stop(std::chrono::milliseconds grace) {
  if (state_->stopped.exchange(true)) return;
  if (state_->threads.empty()) return;
  // First of all, so that no connection is handed to a loop that has ended.
  std::promise<void> closed;
  asio::post(state_->loops.front()->context, [s = state_.get(), &closed] {
    boost::system::error_code ignored;
    s->acceptor->close(ignored);
    s->pause->cancel();
    closed.set_value();
  });
  closed.get_future().wait();
  state_->endpoint.shut_down();
  state_->on_every_loop([grace](http_loop& loop) {
    loop.shared.stopping = true;
    const auto open = loop.connections;
    for (http_connection* connection : open) connection->begin_stop();
    // The timer keeps the loop going no longer than there are connections.
    auto timer = std::make_shared<asio::steady_timer>(loop.context, grace);
    timer->async_wait([&loop, timer](boost::system::error_code) {
      const auto left = loop.connections;
      for (http_connection* connection : left) connection->close();
    });
    loop.stop_timer = timer;
    loop.end_if_idle();
  });
  state_->work.clear();
  for (std::thread& thread : state_->threads) thread.join();
  state_->threads.clear();
}

}  // namespace longhaul::transport
