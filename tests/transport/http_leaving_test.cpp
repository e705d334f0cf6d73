// SPDX-License-Identifier: Apache-2.0
// Clients that leave while their request waits. Fault 26: the handler ran on after the client left.
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using namespace std::chrono_literals;
using test::client;
using test::post;
using test::seen_request;
using outlet = std::shared_ptr<wire::outlet>;

class http_leaving : public test::over_both {
 protected:
  // Waits for the gate, which the client's leaving opens.
  void wait_for_leaving() {
    endpoint.run = [this](seen_request, outlet out) -> wire::awaitable<wire::http_reply> {
      out->on_gone([this] {
        endpoint.seen.note("gone");
        gate.open();
      });
      out->expect_wait();
      endpoint.seen.note("waits");
      co_await gate.wait();
      endpoint.seen.note("ended");
      wire::http_reply result;
      result.body = "for nobody";
      co_return result;
    };
  }
  void expect_one_end() {
    EXPECT_TRUE(endpoint.seen.wait("gone"));
    EXPECT_TRUE(endpoint.seen.wait("ended"));
    server->stop(0ms);
    EXPECT_EQ(endpoint.seen.count("gone"), 1);
    EXPECT_EQ(server->connections(), 0u);
  }

  test::gate gate;
};

TEST_P(http_leaving, a_close_is_noticed_once) {
  wait_for_leaving();
  start();
  {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("a")));
    ASSERT_TRUE(endpoint.seen.wait("waits"));
  }
  expect_one_end();
}

TEST_P(http_leaving, a_reset_is_noticed_once) {
  wait_for_leaving();
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  peer.reset();
  expect_one_end();
}

// From `pipelined_ahead` on nothing is read any more, and so the end was not seen either.
TEST_P(http_leaving, a_close_behind_more_bytes_than_are_read_is_noticed) {
  wait_for_leaving();
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("a")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  std::thread sender([&] {
    peer.send(post(std::string(tunables::pipelined_ahead + 10'000, 'b')));
    peer.half_close();
  });
  expect_one_end();
  sender.join();
}

TEST_P(http_leaving, a_close_behind_pipelined_bytes_is_noticed) {
  wait_for_leaving();
  start();
  {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("a")));
    ASSERT_TRUE(endpoint.seen.wait("waits"));
    ASSERT_TRUE(peer.send(post("b") + post("c")));
  }
  expect_one_end();
  EXPECT_EQ(endpoint.seen.count("request"), 1);
}

TEST_P(http_leaving, a_close_before_the_request_waits_is_noticed) {
  wait_for_leaving();
  start();
  {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("a")));
  }
  expect_one_end();
}

TEST_P(http_leaving, a_close_during_a_stream_is_noticed) {
  options.keep_alive_comment = 1ms;
  wait_for_leaving();
  start();
  {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("a")));
    peer.read_until(": keep-alive\n\n");
  }
  expect_one_end();
}

TEST_P(http_leaving, a_close_of_the_second_request_on_a_connection_is_noticed) {
  endpoint.run = [this](seen_request request, outlet out) -> wire::awaitable<wire::http_reply> {
    out->on_gone([this] {
      endpoint.seen.note("gone");
      gate.open();
    });
    out->expect_wait();
    if (request.body == "second") {
      endpoint.seen.note("waits");
      co_await gate.wait();
    }
    endpoint.seen.note("ended");
    co_return wire::http_reply{};
  };
  start();
  {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("first")));
    EXPECT_EQ(peer.read_reply().status, 200);
    EXPECT_EQ(endpoint.seen.count("gone"), 0);
    ASSERT_TRUE(peer.send(post("second")));
    ASSERT_TRUE(endpoint.seen.wait("waits"));
  }
  expect_one_end();
}

// The callback was lost if the client had left before it was set: the exchange waited for ever.
TEST_P(http_leaving, a_callback_that_is_set_after_the_client_left_is_called) {
  test::gate left;
  endpoint.run = [&](seen_request, outlet out) -> wire::awaitable<wire::http_reply> {
    out->on_gone([&] {
      endpoint.seen.note("first");
      left.open();
    });
    out->expect_wait();
    co_await left.wait();
    out->on_gone([&] {
      endpoint.seen.note("gone");
      gate.open();
    });
    EXPECT_EQ(endpoint.seen.count("gone"), 0);  // later, never from within
    co_await gate.wait();
    endpoint.seen.note("ended");
    co_return wire::http_reply{};
  };
  start();
  {
    ASSERT_TRUE(connect().send(post("a")));
  }
  expect_one_end();
  EXPECT_EQ(endpoint.seen.count("first"), 1);
}

TEST_P(http_leaving, nothing_is_called_that_was_detached_or_never_set) {
  test::events over;
  endpoint.run = [&](seen_request request, outlet out) -> wire::awaitable<wire::http_reply> {
    if (request.body == "detached") {
      out->on_gone([&] { endpoint.seen.note("gone"); });
      out->on_gone({});
    }
    out->expect_wait();
    endpoint.seen.note("waits");
    while (out->send("x")) {  // until the server has noticed
      const auto executor = co_await boost::asio::this_coro::executor;
      auto turn = boost::asio::post(executor, boost::asio::use_awaitable);
      co_await std::move(turn);
    }
    over.note("over");
    co_return wire::http_reply{};
  };
  start();
  int waiting = 0;
  for (const char* body : {"detached", "unset"}) {
    client peer = connect();
    ASSERT_TRUE(peer.send(post(body)));
    ASSERT_TRUE(endpoint.seen.wait("waits", ++waiting));
    peer.reset();
  }
  EXPECT_TRUE(over.wait("over", 2));
  server->stop(0ms);
  EXPECT_EQ(endpoint.seen.count("gone"), 0);
}

TEST_P(http_leaving, a_client_that_leaves_after_its_reply_is_not_reported) {
  endpoint.run = [this](seen_request, outlet out) -> wire::awaitable<wire::http_reply> {
    out->on_gone([this] { endpoint.seen.note("gone"); });
    out->expect_wait();
    co_return wire::http_reply{};
  };
  start();
  {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("a")));
    EXPECT_EQ(peer.read_reply().status, 200);
  }
  server->stop(0ms);
  EXPECT_EQ(endpoint.seen.count("gone"), 0);
}

INSTANTIATE_TEST_SUITE_P(over, http_leaving, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
