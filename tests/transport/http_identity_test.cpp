// SPDX-License-Identifier: Apache-2.0
// Who calls, where that takes time to find out, and where it cannot be found out.
#include <stdexcept>

#include "auth/identifier.hpp"
#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using test::client;
using test::post;

// Asks somebody who answers when the test says so.
class asking final : public auth::identifier {
 public:
  std::optional<auth::identification> identify_at_once(
      const auth::credentials& presented) const override {
    if (presented.authorization == "Bearer broken") throw std::runtime_error("secret");
    return std::nullopt;
  }
  boost::asio::awaitable<auth::identification> identify(
      auth::credentials presented) const override {
    asked.note("asked");
    co_await answered.wait();
    if (presented.authorization == "Bearer late trouble") throw std::runtime_error("secret");
    auth::identification result;
    if (presented.authorization == "Bearer good") {
      auth::caller who;
      who.owner = who.quota = "issuer#subject";
      result.who = std::make_shared<const auth::caller>(std::move(who));
    } else {
      result.status = 403;
      result.www_authenticate = "Bearer error=\"insufficient_scope\"";
    }
    co_return result;
  }

  mutable test::events asked;
  mutable test::gate answered;
};

class http_identity : public test::over_both {
 protected:
  http_identity() {
    options.identifier = somebody;
    endpoint.run = [](test::seen_request request,
                      std::shared_ptr<wire::outlet>) -> wire::awaitable<wire::http_reply> {
      wire::http_reply reply;
      reply.body = request.owner;
      co_return reply;
    };
  }
  std::shared_ptr<asking> somebody = std::make_shared<asking>();
};

TEST_P(http_identity, may_take_time_and_requests_wait_for_it) {
  start();
  client peer = connect(), other = connect();
  ASSERT_TRUE(peer.send(post("a", "Authorization: Bearer good\r\n")));
  ASSERT_TRUE(other.send(post("b", "Authorization: Bearer narrow\r\n")));
  ASSERT_TRUE(somebody->asked.wait("asked", 2));
  EXPECT_TRUE(peer.silent());
  EXPECT_EQ(endpoint.seen.count("admit"), 0);
  somebody->answered.open();
  EXPECT_EQ(peer.read_reply().body, "issuer#subject");
  const test::reply refused = other.read_reply();
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.header("www-authenticate"), "Bearer error=\"insufficient_scope\"");
  EXPECT_EQ(endpoint.seen.count("admit"), 1);
}

TEST_P(http_identity, that_fails_is_a_500_and_the_connection_goes_on) {
  start();
  somebody->answered.open();
  client peer = connect();
  for (const std::string key : {"broken", "late trouble"}) {
    ASSERT_TRUE(peer.send(post("a", "Authorization: Bearer " + key + "\r\n")));
    const test::reply got = peer.read_reply();
    EXPECT_EQ(got.status, 500) << key;
    EXPECT_EQ(got.body.find("secret"), std::string::npos);
  }
  ASSERT_TRUE(peer.send(post("a", "Authorization: Bearer good\r\n")));
  EXPECT_EQ(peer.read_reply().status, 200);
}

TEST_P(http_identity, a_client_that_leaves_meanwhile_is_no_trouble) {
  start();
  {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("a", "Authorization: Bearer good\r\n")));
    ASSERT_TRUE(somebody->asked.wait("asked"));
  }
  somebody->answered.open();
  client next = connect();
  ASSERT_TRUE(next.send(post("b", "Authorization: Bearer good\r\n")));
  EXPECT_EQ(next.read_reply().status, 200);
}

INSTANTIATE_TEST_SUITE_P(over, http_identity, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
