// SPDX-License-Identifier: Apache-2.0
// The key was looked at after the whole body had been read, and after `100 Continue` had asked for
// it: 150 strangers with bodies of 4 MiB cost 600 MB. What the head decides is answered from the
// head; bodies that are read have a bound in all.
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <thread>

#include "transport/body_memory.hpp"
#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using test::client;
using test::post;
using test::reply;

std::optional<wire::http_reply> refused(int status) {
  wire::http_reply result;
  result.status = status;
  result.body = "{}";
  if (status == 401) result.www_authenticate = "Bearer";
  return result;
}

class head_first : public test::over_both {
 protected:
  head_first() {
    endpoint.judge = [](const wire::http_request& head) -> std::optional<wire::http_reply> {
      if (head.authorization != "Bearer key") return refused(401);
      if (head.content_type == "text/plain") return refused(415);
      return std::nullopt;
    };
  }

  static std::string head(const std::string& more, const std::string& target = "/mcp") {
    return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
  }
};

const std::string key_line = "Authorization: Bearer key\r\n";
const std::string large = "Content-Length: 4000000\r\n";
const std::string expects = "Expect: 100-continue\r\n";

TEST_P(head_first, refusals_do_not_wait_for_a_body) {
  start();
  const std::string plain = "Content-Type: text/plain\r\n";
  struct {
    std::string request;
    int status;
  } const cases[] = {
      {head(large), 401},
      {head(large + "Authorization: Bearer other\r\n"), 401},
      {head(large + expects), 401},
      {head("Content-Length: 10\r\n" + expects), 401},
      {head("Transfer-Encoding: chunked\r\n"), 401},
      {head("Transfer-Encoding: chunked\r\n" + expects), 401},
      {head("Content-Length: 99999999999\r\n"), 401},  // who may not call learns no bound
      {head(large + key_line + plain), 415},
      {head("Content-Length: 99999999999\r\n" + key_line), 413},
      {head(large + key_line, "/other"), 404},
      {head(large, "/other"), 404},
      {head(large, "/healthz"), 405},
  };
  for (const auto& [request, status] : cases) {
    client peer = connect();
    ASSERT_TRUE(peer.send(request));
    const reply got = peer.read_reply();
    EXPECT_EQ(got.status, status) << request;
    EXPECT_EQ(got.header("connection"), "close") << request;
    EXPECT_TRUE(peer.closed_by_peer()) << request;
  }
  EXPECT_EQ(endpoint.seen.count("request"), 0);
}

TEST_P(head_first, a_caller_is_asked_to_continue_once_the_key_is_right) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(head("Content-Length: 2\r\n" + key_line + expects)));
  EXPECT_EQ(peer.read_reply(false).status, 100);
  ASSERT_TRUE(peer.send("{}"));
  EXPECT_EQ(peer.read_reply().body, "{}");
  EXPECT_EQ(endpoint.seen.count("admit"), 1) << "a request is judged once";
}

TEST_P(head_first, a_refused_request_does_not_cost_the_connection_if_its_body_is_small) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("{}") + post("{}", key_line)));  // all at once
  EXPECT_EQ(peer.read_reply().status, 401);
  EXPECT_EQ(peer.read_reply().status, 200);
  const std::string body(30'000, 'x');
  ASSERT_TRUE(peer.send(head("Content-Length: 30000\r\n")));
  const reply got = peer.read_reply();  // before the body
  EXPECT_EQ(got.status, 401);
  EXPECT_EQ(got.header("connection"), "");
  ASSERT_TRUE(peer.send(body + post("{}", key_line)));
  EXPECT_EQ(peer.read_reply().status, 200);
  ASSERT_TRUE(peer.send(head("Transfer-Encoding: chunked\r\n") + "1\r\nx\r\n0\r\n\r\n" +
                        post("{}", key_line)));
  EXPECT_EQ(peer.read_reply().status, 401);
}

TEST_P(head_first, a_dropped_body_has_its_time_too) {
  options.body_time = std::chrono::milliseconds(20);
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(head("Content-Length: 100\r\n") + "x"));
  EXPECT_EQ(peer.read_reply().status, 401);
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_P(head_first, an_endpoint_that_throws_at_a_head_is_a_500) {
  test::events logged;
  options.log = [&](const log_record& what) {
    if (what.event != "http.refused") logged.note("line");
  };
  endpoint.judge = [](const wire::http_request&) -> std::optional<wire::http_reply> {
    throw std::runtime_error("secret");
  };
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("{}") + post("{}")));
  const reply got = peer.read_reply();
  EXPECT_EQ(got.status, 500);
  EXPECT_EQ(got.body.find("secret"), std::string::npos);
  EXPECT_EQ(peer.read_reply().status, 500);
  EXPECT_EQ(logged.count("line"), 2);
}

// --- the bound of all bodies

TEST(body_memory, the_last_quarter_is_for_small_bodies) {
  body_memory memory(1 << 20);
  EXPECT_TRUE(memory.take(700'000, 700'000));
  EXPECT_FALSE(memory.take(100'000, 100'000));
  EXPECT_EQ(memory.taken(), 700'000u);
  EXPECT_TRUE(memory.take(60'000, 60'000));
  EXPECT_TRUE(memory.take(60'000, 60'000));
  EXPECT_FALSE(memory.take(300'000, 60'000));
  memory.give(700'000);
  EXPECT_TRUE(memory.take(600'000, 600'000));
}

class many_bodies : public test::over_both {
 protected:
  many_bodies() {
    options.max_body = 1'000'000;
    options.max_body_memory = 1'000'000;
  }

  // Sends requests like this one until one is answered so: other connections are read whenever the
  // server gets to it.
  bool comes_to(
      int status, const std::string& request, const std::function<void()>& before = [] {}) {
    const auto limit = std::chrono::steady_clock::now() + test::hang;
    while (std::chrono::steady_clock::now() < limit) {
      before();
      client peer = connect();
      std::thread sender([&] { peer.send(request); });
      const reply got = peer.read_reply();
      sender.join();
      if (got.status != 200 && got.status != 503) return false;
      if (got.status == 503) {
        EXPECT_EQ(got.header("retry-after"), "1");
        EXPECT_EQ(got.header("connection"), "close");
        EXPECT_NE(got.body.find("\"error\""), std::string::npos);
        EXPECT_TRUE(peer.closed_by_peer());
      }
      if (got.status == status) return true;
    }
    return false;
  }

  // Most of the room is held by a body that lacks its last byte. While it grows, another one may
  // get between, and it is this one that is refused and sent anew; a second 503 of others shows
  // that it is here to stay.
  void hold_the_room() {
    const auto send_slow = [this] {
      if (slow && slow->silent()) return;
      slow = std::make_unique<client>(server->port(), over);
      EXPECT_TRUE(slow->send(std::string_view(whole).substr(0, whole.size() - 1)));
    };
    ASSERT_TRUE(comes_to(503, other, send_slow));
    ASSERT_TRUE(comes_to(503, other, send_slow));
  }

  const std::string whole = post(std::string(700'000, 'x'));
  const std::string other = post(std::string(200'000, 'y'));
  std::unique_ptr<client> slow;
};

TEST_P(many_bodies, beyond_the_bound_get_503_and_small_ones_are_served_all_the_while) {
  start();
  hold_the_room();
  client small = connect();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(small.send(post(std::string(5000, 'z'))));
    EXPECT_EQ(small.read_reply().status, 200);
  }
  ASSERT_TRUE(slow->send("x"));
  EXPECT_EQ(slow->read_reply().body.size(), 700'000u);
  EXPECT_TRUE(comes_to(200, other));
}

TEST_P(many_bodies, room_comes_back_from_clients_that_leave) {
  start();
  hold_the_room();
  slow.reset();
  EXPECT_TRUE(comes_to(200, other));
}

TEST_P(many_bodies, room_comes_back_from_clients_that_are_too_slow) {
  options.body_time = std::chrono::milliseconds(500);
  start();
  client late = connect();
  ASSERT_TRUE(late.send(std::string_view(whole).substr(0, whole.size() - 1)));
  EXPECT_EQ(late.read_reply().status, 408);
  EXPECT_TRUE(comes_to(200, other));
}

TEST_P(many_bodies, what_is_announced_costs_nothing) {
  start();
  std::vector<std::unique_ptr<client>> peers;
  for (int i = 0; i < 20; ++i) {
    peers.push_back(std::make_unique<client>(server->port(), over));
    ASSERT_TRUE(
        peers.back()->send("POST /mcp HTTP/1.1\r\nHost: localhost\r\n"
                           "Content-Length: 900000\r\nExpect: 100-continue\r\n\r\n"));
    EXPECT_EQ(peers.back()->read_reply(false).status, 100);
  }
  client peer = connect();
  std::thread sender([&] { EXPECT_TRUE(peer.send(post(std::string(700'000, 'x')))); });
  EXPECT_EQ(peer.read_reply().status, 200);
  sender.join();
}

// Bytes one at a time do not put the end of the time off, whatever part they belong to.
class trickling : public test::http_test, public ::testing::WithParamInterface<std::string> {};

TEST_P(trickling, senders_are_cut_off) {
  options.head_time = options.body_time = std::chrono::milliseconds(30);
  options.max_body = std::size_t(1) << 40;
  options.max_header = std::size_t(1) << 30;
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(GetParam()));
  const auto limit = std::chrono::steady_clock::now() + test::hang;
  bool over = false;
  while (!over && std::chrono::steady_clock::now() < limit) {
    over = !peer.send("a") || !peer.silent();
    std::this_thread::yield();
  }
  ASSERT_TRUE(over);
}

INSTANTIATE_TEST_SUITE_P(
    parts, trickling,
    ::testing::Values("POST /mcp", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX: ",
                      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
                      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "fffffff\r\n",
                      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "1;a=",
                      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "0\r\na:"));

INSTANTIATE_TEST_SUITE_P(over, head_first, test::tcp_and_tls, test::name_of_transport);
INSTANTIATE_TEST_SUITE_P(over, many_bodies, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
