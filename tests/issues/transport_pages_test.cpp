// SPDX-License-Identifier: Apache-2.0
// `allow_origins` let the requests of a web page through, and yet no browser could use the server:
// its question beforehand (the preflight) got 405, and no reply said that the page may read it.
#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using test::client;
using test::post;
using test::reply;

class pages : public test::over_both {
 protected:
  pages() {
    options.origins = {"https://app.example"};
    endpoint.judge = [](const wire::http_request& head) -> std::optional<wire::http_reply> {
      if (head.authorization) return std::nullopt;
      wire::http_reply result;
      result.status = head.method == "POST" ? 401 : 405;
      result.www_authenticate = head.method == "POST" ? "Bearer" : "";
      return result;
    };
  }

  static std::string preflight(const std::string& origin, const std::string& more = {},
                               const std::string& path = "/mcp") {
    return "OPTIONS " + path + " HTTP/1.1\r\nHost: localhost\r\nOrigin: " + origin +
           "\r\nAccess-Control-Request-Method: POST\r\n" + more + "\r\n";
  }
  static void expect_readable(const reply& got, const std::string& origin) {
    EXPECT_EQ(got.header("access-control-allow-origin"), origin) << got.head;
    EXPECT_EQ(got.header("access-control-expose-headers"), "Mcp-Session-Id, WWW-Authenticate");
    EXPECT_EQ(got.header("vary"), "Origin");
  }
  // True if `list` has `element`.
  static bool has(const std::string& list, const std::string& element) {
    return (", " + list + ",").find(", " + element + ",") != std::string::npos;
  }
};

const std::string origin = "https://app.example";
const std::string page_origin = "Origin: https://app.example\r\n";
const std::string page_key = "Authorization: Bearer key\r\n";

TEST_P(pages, a_preflight_is_granted_before_the_key_is_looked_at) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(preflight(origin, "Access-Control-Request-Headers: content-type\r\n")));
  const reply got = peer.read_reply();
  EXPECT_EQ(got.status, 204);
  expect_readable(got, origin);
  for (const char* method : {"POST", "DELETE"}) {
    EXPECT_TRUE(has(got.header("access-control-allow-methods"), method)) << got.head;
  }
  for (const char* name : {"content-type", "accept", "authorization", "last-event-id",
                           "mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name"}) {
    EXPECT_TRUE(has(got.header("access-control-allow-headers"), name)) << name;
  }
  EXPECT_EQ(got.header("access-control-max-age"), "7200");
  EXPECT_EQ(got.header("allow"), "GET, POST, DELETE, OPTIONS");
  EXPECT_EQ(got.header("content-length"), "");
  EXPECT_EQ(got.header("access-control-allow-private-network"), "");
  EXPECT_EQ(got.header("connection"), "");
  EXPECT_EQ(endpoint.seen.count("admit"), 0);
}

// "*" does not cover Authorization, and browsers want names.
TEST_P(pages, headers_that_mirror_parameters_are_granted_by_name) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(
      preflight(origin,
                "Access-Control-Request-Headers: authorization,mcp-param-region , Mcp-Param-X, "
                "cookie, x-other, mcp-, mcp-param bad\r\n")));
  const std::string granted = peer.read_reply().header("access-control-allow-headers");
  EXPECT_TRUE(has(granted, "mcp-param-region")) << granted;
  EXPECT_TRUE(has(granted, "Mcp-Param-X")) << granted;
  for (const char* name : {"cookie", "x-other", "mcp-", "mcp-param bad", "*"}) {
    EXPECT_FALSE(has(granted, name)) << granted;
  }
}

TEST_P(pages, the_private_network_is_granted_where_it_is_asked_for) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(preflight(origin, "Access-Control-Request-Private-Network: true\r\n")));
  EXPECT_EQ(peer.read_reply().header("access-control-allow-private-network"), "true");
  ASSERT_TRUE(peer.send(
      preflight("http://evil.example", "Access-Control-Request-Private-Network: true\r\n")));
  const reply refused = peer.read_reply();
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.head.find("Access-Control"), std::string::npos);
}

TEST_P(pages, other_origins_get_403_and_nothing_to_read) {
  start();
  for (const char* other : {"http://app.example", "https://app.example:444", "null", "",
                            "https://app.example.evil.example", "http://192.168.1.1"}) {
    for (const std::string& request :
         {preflight(other), post("{}", std::string("Origin: ") + other + "\r\n")}) {
      client peer = connect();
      ASSERT_TRUE(peer.send(request));
      const reply got = peer.read_reply();
      EXPECT_EQ(got.status, 403) << request;
      EXPECT_EQ(got.head.find("Access-Control"), std::string::npos) << request;
    }
  }
}

TEST_P(pages, every_reply_to_an_allowed_origin_may_be_read) {
  options.max_body = 1000;
  options.head_time = options.body_time = std::chrono::milliseconds(50);
  endpoint.run = [](test::seen_request request,
                    std::shared_ptr<wire::outlet> out) -> wire::awaitable<wire::http_reply> {
    if (request.body == "throw") throw std::runtime_error("x");
    if (request.body == "stream") out->send("{}");
    wire::http_reply result;
    result.body = "{}";
    if (request.body == "session") result.session_id = "s";
    co_return result;
  };
  start();
  const std::string head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\n" + page_origin;
  struct {
    std::string request;
    int status;
  } const cases[] = {
      {post("{}", page_origin + page_key), 200},
      {post("session", page_origin + page_key), 200},
      {post("stream", page_origin + page_key), 200},
      {post("throw", page_origin + page_key), 500},
      {post("{}", page_origin), 401},
      {"GET /mcp HTTP/1.1\r\nHost: localhost\r\n" + page_origin + "\r\n", 405},
      {"GET /other HTTP/1.1\r\nHost: localhost\r\n" + page_origin + "\r\n", 404},
      {"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + page_origin + "\r\n", 200},
      {"PUT /readyz HTTP/1.1\r\nHost: localhost\r\n" + page_origin + "\r\n", 405},
      {preflight(origin, {}, "/other"), 404},
      {preflight(origin, {}, "/healthz"), 204},
      {head + page_key + "Content-Length: 1001\r\n\r\n", 413},
      {head + page_key + "Content-Length: 100\r\n\r\nslow", 408},
      {head + page_key + "Transfer-Encoding: chunked\r\n\r\nbad\n", 400},
      {head + "X: " + std::string(20'000, 'x') + "\r\n\r\n", 431},
      {head + "bad line\r\n\r\n", 400},
      {head + "X: slow", 408},
  };
  for (const auto& [request, status] : cases) {
    client peer = connect();
    ASSERT_TRUE(peer.send(request));
    const reply got = peer.read_reply();
    EXPECT_EQ(got.status, status) << request.substr(0, 200);
    expect_readable(got, origin);
  }
}

TEST_P(pages, who_is_no_page_gets_none_of_it) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(post("{}", page_origin + page_key) + post("{}", page_key)));
  expect_readable(peer.read_reply(), origin);
  const reply got = peer.read_reply();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.head.find("Access-Control"), std::string::npos) << got.head;
  ASSERT_TRUE(peer.send("OPTIONS /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const reply asked = peer.read_reply();
  EXPECT_EQ(asked.status, 204);
  EXPECT_EQ(asked.header("allow"), "GET, POST, DELETE, OPTIONS");
  EXPECT_EQ(asked.head.find("Access-Control"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(over, pages, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
