// SPDX-License-Identifier: Apache-2.0
// What is TLS's own: who is let in, what a client may do to it, and the pair of files. That HTTP
// over it is HTTP, the other suites say, each of which runs over both.
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "transport/http_kit.hpp"
#include "transport/tls_identity.hpp"

namespace longhaul::transport {
namespace {

using namespace std::chrono_literals;
using longhaul::test::certificate;
using longhaul::test::tls_client;
using test::client;
using test::post;
using outlet = std::shared_ptr<wire::outlet>;

class http_tls : public test::http_test {
 protected:
  http_tls() {
    over = test::transport::tls;
    identity = std::make_shared<tls_identity>(tls_files{pair.file(), pair.key()});
    options.tls = identity;
  }
  // A connection on which nothing is said yet.
  client bare() { return client(server->port(), test::transport::tcp); }
  void expect_serving() {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("fine")));
    EXPECT_EQ(peer.read_reply().body, "fine");
  }
  bool is_served() {
    try {
      client peer = connect();
      return peer.send(post("fine")) && peer.read_reply().body == "fine";
    } catch (const std::runtime_error&) {  // no handshake
      return false;
    }
  }
  void expect_nobody_left() {
    const auto limit = std::chrono::steady_clock::now() + test::hang;
    while (server->connections() > 0 && std::chrono::steady_clock::now() < limit) {
      std::this_thread::yield();
    }
    EXPECT_EQ(server->connections(), 0U);
  }

  const certificate pair;
  std::shared_ptr<tls_identity> identity;
};

TEST_F(http_tls, tells_https_and_agrees_on_the_newest_version_and_on_http_1_1) {
  start();
  EXPECT_EQ(server->url(), "https://127.0.0.1:" + std::to_string(server->port()) + "/mcp");
  client peer = connect();
  EXPECT_EQ(peer.tls()->version(), "TLSv1.3");
  EXPECT_EQ(peer.tls()->protocol(), "") << "nobody asked";
  EXPECT_EQ(peer.tls()->serial(), pair.serial());
  client other = bare();
  tls_client asks(other.socket(), TLS1_2_VERSION, "\x02h2\x08http/1.1");
  ASSERT_TRUE(asks.shake_hands()) << asks.error();
  EXPECT_EQ(asks.version(), "TLSv1.2");
  EXPECT_EQ(asks.protocol(), "http/1.1");
}

TEST_F(http_tls, refuses_older_versions_and_other_protocols) {
  start();
  for (const int old : {TLS1_VERSION, TLS1_1_VERSION}) {
    client peer = bare();
    tls_client wants(peer.socket(), old);
    EXPECT_FALSE(wants.shake_hands()) << old;
    EXPECT_NE(wants.error().find("protocol version"), std::string::npos) << wants.error();
  }
  client peer = bare();
  tls_client wants(peer.socket(), 0, "\x02h2");
  EXPECT_FALSE(wants.shake_hands());
  EXPECT_NE(wants.error().find("no application protocol"), std::string::npos) << wants.error();
  expect_serving();
}

TEST_F(http_tls, tells_plain_http_where_it_is) {
  start();
  for (const std::string& request :
       {post("x"), std::string("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")}) {
    client peer = bare();
    ASSERT_TRUE(peer.send(request));
    const test::reply got = peer.read_reply();
    EXPECT_EQ(got.status, 400);
    EXPECT_NE(got.body.find("https://"), std::string::npos);
    peer.read_all();
  }
  EXPECT_EQ(endpoint.seen.count("request"), 0);
  expect_serving();
}

TEST_F(http_tls, garbage_ends_its_connection_and_nothing_else) {
  start();
  for (const std::string& garbage :
       {std::string(1000, '\0'), std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, 'x'),
        std::string("\x16\x03\x01\x00\x02\x01\x00", 7), std::string("\x80\x2e\x01\x00\x02", 5)}) {
    client peer = bare();
    peer.send(garbage);
    peer.half_close();
    peer.read_all();
  }
  expect_serving();
  expect_nobody_left();
}

TEST_F(http_tls, a_handshake_has_as_much_time_as_a_head) {
  options.head_time = 20ms;
  options.idle_time = 1h;
  start();
  client silent = bare(), slow = bare();
  ASSERT_TRUE(slow.send(std::string("\x16\x03\x01\x02\x00\x01", 6)));
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(slow.read_all(), "");
  // On a busy machine one of good will may be too slow as well: he comes again.
  const auto limit = std::chrono::steady_clock::now() + test::hang;
  bool served = false;
  while (!served && std::chrono::steady_clock::now() < limit) served = is_served();
  EXPECT_TRUE(served);
}

TEST_F(http_tls, handshakes_are_connections_like_others) {
  options.max_connections = 1;
  start();
  client first = bare();
  EXPECT_THROW(connect(), std::runtime_error);
  first.reset();
  expect_nobody_left();
  expect_serving();
}

TEST_F(http_tls, a_stop_does_not_wait_for_handshakes) {
  start();
  client silent = bare();
  expect_serving();  // that one has been accepted
  server->stop(std::chrono::hours(1));
  EXPECT_EQ(silent.read_all(), "");
}

// Who ends TCP without a word of TLS may not have said all.
TEST_F(http_tls, a_request_that_is_cut_off_is_not_dealt_with) {
  start();
  {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("whole").substr(0, 60)));
    ::shutdown(peer.socket(), SHUT_WR);
    EXPECT_EQ(peer.read_all(), "");
  }
  expect_nobody_left();
  EXPECT_EQ(endpoint.seen.count("request"), 0);
}

TEST_F(http_tls, the_end_is_said) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("x", "Connection: close\r\n")));
  EXPECT_EQ(peer.read_reply().status, 200);
  EXPECT_TRUE(peer.closed_by_peer());
  EXPECT_TRUE(peer.tls()->was_ended());
}

// Peeking at the socket would see ciphertext: records without anything for us, as well.
TEST_F(http_tls, a_client_that_leaves_a_stream_is_noticed_behind_records_that_hold_nothing) {
  test::gate politely, without_a_word;
  endpoint.run = [&](test::seen_request request, outlet out) -> wire::awaitable<wire::http_reply> {
    test::gate& gate = request.body == "politely" ? politely : without_a_word;
    out->on_gone([this, &gate] {
      endpoint.seen.note("gone");
      gate.open();
    });
    out->expect_wait();
    out->send("message");
    co_await gate.wait();
    co_return wire::http_reply{};
  };
  start();
  int gone = 0;
  for (const std::string way : {"politely", "without a word"}) {
    {
      client peer = connect();
      ASSERT_TRUE(peer.send(post(way)));
      peer.read_until("data: message\n\n");
      ASSERT_TRUE(peer.tls()->renew_keys());
      EXPECT_EQ(endpoint.seen.count("gone"), gone);
      if (way == "politely") peer.tls()->say_end();
    }
    EXPECT_TRUE(endpoint.seen.wait("gone", ++gone)) << way;
  }
  expect_nobody_left();
}

TEST_F(http_tls, more_than_a_record_in_one_message_goes_through_while_a_request_waits) {
  test::gate gate;
  endpoint.run = [&](test::seen_request request, outlet out) -> wire::awaitable<wire::http_reply> {
    if (request.body == "first") {
      out->expect_wait();
      endpoint.seen.note("waits");
      co_await gate.wait();
    }
    wire::http_reply reply;
    reply.body = request.body;
    co_return reply;
  };
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("first")));
  ASSERT_TRUE(endpoint.seen.wait("waits"));
  const std::string large(50'000, 'y');
  ASSERT_TRUE(peer.send(post(large) + post("third")));
  gate.open();
  EXPECT_EQ(peer.read_reply().body, "first");
  EXPECT_EQ(peer.read_reply().body, large);
  EXPECT_EQ(peer.read_reply().body, "third");
}

TEST_F(http_tls, a_pair_that_was_read_again_counts_for_new_connections) {
  start();
  client before = connect();
  const certificate fresh;
  pair.become(fresh);
  identity->reload();
  client after = connect();
  EXPECT_EQ(before.tls()->serial(), pair.serial());
  EXPECT_EQ(after.tls()->serial(), fresh.serial());
  ASSERT_TRUE(before.send(post("still there")));
  EXPECT_EQ(before.read_reply().body, "still there");
}

TEST_F(http_tls, a_bad_pair_is_not_taken_and_the_old_one_stays) {
  start();
  pair.folder().write("key.pem", "no key");
  EXPECT_THROW(identity->reload(), std::invalid_argument);
  client peer = connect();
  EXPECT_EQ(peer.tls()->serial(), pair.serial());
}

// What is wrong, with the file and what to do.
std::string fault(const tls_files& files) {
  try {
    const tls_identity refused(files);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

void expect_fault(const tls_files& files, const std::string& file, const std::string& advice) {
  const std::string said = fault(files);
  EXPECT_NE(said.find(file), std::string::npos) << said;
  EXPECT_NE(said.find(advice), std::string::npos) << said;
}

TEST(tls_files, that_cannot_be_used_are_named_with_what_to_do) {
  const certificate fine, other, expired(-7200, -3600), early(3600, 7200), locked;
  EXPECT_EQ(fault({fine.file(), fine.key()}), "");
  expect_fault({fine.file(), ""}, "tls_key", "is missing");
  expect_fault({"", fine.key()}, "tls_certificate", "is missing");
  expect_fault({"/nowhere/c.pem", fine.key()}, "/nowhere/c.pem", "No such file");
  expect_fault({fine.file(), "/nowhere/k.pem"}, "/nowhere/k.pem", "No such file");
  expect_fault({fine.folder().path(), fine.key()}, fine.folder().path(), "no certificate in it");
  expect_fault({fine.file(), other.key()}, other.key(),
               "does not belong to the certificate in " + fine.file());
  expect_fault({fine.key(), fine.key()}, fine.key(), "no certificate in it");
  expect_fault({fine.file(), fine.file()}, fine.file(), "no private key in it");
  expect_fault({expired.file(), expired.key()}, expired.file(), "expired on");
  expect_fault({early.file(), early.key()}, early.file(), "not valid before");
  locked.protect_key();
  expect_fault({locked.file(), locked.key()}, locked.key(), "passphrase");
}

}  // namespace
}  // namespace longhaul::transport
