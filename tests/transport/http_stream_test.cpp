// SPDX-License-Identifier: Apache-2.0
// Messages before the reply: event streams, slow readers, keep-alives, outlets that outlive their
// connection.
#include <boost/asio/post.hpp>
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
using strings = std::vector<std::string>;

class http_stream : public test::over_both {
 protected:
  // The endpoint leaves its outlet here and waits for the gate.
  void hold() {
    endpoint.run = [this](seen_request, outlet out) -> wire::awaitable<wire::http_reply> {
      {
        const std::lock_guard lock(mutex);
        held = out;
      }
      out->expect_wait();
      endpoint.seen.note("waits");
      co_await gate.wait();
      wire::http_reply result;
      result.body = "last";
      endpoint.seen.note("replied");
      co_return result;
    };
  }
  outlet held_outlet() {
    const std::lock_guard lock(mutex);
    return held;
  }
  void wait_for_no_connections() {
    const auto limit = std::chrono::steady_clock::now() + test::hang;
    while (server->connections() > 0 && std::chrono::steady_clock::now() < limit) {
      std::this_thread::yield();
    }
    ASSERT_EQ(server->connections(), 0u);
  }

  test::gate gate;
  std::mutex mutex;
  outlet held;
};

TEST_P(http_stream, messages_come_in_order_before_the_reply_and_the_connection_goes_on) {
  endpoint.run = [](seen_request, outlet out) -> wire::awaitable<wire::http_reply> {
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(out->send("{\"n\":" + std::to_string(i) + "}"));
    wire::http_reply result;
    result.body = "{\"last\":true}";
    co_return result;
  };
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("a") + post("b")));
  for (int round = 0; round < 2; ++round) {
    const reply got = peer.read_reply();
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.header("content-type"), "text/event-stream");
    EXPECT_EQ(got.header("cache-control"), "no-cache");
    const strings messages = got.messages();
    ASSERT_EQ(messages.size(), 1001u);
    for (std::size_t i = 0; i < 1000; ++i) {
      ASSERT_EQ(messages[i], "{\"n\":" + std::to_string(i) + "}");
    }
    EXPECT_EQ(messages.back(), "{\"last\":true}");
  }
}

TEST_P(http_stream, a_message_leaves_at_once) {
  hold();
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  EXPECT_TRUE(held_outlet()->send("now"));
  peer.read_until("data: now\n\n");
  gate.open();
  peer.read_until("data: last\n\n\r\n0\r\n\r\n");
}

TEST_P(http_stream, for_old_and_closing_clients_the_end_of_the_stream_is_the_close) {
  hold();
  gate.open();
  start();
  for (const std::string& request :
       {post("a", "Connection: close\r\n"),
        std::string("POST /mcp HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")}) {
    endpoint.run = [](seen_request, outlet out) -> wire::awaitable<wire::http_reply> {
      out->send("first");
      wire::http_reply result;
      result.body = "last";
      co_return result;
    };
    client peer = connect();
    ASSERT_TRUE(peer.send(request));
    const reply got = peer.read_reply();
    EXPECT_EQ(got.header("transfer-encoding"), "");
    EXPECT_EQ(got.header("connection"), "close");
    EXPECT_EQ(got.body, "data: first\n\ndata: last\n\n");
  }
}

// Fault 34: proxies cut idle streams.
TEST_P(http_stream, a_reply_that_takes_long_is_kept_alive_by_comments) {
  options.keep_alive_comment = 10ms;
  hold();
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("a")));
  const std::string head = peer.read_until("\r\n\r\n");  // committed before any message
  EXPECT_NE(head.find("text/event-stream"), std::string::npos);
  for (int i = 0; i < 3; ++i) peer.read_until(": keep-alive\n\n");
  EXPECT_TRUE(held_outlet()->send("message"));
  peer.read_until("data: message\n\n");
  peer.read_until(": keep-alive\n\n");
  gate.open();
  peer.read_until("data: last\n\n\r\n0\r\n\r\n");
  ASSERT_TRUE(peer.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(peer.read_reply().status, 200);
}

TEST_P(http_stream, a_reply_that_is_not_said_to_take_long_gets_no_comments) {
  options.keep_alive_comment = 1ms;
  options.sweep_interval = 1ms;
  endpoint.run = [&](seen_request, outlet) -> wire::awaitable<wire::http_reply> {
    endpoint.seen.note("waits");
    co_await gate.wait();
    wire::http_reply result;
    result.body = "plain";
    co_return result;
  };
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  client other = connect();  // its idle time shows that sweeps happen
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(other.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_EQ(other.read_reply().status, 200);
  }
  gate.open();
  const reply got = peer.read_reply();
  EXPECT_EQ(got.header("content-type"), "application/json");
  EXPECT_EQ(got.body, "plain");
}

// A client that takes nothing but JSON got an event stream all the same, as soon as its call took
// longer than the pause between two comments.
TEST_P(http_stream, a_client_that_takes_only_the_reply_gets_nothing_before_it) {
  options.keep_alive_comment = 10ms;
  options.threads = 1;
  endpoint.run = [this](seen_request request, outlet out) -> wire::awaitable<wire::http_reply> {
    if (request.body == "only") out->only_reply();
    out->expect_wait();
    endpoint.seen.note(request.body);
    auto waiting = gate.wait();
    co_await std::move(waiting);
    wire::http_reply result;
    result.body = "last";
    co_return result;
  };
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("only")));
  ASSERT_TRUE(endpoint.seen.wait("only"));
  client other = connect();  // its comments show that sweeps happen
  ASSERT_TRUE(other.send(post("stream")));
  for (int i = 0; i < 3; ++i) other.read_until(": keep-alive\n\n");
  EXPECT_TRUE(peer.silent());
  gate.open();
  const reply got = peer.read_reply();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.header("content-type"), "application/json");
  EXPECT_EQ(got.body, "last");
  other.read_until("data: last\n\n\r\n0\r\n\r\n");
}

TEST_P(http_stream, that_only_the_reply_is_taken_is_said_of_one_request) {
  options.keep_alive_comment = 10ms;
  endpoint.run = [this](seen_request request, outlet out) -> wire::awaitable<wire::http_reply> {
    if (request.body == "only") {
      out->only_reply();
    } else {
      out->expect_wait();
      auto waiting = gate.wait();
      co_await std::move(waiting);
    }
    wire::http_reply result;
    result.body = "last";
    co_return result;
  };
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("only")));
  EXPECT_EQ(peer.read_reply().header("content-type"), "application/json");
  ASSERT_TRUE(peer.send(post("stream")));
  peer.read_until(": keep-alive\n\n");
  gate.open();
  peer.read_until("data: last\n\n\r\n0\r\n\r\n");
}

// Fault 26: an unbounded queue to a slow reader. The bound counted only what no flush had picked up
// yet, so that a stalled stream took megabyte after megabyte.
TEST_P(http_stream, a_reader_that_stalls_makes_send_refuse_and_gets_all_that_was_accepted) {
  options.stream_buffer = 256 << 10;
  hold();
  start();
  client peer(server->port(), over, "127.0.0.1", 4096);
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  const outlet out = held_outlet();
  const std::string padding(16 << 10, 'x');
  // Some megabytes fit into the buffers of the kernel; a stalled stream takes the bound and no
  // more.
  std::size_t accepted = 0, refused = 0, sent = 0;
  while (refused < 5000 && sent < 64u << 20) {
    if (out->send(std::to_string(accepted) + padding)) {
      ++accepted;
      sent += padding.size();
    } else {
      ++refused;
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(refused, 5000u);
  EXPECT_LT(sent, 32u << 20);
  gate.open();
  const strings messages = peer.read_reply().messages();
  ASSERT_EQ(messages.size(), accepted + 1);
  for (std::size_t i = 0; i < accepted; ++i) {
    ASSERT_EQ(messages[i], std::to_string(i) + padding);
  }
  EXPECT_FALSE(out->send("too late"));
  ASSERT_TRUE(peer.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(peer.read_reply().status, 200);
}

TEST_P(http_stream, a_reader_that_takes_nothing_is_given_up) {
  options.stream_buffer = 64 << 10;
  options.write_stall_time = 50ms;
  hold();
  start();
  client peer(server->port(), over, "127.0.0.1", 4096);
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  const outlet out = held_outlet();
  out->send("x");
  const auto limit = std::chrono::steady_clock::now() + test::hang;
  bool over = false;
  std::size_t accepted = 0;
  while (!over && std::chrono::steady_clock::now() < limit) {
    if (out->send(std::string(32 << 10, 'x'))) {
      ++accepted;
    } else {
      std::this_thread::yield();
      over = !out->send("");  // the empty one fits until the connection is gone
    }
  }
  EXPECT_TRUE(over) << accepted;
  gate.open();
  wait_for_no_connections();
}

TEST_P(http_stream, a_large_reply_to_a_reader_that_takes_nothing_is_given_up) {
  options.write_stall_time = 50ms;
  endpoint.run = [](seen_request, outlet) -> wire::awaitable<wire::http_reply> {
    wire::http_reply result;
    result.body = std::string(32 << 20, 'x');
    co_return result;
  };
  start();
  client peer(server->port(), over, "127.0.0.1", 4096);
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("request"));
  wait_for_no_connections();
}

TEST_P(http_stream, many_threads_send_while_the_exchange_runs) {
  hold();
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  const outlet out = held_outlet();
  std::atomic<int> accepted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        if (out->send(std::to_string(t) + ":" + std::to_string(i))) ++accepted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  gate.open();
  const strings messages = peer.read_reply().messages();
  EXPECT_EQ(messages.size(), static_cast<std::size_t>(accepted.load()) + 1);
  std::map<char, int> next;
  for (const std::string& message : messages) {
    if (message == "last") continue;
    const int number = std::stoi(message.substr(2));
    EXPECT_EQ(number, next[message[0]]++);  // in the order of each sender
  }
}

// A message was lost without a word if it came between the last flush and the end of the exchange.
TEST_P(http_stream, what_send_accepts_while_the_reply_is_made_arrives) {
  hold();
  gate.open();
  start();
  client peer = connect();
  const int rounds = 2000 / longhaul::test::slowdown;
  for (int round = 0; round < rounds; ++round) {
    std::atomic<int> accepted{0};
    ASSERT_TRUE(peer.send(post("a")));
    ASSERT_TRUE(endpoint.seen.wait("waits", round + 1));
    const outlet out = held_outlet();
    while (out->send("m")) ++accepted;
    const reply got = peer.read_reply();
    const auto expected = static_cast<std::size_t>(accepted.load());
    if (expected == 0) {
      ASSERT_EQ(got.body, "last");
    } else {
      ASSERT_EQ(got.messages().size(), expected + 1) << "round " << round;
      ASSERT_EQ(got.messages().back(), "last");
    }
  }
}

TEST_P(http_stream, an_outlet_outlives_connection_and_server) {
  hold();
  start();
  {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("a")));
    ASSERT_TRUE(endpoint.seen.wait("waits"));
  }
  const outlet out = held_outlet();
  const auto limit = std::chrono::steady_clock::now() + test::hang;
  while (out->send("x") && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  EXPECT_FALSE(out->send("the client is gone"));
  gate.open();
  server->stop(0ms);
  EXPECT_FALSE(out->send("the server is stopped"));
  server.reset();
  EXPECT_FALSE(out->send("the server is gone"));
  out->send_reply("nor this");
  out->expect_wait();
  out->on_gone([] { FAIL(); });
}

TEST_P(http_stream, threads_send_while_clients_leave_and_the_server_stops) {
  endpoint.run = [this](seen_request, outlet out) -> wire::awaitable<wire::http_reply> {
    out->on_gone([this] { endpoint.seen.note("gone"); });
    out->expect_wait();
    {
      const std::lock_guard lock(mutex);
      held = out;
    }
    endpoint.seen.note("waits");
    co_await gate.wait();
    co_return wire::http_reply{};
  };
  start();
  std::atomic<bool> over{false};
  std::thread sender([&] {
    while (!over) {
      if (const outlet out = held_outlet()) out->send("message");
    }
  });
  const int rounds = 200 / longhaul::test::slowdown;
  for (int round = 0; round < rounds; ++round) {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("a")));
    ASSERT_TRUE(endpoint.seen.wait("waits", round + 1));
    if (round % 2 == 0) peer.reset();
  }
  EXPECT_TRUE(endpoint.seen.wait("gone", rounds));
  client last = connect();
  ASSERT_TRUE(last.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("waits", rounds + 1));
  std::thread opener([&] {
    EXPECT_TRUE(endpoint.seen.wait("gone", rounds + 1));
    gate.open();
  });
  server->stop(1ms);
  opener.join();
  over = true;
  sender.join();
  EXPECT_EQ(endpoint.seen.count("gone"), rounds + 1);
}

INSTANTIATE_TEST_SUITE_P(over, http_stream, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
