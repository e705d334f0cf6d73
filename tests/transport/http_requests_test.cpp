// SPDX-License-Identifier: Apache-2.0
// Requests and replies over a socket: framing, what the endpoint gets, what is answered without it.
#include <stdexcept>
#include <thread>

#include "support/seed.hpp"
#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using namespace std::string_literals;
using test::client;
using test::post;
using test::reply;
using test::seen_request;

class http_requests : public test::over_both {};

wire::http_reply text(std::string body) {
  wire::http_reply result;
  result.body = std::move(body);
  return result;
}

TEST_P(http_requests, a_connection_serves_many_requests) {
  start();
  client peer = connect();
  for (int i = 0; i < 50; ++i) {
    const std::string body = std::to_string(i);
    ASSERT_TRUE(peer.send(post(body)));
    const reply got = peer.read_reply();
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.body, body);
    EXPECT_EQ(got.header("content-type"), "application/json");
    EXPECT_EQ(got.header("connection"), "");
    EXPECT_NE(got.header("date"), "");
  }
  EXPECT_EQ(server->connections(), 1u);
}

TEST_P(http_requests, pipelined_requests_are_answered_in_order) {
  start();
  std::string all;
  for (int i = 0; i < 200; ++i) all += post(std::to_string(i));
  client peer = connect();
  ASSERT_TRUE(peer.send(all));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(peer.read_reply().body, std::to_string(i));
}

// Fault 25: a notification overtook the request before it.
TEST_P(http_requests, a_pipelined_request_waits_for_the_one_before_although_that_waits) {
  test::gate gate;
  endpoint.run = [&](seen_request request,
                     std::shared_ptr<wire::outlet> out) -> wire::awaitable<wire::http_reply> {
    if (request.body == "1") {
      out->expect_wait();
      endpoint.seen.note("waits");
      co_await gate.wait();
    }
    co_return text(request.body);
  };
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("1") + post("2") + post("3").substr(0, 20)));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  ASSERT_TRUE(peer.send(post("3").substr(20)));
  EXPECT_TRUE(peer.silent());
  EXPECT_EQ(endpoint.seen.count("request"), 1);
  gate.open();
  EXPECT_EQ(peer.read_reply().body, "1");
  EXPECT_EQ(peer.read_reply().body, "2");
  EXPECT_EQ(peer.read_reply().body, "3");
}

TEST_P(http_requests, what_is_sent_ahead_of_a_waiting_request_is_bounded_and_not_lost) {
  test::gate gate;
  endpoint.run = [&](seen_request request,
                     std::shared_ptr<wire::outlet> out) -> wire::awaitable<wire::http_reply> {
    if (request.body == "first") {
      out->expect_wait();
      endpoint.seen.note("waits");
      co_await gate.wait();
    }
    co_return text(std::to_string(request.body.size()));
  };
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("first")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  std::thread sender([&] {
    for (std::size_t i = 0; i < 40; ++i) EXPECT_TRUE(peer.send(post(std::string(99'000 + i, 'x'))));
  });
  gate.open();
  EXPECT_EQ(peer.read_reply().body, "5");
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(peer.read_reply().body, std::to_string(99'000 + i));
  }
  sender.join();
}

TEST_P(http_requests, bytes_may_come_one_by_one) {
  start();
  client peer = connect();
  for (const char c : post("{\"slow\":true}")) ASSERT_TRUE(peer.send({&c, 1}));
  EXPECT_EQ(peer.read_reply().body, "{\"slow\":true}");
}

TEST_P(http_requests, chunked_bodies_are_put_together) {
  start();
  client peer = connect();
  const std::string request =
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n00A;ext=\"x\"\r\n0123456789\r\n0\r\nX-Trailer: y\r\n\r\n";
  ASSERT_TRUE(peer.send(request + request));
  EXPECT_EQ(peer.read_reply().body, "abc0123456789");
  EXPECT_EQ(peer.read_reply().body, "abc0123456789");
  for (const char c : request) ASSERT_TRUE(peer.send({&c, 1}));
  EXPECT_EQ(peer.read_reply().body, "abc0123456789");
}

TEST_P(http_requests, large_bodies_come_and_go_whole) {
  start();
  client peer = connect();
  const std::string body(3 << 20, 'x');
  std::thread sender([&] { EXPECT_TRUE(peer.send(post(body) + post("next"))); });
  EXPECT_EQ(peer.read_reply().body, body);
  EXPECT_EQ(peer.read_reply().body, "next");
  sender.join();
}

TEST_P(http_requests, the_endpoint_gets_the_headers_it_knows) {
  seen_request got;
  endpoint.run = [&](seen_request request,
                     std::shared_ptr<wire::outlet>) -> wire::awaitable<wire::http_reply> {
    got = std::move(request);
    wire::http_reply result;
    result.status = 202;
    result.session_id = "s2";
    co_return result;
  };
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("x",
                             "MCP-PROTOCOL-Version:2026-07-28\r\nmcp-session-id:  s1 \r\n"
                             "Mcp-Method: tools/call\r\nMcp-Name: a b\r\nAccept: a/b\r\n"
                             "Accept: c/d\r\nContent-Type: application/json\r\n"
                             "Authorization: Bearer t\r\nLast-Event-ID: 7\r\n"
                             "Mcp-Param-Region: eu\r\nMcp-Param-empty:\r\n")));
  const reply answer = peer.read_reply();
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.header("mcp-session-id"), "s2");
  EXPECT_EQ(answer.header("content-type"), "");
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.version, "2026-07-28");
  EXPECT_EQ(got.session, "s1");
  EXPECT_EQ(got.mcp_method, "tools/call");
  EXPECT_EQ(got.mcp_name, "a b");
  EXPECT_EQ(got.accept, "a/b, c/d");
  EXPECT_EQ(got.content_type, "application/json");
  EXPECT_EQ(got.authorization, "Bearer t");
  EXPECT_EQ(got.last_event_id, "7");
  EXPECT_EQ(got.peer, "127.0.0.1");
  EXPECT_EQ(got.repeated, "");
  const std::vector<std::pair<std::string, std::string>> params = {{"Region", "eu"}, {"empty", ""}};
  EXPECT_EQ(got.params, params);
}

TEST_P(http_requests, a_header_that_comes_twice_with_different_values_is_named) {
  endpoint.run = [](seen_request request,
                    std::shared_ptr<wire::outlet>) -> wire::awaitable<wire::http_reply> {
    co_return text("[" + request.repeated + "]" + request.session.value_or("none"));
  };
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("", "Mcp-Session-Id: a\r\nMcp-Session-Id: a\r\n")));
  EXPECT_EQ(peer.read_reply().body, "[]a");
  ASSERT_TRUE(peer.send(post("", "Mcp-Session-Id: a\r\nMcp-Session-Id: b\r\n")));
  EXPECT_EQ(peer.read_reply().body, "[Mcp-Session-Id]a");
  ASSERT_TRUE(peer.send(post("")));
  EXPECT_EQ(peer.read_reply().body, "[]none");
}

TEST_P(http_requests, other_methods_get_405_and_the_connection_goes_on) {
  start();
  client peer = connect();
  for (const std::string method : {"PUT", "PATCH", "TRACE", "BREW"}) {
    ASSERT_TRUE(peer.send(method + " /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const reply got = peer.read_reply();
    EXPECT_EQ(got.status, 405) << method;
    EXPECT_EQ(got.header("allow"), "GET, POST, DELETE, OPTIONS");
    EXPECT_NE(got.body.find("\"error\""), std::string::npos);
  }
  EXPECT_EQ(endpoint.seen.count("request"), 0);
  ASSERT_TRUE(peer.send("DELETE /mcp?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(peer.read_reply().status, 200);
}

// A body after the reply to HEAD would be taken for the next reply.
TEST_P(http_requests, a_reply_to_head_has_no_body) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send("HEAD /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const reply refused = peer.read_reply(false);
  EXPECT_EQ(refused.status, 405);
  EXPECT_NE(refused.header("content-length"), "0");
  ASSERT_TRUE(peer.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + post("next")));
  EXPECT_EQ(peer.read_reply(false).status, 200);
  EXPECT_EQ(peer.read_reply().body, "next");
}

TEST_P(http_requests, unknown_paths_get_404_with_the_path_that_there_is) {
  start();
  client peer = connect();
  for (const std::string path : {"/", "/mcp//", "/MCP", "/mcpx", "*", "/../mcp"}) {
    ASSERT_TRUE(peer.send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const reply got = peer.read_reply();
    EXPECT_EQ(got.status, 404) << path;
    EXPECT_NE(got.body.find("/mcp"), std::string::npos);
  }
}

TEST_P(http_requests, probes_say_alive_and_ready) {
  std::mutex mutex;
  std::string cause = "the store does not answer";
  options.not_ready = [&] {
    const std::lock_guard lock(mutex);
    return cause;
  };
  start();
  client peer = connect();
  const std::string ready = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_TRUE(peer.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + ready));
  EXPECT_EQ(peer.read_reply().status, 200);
  const reply no = peer.read_reply();
  EXPECT_EQ(no.status, 503);
  EXPECT_EQ(no.body, "the store does not answer\n");
  {
    const std::lock_guard lock(mutex);
    cause.clear();
  }
  ASSERT_TRUE(peer.send(ready));
  EXPECT_EQ(peer.read_reply().status, 200);
}

// Fault 31: a panic in a handler closed the connection.
TEST_P(http_requests, an_exception_of_the_endpoint_is_a_500_and_the_connection_goes_on) {
  test::events logged;
  options.log = [&](const log_record& what) {
    if (what.event != "http.refused") logged.note("line");
  };
  endpoint.run = [](seen_request request,
                    std::shared_ptr<wire::outlet>) -> wire::awaitable<wire::http_reply> {
    if (request.body == "std") throw std::runtime_error("secret");
    if (request.body == "odd") throw 42;
    co_return text("fine");
  };
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("std") + post("odd") + post("x")));
  const reply first = peer.read_reply();
  EXPECT_EQ(first.status, 500);
  EXPECT_EQ(first.body.find("secret"), std::string::npos);
  EXPECT_NE(first.body.find("-32603"), std::string::npos) << first.body;
  EXPECT_EQ(peer.read_reply().status, 500);
  EXPECT_EQ(peer.read_reply().body, "fine");
  EXPECT_EQ(logged.count("line"), 2);
}

TEST_P(http_requests, expect_100_continue_is_answered_before_the_body) {
  start();
  client peer = connect();
  const std::string whole = post("body", "Expect: 100-continue\r\n");
  ASSERT_TRUE(peer.send(whole.substr(0, whole.size() - 4)));
  EXPECT_EQ(peer.read_reply(false).status, 100);
  ASSERT_TRUE(peer.send("body"));
  EXPECT_EQ(peer.read_reply().body, "body");
  ASSERT_TRUE(peer.send(whole));  // the body came with the head: nothing to invite
  EXPECT_EQ(peer.read_reply().body, "body");
}

TEST_P(http_requests, expect_100_continue_with_a_body_beyond_the_bound_is_refused_at_once) {
  options.max_body = 10;
  start();
  client peer = connect();
  ASSERT_TRUE(
      peer.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n"
                "Expect: 100-continue\r\n\r\n"));
  EXPECT_EQ(peer.read_reply().status, 413);
}

TEST_P(http_requests, connection_close_is_honoured) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("x", "Connection: close\r\n")));
  const reply got = peer.read_reply();
  EXPECT_EQ(got.body, "x");
  EXPECT_EQ(got.header("connection"), "close");
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_P(http_requests, http_1_0_is_answered_and_closed) {
  start();
  for (const std::string more : {"", "Connection: keep-alive\r\n"}) {
    client peer = connect();
    ASSERT_TRUE(peer.send("POST /mcp HTTP/1.0\r\nHost: localhost\r\nContent-Length: 1\r\n" + more +
                          "\r\nx"));
    const reply got = peer.read_reply();
    EXPECT_EQ(got.body, "x");
    EXPECT_EQ(got.header("connection"), "close");
    EXPECT_TRUE(peer.closed_by_peer());
  }
}

TEST_P(http_requests, a_client_that_closed_its_sending_side_gets_its_reply) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("x")));
  peer.half_close();
  EXPECT_EQ(peer.read_reply().body, "x");
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_P(http_requests, three_hundred_connections_at_once) {
  test::gate gate;
  endpoint.run = [&](seen_request request,
                     std::shared_ptr<wire::outlet> out) -> wire::awaitable<wire::http_reply> {
    out->expect_wait();
    endpoint.seen.note("waits");
    co_await gate.wait();
    co_return text(request.body);
  };
  start();
  std::vector<std::unique_ptr<client>> peers;
  for (int i = 0; i < 300; ++i) {
    peers.push_back(std::make_unique<client>(server->port(), over));
    ASSERT_TRUE(peers.back()->send(post(std::to_string(i))));
  }
  ASSERT_TRUE(endpoint.seen.wait("waits", 300));
  EXPECT_EQ(server->connections(), 300u);
  gate.open();
  for (std::size_t i = 0; i < peers.size(); ++i) {
    EXPECT_EQ(peers[i]->read_reply().body, std::to_string(i));
  }
}

TEST_P(http_requests, ipv6_loopback) {
  options.address = "::1";
  try {
    start();
  } catch (const std::system_error&) {
    GTEST_SKIP() << "this machine has no IPv6";
  }
  EXPECT_EQ(server->url(), (over == test::transport::tls ? "https" : "http") + "://[::1]:"s +
                               std::to_string(server->port()) + "/mcp");
  client peer(server->port(), over, "::1");
  ASSERT_TRUE(peer.send("GET /healthz HTTP/1.1\r\nHost: [::1]:" + std::to_string(server->port()) +
                        "\r\n\r\n"));
  EXPECT_EQ(peer.read_reply().status, 200);
}

TEST_P(http_requests, an_address_that_is_a_name_is_refused_with_advice) {
  options.address = "localhost";
  EXPECT_THROW(http_server(options, endpoint), std::invalid_argument);
}

TEST_P(http_requests, a_port_that_is_taken_is_an_error) {
  start();
  http_options second = options;
  second.port = server->port();
  EXPECT_THROW(http_server(second, endpoint), std::system_error);
}

INSTANTIATE_TEST_SUITE_P(over, http_requests, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
