// SPDX-License-Identifier: Apache-2.0
// The end of the server: what runs is answered, what hangs is closed, nothing is used afterwards.
#include <thread>

#include "support/seed.hpp"
#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using namespace std::chrono_literals;
using test::client;
using test::post;
using test::reply;
using test::seen_request;
using outlet = std::shared_ptr<wire::outlet>;

class http_stop : public test::over_both {
 protected:
  void hold(bool with_message = false) {
    endpoint.run = [this, with_message](seen_request,
                                        outlet out) -> wire::awaitable<wire::http_reply> {
      out->on_gone([this] {
        endpoint.seen.note("gone");
        gate.open();
      });
      out->expect_wait();
      if (with_message) out->send("message");
      endpoint.seen.note("waits");
      co_await gate.wait();
      wire::http_reply result;
      result.body = "answered";
      co_return result;
    };
  }

  test::gate gate;
};

TEST_P(http_stop, a_server_that_was_never_started_ends) {
  http_server never(options, endpoint);
  never.stop(1s);
}

TEST_P(http_stop, stop_is_idempotent_and_ends_idle_connections) {
  start();
  client peer = connect(), used = connect();
  ASSERT_TRUE(used.send(post("x")));
  EXPECT_EQ(used.read_reply().status, 200);
  server->stop(std::chrono::hours(1));
  server->stop(std::chrono::hours(1));
  EXPECT_TRUE(used.closed_by_peer());
  EXPECT_TRUE(peer.closed_by_peer());
  EXPECT_EQ(endpoint.seen.count("shut down"), 1);
  EXPECT_EQ(server->connections(), 0u);
  EXPECT_THROW(connect(), std::runtime_error);
}

TEST_P(http_stop, a_running_exchange_is_answered_and_told_that_the_connection_ends) {
  hold();
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("a") + post("never served")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  std::thread stopper([&] { server->stop(std::chrono::hours(1)); });
  ASSERT_TRUE(endpoint.seen.wait("shut down"));
  EXPECT_EQ(endpoint.seen.count("gone"), 0);
  // The loops learn of the stop before they see what comes over a new connection: it is refused.
  const auto limit = std::chrono::steady_clock::now() + test::hang;
  for (bool refused = false; !refused && std::chrono::steady_clock::now() < limit;) {
    try {
      connect();
    } catch (const std::runtime_error&) {
      refused = true;
    }
  }
  std::thread opener([&] { gate.open(); });
  const reply got = peer.read_reply();
  EXPECT_EQ(got.body, "answered");
  opener.join();
  stopper.join();
  EXPECT_EQ(endpoint.seen.count("gone"), 0);
}

TEST_P(http_stop, a_reply_after_the_stop_says_connection_close) {
  test::gate other;
  endpoint.run = [&](seen_request request, outlet out) -> wire::awaitable<wire::http_reply> {
    out->on_gone([&, body = request.body] { endpoint.seen.note("gone " + body); });
    out->expect_wait();
    endpoint.seen.note("waits");
    if (request.body == "a") co_await gate.wait();
    wire::http_reply result;
    result.body = "answered";
    co_return result;
  };
  options.threads = 1;
  start();
  client idle = connect(), peer = connect();
  ASSERT_TRUE(idle.send(post("b")));
  EXPECT_EQ(idle.read_reply().header("connection"), "");
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("waits", 2));
  std::thread stopper([&] { server->stop(std::chrono::hours(1)); });
  EXPECT_TRUE(idle.closed_by_peer());  // the only loop knows of the stop
  gate.open();
  const reply got = peer.read_reply();
  EXPECT_EQ(got.body, "answered");
  EXPECT_EQ(got.header("connection"), "close");
  EXPECT_TRUE(peer.closed_by_peer());
  stopper.join();
}

TEST_P(http_stop, a_running_stream_is_ended_properly) {
  hold(true);
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("a")));
  peer.read_until("data: message\n\n");
  std::thread stopper([&] { server->stop(std::chrono::hours(1)); });
  ASSERT_TRUE(endpoint.seen.wait("shut down"));
  gate.open();
  peer.read_until("data: answered\n\n\r\n0\r\n\r\n");
  EXPECT_TRUE(peer.closed_by_peer());
  stopper.join();
}

TEST_P(http_stop, keep_alives_go_on_during_the_grace) {
  options.keep_alive_comment = 1ms;
  options.threads = 1;
  hold();
  start();
  client idle = connect(), peer = connect();
  ASSERT_TRUE(idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(idle.read_reply().status, 200);
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  std::thread stopper([&] { server->stop(std::chrono::hours(1)); });
  EXPECT_TRUE(idle.closed_by_peer());
  for (int i = 0; i < 50; ++i) peer.read_until(": keep-alive\n\n");
  gate.open();
  peer.read_until("data: answered\n\n\r\n0\r\n\r\n");
  stopper.join();
}

TEST_P(http_stop, an_exchange_that_hangs_is_closed_after_the_grace_and_told) {
  hold();
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  server->stop(20ms);
  EXPECT_EQ(endpoint.seen.count("gone"), 1);
  EXPECT_EQ(peer.read_all(), "");
  EXPECT_EQ(server->connections(), 0u);
}

TEST_P(http_stop, half_a_request_holds_the_stop_no_longer_than_the_grace) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("x") + "POST /mcp HT"));
  EXPECT_EQ(peer.read_reply().status, 200);
  server->stop(20ms);
  EXPECT_EQ(peer.read_all(), "");
}

TEST_P(http_stop, a_reader_that_stalls_holds_the_stop_no_longer_than_the_grace) {
  endpoint.run = [](seen_request, outlet) -> wire::awaitable<wire::http_reply> {
    wire::http_reply result;
    result.body = std::string(32 << 20, 'x');
    co_return result;
  };
  start();
  client peer(server->port(), over, "127.0.0.1", 4096);
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("request"));
  server->stop(20ms);
  EXPECT_EQ(server->connections(), 0u);
}

// A sweep whose time was up when the stop came was scheduled again for ever, and a connection that
// was accepted just then was handed to a loop that had ended.
TEST_P(http_stop, stops_at_any_moment_while_clients_come_and_go) {
  options.sweep_interval = 1ms;
  options.threads = 3;
  const int rounds = 100 / longhaul::test::slowdown;
  for (int round = 0; round < rounds; ++round) {
    test::scripted_endpoint fresh;
    auto one = std::make_unique<http_server>(options, fresh);
    one->start();
    std::atomic<int> served{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([this, &served, port = one->port()] {
        try {
          while (true) {
            client peer(port, over);
            peer.send(post("x"));
            peer.read_reply();
            ++served;
          }
        } catch (const std::exception&) {  // refused or closed: the end
        }
      });
    }
    while (served < 5) std::this_thread::yield();
    one->stop(std::chrono::milliseconds(round % 2));
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(one->connections(), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(over, http_stop, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
