// SPDX-License-Identifier: Apache-2.0
// Sizes, times and malformed requests: every one is answered or closed, none holds the server.
#include <atomic>
#include <random>
#include <thread>

#include "support/seed.hpp"
#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using namespace std::chrono_literals;
using test::client;
using test::post;
using test::reply;

// The handshake has as much time as a head, and takes its own on a busy machine.
constexpr auto slow_head = 500ms;

class http_bounds : public test::over_both {
 protected:
  // What is answered to these bytes; the connection must be closed then.
  int refused(const std::string& bytes) {
    client peer = connect();
    peer.send(bytes);
    const reply got = peer.read_reply();
    EXPECT_EQ(got.header("connection"), "close") << bytes.substr(0, 200);
    EXPECT_NE(got.body.find("\"error\""), std::string::npos);
    EXPECT_TRUE(peer.closed_by_peer()) << bytes.substr(0, 200);
    return got.status;
  }
  void expect_serving() {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("still there")));
    EXPECT_EQ(peer.read_reply().body, "still there");
  }
};

const std::string chunked_head = test::post_head + "Transfer-Encoding: chunked\r\n\r\n";

// Fault 26: unbounded body.
TEST_P(http_bounds, a_body_announced_beyond_the_bound_is_refused_before_it_comes) {
  options.max_body = 1000;
  start();
  EXPECT_EQ(refused(test::post_head + "Content-Length: 1001\r\n\r\n"), 413);
  EXPECT_EQ(refused(test::post_head + "Content-Length: 99999999999999\r\n\r\nabc"), 413);
  EXPECT_EQ(endpoint.seen.count("request"), 0);
  client peer = connect();
  ASSERT_TRUE(peer.send(post(std::string(1000, 'x'))));
  EXPECT_EQ(peer.read_reply().status, 200);
}

TEST_P(http_bounds, a_chunked_body_is_refused_as_soon_as_it_exceeds_the_bound) {
  options.max_body = 1000;
  start();
  EXPECT_EQ(refused(chunked_head + "3e9\r\n"), 413);  // 1001
  const std::string half = "1f4\r\n" + std::string(500, 'x') + "\r\n";
  EXPECT_EQ(refused(chunked_head + half + half + "1\r\n"), 413);
  EXPECT_EQ(refused(chunked_head + "ffffffffffffffff\r\n"), 413);
  client peer = connect();
  ASSERT_TRUE(peer.send(chunked_head + half + half + "0\r\n\r\n"));
  EXPECT_EQ(peer.read_reply().status, 200);
}

// With unread bytes a plain close resets the connection, and clients lose the reply.
TEST_P(http_bounds, a_client_that_goes_on_sending_gets_to_read_the_413) {
  options.max_body = 1000;
  start();
  client peer = connect();
  const std::string body(8 << 20, 'x');
  std::thread sender([&] {
    EXPECT_TRUE(
        peer.send(test::post_head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n"));
    EXPECT_TRUE(peer.send(body));
    peer.half_close();
  });
  EXPECT_EQ(peer.read_reply().status, 413);
  EXPECT_TRUE(peer.closed_by_peer());
  sender.join();
}

TEST_P(http_bounds, headers_beyond_the_bound_get_431) {
  options.max_header = 1000;
  start();
  EXPECT_EQ(refused(test::post_head + "X: " + std::string(1000, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(refused(test::post_head + "X: " + std::string(5000, 'x')), 431);
  EXPECT_EQ(refused("POST /" + std::string(5000, 'x')), 431);
  std::string many = test::post_head;
  for (int i = 0; i < 300; ++i) many += "A: b\r\n";
  EXPECT_EQ(refused(many + "\r\n"), 431);
  expect_serving();
}

// Fault 26 again: the parser bounds neither chunk extensions nor trailers, and what it does not
// take piled up until the body's time was over.
TEST_P(http_bounds, endless_chunk_extensions_and_trailers_are_refused) {
  options.max_header = 1000;
  start();
  const std::string endless(20'000, 'x');
  EXPECT_EQ(refused(chunked_head + "1;" + endless), 431);
  EXPECT_EQ(refused(chunked_head + "1\r\na\r\n0\r\nTrailer: " + endless), 431);
}

TEST_P(http_bounds, a_slow_head_gets_408) {
  options.head_time = slow_head;
  start();
  EXPECT_EQ(refused("POST /mc"), 408);
}

TEST_P(http_bounds, a_slow_body_gets_408) {
  options.body_time = 20ms;
  start();
  EXPECT_EQ(refused(test::post_head + "Content-Length: 10\r\n\r\n123"), 408);
  EXPECT_EQ(refused(chunked_head + "5\r\n123"), 408);
  EXPECT_EQ(endpoint.seen.count("request"), 0);
}

TEST_P(http_bounds, a_slow_second_request_gets_408) {
  options.head_time = slow_head;
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("x") + "POST /m"));
  EXPECT_EQ(peer.read_reply().body, "x");
  EXPECT_EQ(peer.read_reply().status, 408);
  EXPECT_TRUE(peer.closed_by_peer());
}

// Some clients send a line break behind a body. It was taken for the beginning of a request, so
// that an idle connection got a 408 that the next request had for its reply.
TEST_P(http_bounds, a_line_break_behind_a_body_begins_no_request) {
  options.head_time = slow_head;
  options.idle_time = 1h;
  options.threads = 1;
  start();
  for (const bool apart : {false, true}) {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("x") + (apart ? "" : "\r\n")));
    EXPECT_EQ(peer.read_reply().body, "x");
    if (apart) {
      ASSERT_TRUE(peer.send("\r\n"));
    }
    // Two whole times of a head, one after the other.
    EXPECT_EQ(refused("POST /mc"), 408);
    EXPECT_EQ(refused("POST /mc"), 408);
    EXPECT_TRUE(peer.silent());
    ASSERT_TRUE(peer.send(post("y")));
    const reply got = peer.read_reply();
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.body, "y");
  }
}

// Bytes that came just when the time was up hid the time-out: the cancel found nothing to cancel,
// and nothing ever looked at the time again.
TEST_P(http_bounds, bytes_that_keep_coming_do_not_put_the_time_out_off) {
  options.body_time = 10ms;
  options.sweep_interval = 1ms;
  options.max_body = std::size_t(1) << 40;
  start();
  for (int round = 0; round < 10; ++round) {
    client peer = connect();
    ASSERT_TRUE(peer.send(chunked_head));
    bool over = false;
    const auto limit = std::chrono::steady_clock::now() + test::hang;
    while (!over && std::chrono::steady_clock::now() < limit) {
      over = !peer.send("1\r\nx\r\n") || !peer.silent();
    }
    ASSERT_TRUE(over);
  }
}

// Over TLS a loop read on and on while there was something to read, and did nothing else.
TEST_P(http_bounds, who_sends_faster_than_it_is_read_does_not_hold_the_others) {
  options.threads = 1;
  options.body_time = 1h;
  options.max_body = std::size_t(1) << 40;
  start();
  client patient = connect();
  client eager = connect();
  ASSERT_TRUE(eager.send(chunked_head));
  std::string burst;
  while (burst.size() < 60'000) burst += "1\r\nx\r\n";
  std::atomic<bool> enough = false;
  std::atomic<int> sent = 0;
  std::thread sender([&] {
    while (!enough && eager.send(burst)) ++sent;
  });
  while (sent < 80) std::this_thread::yield();  // more than sockets hold: it is being read
  for (int round = 0; round < 5; ++round) {
    EXPECT_TRUE(patient.send(post("x")));
    EXPECT_EQ(patient.read_reply().body, "x");
  }
  EXPECT_LT(sent, 1000);
  enough = true;
  sender.join();
}

TEST_P(http_bounds, idle_connections_are_closed_without_a_word) {
  options.idle_time = 20ms;
  start();
  client never = connect();
  EXPECT_TRUE(never.closed_by_peer());
  client once = connect();
  ASSERT_TRUE(once.send(post("x")));
  EXPECT_EQ(once.read_reply().body, "x");
  EXPECT_TRUE(once.closed_by_peer());
}

TEST_P(http_bounds, connections_beyond_the_cap_get_503_and_room_comes_back) {
  options.max_connections = 2;
  start();
  auto first = std::make_unique<client>(server->port(), over);
  client second = connect();
  for (client* peer : {first.get(), &second}) {
    ASSERT_TRUE(peer->send(post("x")));
    EXPECT_EQ(peer->read_reply().status, 200);
  }
  if (over == test::transport::tls) {
    EXPECT_THROW(connect(), std::runtime_error);  // there is no shaking hands with all of them
  } else {
    client third = connect();
    const reply got = third.read_reply();
    EXPECT_EQ(got.status, 503);
    EXPECT_EQ(got.header("retry-after"), "1");
    EXPECT_TRUE(third.closed_by_peer());
  }
  ASSERT_TRUE(first->send(post("x", "Connection: close\r\n")));
  EXPECT_EQ(first->read_reply().status, 200);
  EXPECT_TRUE(first->closed_by_peer());
  const auto limit = std::chrono::steady_clock::now() + test::hang;
  while (server->connections() > 1 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();
  }
  expect_serving();
}

TEST_P(http_bounds, malformed_requests_get_400) {
  start();
  const std::string fine = "Host: localhost\r\n";
  for (const std::string& bad : {
           std::string("\x16\x03\x01\x02\x00 garbage of TLS\r\n\r\n", 24),
           std::string("\0\0\0\0\r\n\r\n", 8),
           "POST /mcp\r\n" + fine + "\r\n",
           "POST /mcp HTTP/2.0\r\n" + fine + "\r\n",
           "POST /mcp HTTP/9\r\n" + fine + "\r\n",
           "PO ST /mcp HTTP/1.1\r\n" + fine + "\r\n",
           test::post_head + "No colon\r\n\r\n",
           test::post_head + "Bad Name: x\r\n\r\n",
           test::post_head + ": x\r\n\r\n",
           test::post_head + "X: a\x01z\r\n\r\n",
           test::post_head + "Content-Length: -1\r\n\r\n",
           test::post_head + "Content-Length: 1x\r\n\r\nx",
           test::post_head + "Content-Length: 99999999999999999999999999\r\n\r\n",
           chunked_head + "xyz\r\n",
           chunked_head + "3\r\nabcdef\r\n",
       }) {
    EXPECT_EQ(refused(bad), 400) << bad;
  }
  EXPECT_EQ(endpoint.seen.count("request"), 0);
  expect_serving();
}

// Two readings of where a body ends let one client smuggle a request into another's connection.
TEST_P(http_bounds, ambiguous_body_lengths_get_400) {
  start();
  const std::string length = "Content-Length: 5\r\n", chunks = "Transfer-Encoding: chunked\r\n";
  for (const std::string& headers :
       {length + chunks, chunks + length, length + "Content-Length: 6\r\n",
        std::string("Transfer-Encoding: gzip, chunked\r\n"),
        std::string("Transfer-Encoding: identity\r\n"),
        std::string("Transfer-Encoding: chunked, identity\r\n"), chunks + chunks,
        std::string("Transfer-Encoding: xchunked\r\n"), std::string("Content-Length: 5, 6\r\n")}) {
    EXPECT_EQ(refused(test::post_head + headers + "\r\n0\r\n\r\nx"), 400) << headers;
  }
  EXPECT_EQ(endpoint.seen.count("request"), 0);
}

TEST_P(http_bounds, random_bytes_end_a_connection_and_nothing_else) {
  options.head_time = options.body_time = 50ms;
  options.idle_time = 50ms;
  start();
  std::mt19937_64 random(longhaul::test::random_seed());
  for (int round = 0; round < 100; ++round) {
    std::string bytes = round % 2 == 0 ? post("{}") : chunked_head + "2\r\n{}\r\n0\r\n\r\n";
    for (std::size_t n = 1 + random() % 8; n > 0; --n) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    client peer = connect();
    peer.send(bytes);
    peer.half_close();
    peer.read_all();
  }
  expect_serving();
}

TEST_P(http_bounds, clients_that_reset_at_any_point_leave_nothing_behind) {
  start();
  const std::string request = post("{}") + chunked_head + "2\r\n{}\r\n0\r\n\r\n";
  for (std::size_t size = 0; size <= request.size(); size += 3) {
    client peer = connect();
    peer.send(std::string_view(request).substr(0, size));
    peer.reset();
  }
  expect_serving();
  const auto limit = std::chrono::steady_clock::now() + test::hang;
  while (server->connections() > 0 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();
  }
  EXPECT_EQ(server->connections(), 0u);
}

INSTANTIATE_TEST_SUITE_P(over, http_bounds, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
