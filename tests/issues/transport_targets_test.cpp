// SPDX-License-Identifier: Apache-2.0
// `/mcp/` was 404, and so was `http://host/mcp`, which clients behind a proxy send; and the methods
// that there are were told differently by the two floors that refused one.
#include "transport/http_target.hpp"

#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using test::client;
using test::reply;

TEST(http_target, names_a_path_and_in_absolute_form_a_host) {
  struct {
    const char *text, *path, *authority;
  } const cases[] = {
      {"/mcp", "/mcp", ""},
      {"/mcp/", "/mcp", ""},
      {"/mcp//", "/mcp/", ""},
      {"/mcp?a=/b/", "/mcp", ""},
      {"/mcp/?a", "/mcp", ""},
      {"/mcp#a", "/mcp", ""},
      {"/", "/", ""},
      {"/?a", "/", ""},
      {"*", "*", ""},
      {"http://a/mcp", "/mcp", "a"},
      {"HTTP://a:80/mcp/?x", "/mcp", "a:80"},
      {"https://[::1]:1/mcp", "/mcp", "[::1]:1"},
      {"http://a", "/", "a"},
      {"http://a?b", "/", "a"},
      {"ftp://a/mcp", "ftp://a/mcp", ""},
      {"//a/mcp", "//a/mcp", ""},
  };
  for (const auto& [text, path, authority] : cases) {
    const http_target got = read_target(text);
    EXPECT_EQ(got.path, path) << text;
    EXPECT_EQ(got.authority, authority) << text;
    EXPECT_TRUE(got.valid) << text;
  }
  EXPECT_FALSE(read_target("http:///mcp").valid);
  EXPECT_FALSE(read_target("http://?x").valid);
}

class targets : public test::over_both {
 protected:
  reply ask(const std::string& line, const std::string& host = "localhost") {
    client peer = connect();
    EXPECT_TRUE(peer.send(line + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"));
    return peer.read_reply(!line.starts_with("HEAD"));
  }
};

TEST_P(targets, a_slash_more_or_the_absolute_form_is_the_same_path) {
  start();
  for (const std::string path : {"/mcp", "/mcp/", "/mcp?x=1", "/mcp/?x=1", "http://localhost/mcp",
                                 "http://localhost:1234/mcp/", "https://127.0.0.1/mcp?x"}) {
    EXPECT_EQ(ask("POST " + path).status, 200) << path;
  }
  for (const std::string path : {"/healthz", "/healthz/", "/readyz/", "/readyz?verbose",
                                 "http://localhost/readyz", "http://localhost/healthz/"}) {
    const reply got = ask("GET " + path);
    EXPECT_EQ(got.status, 200) << path;
    EXPECT_EQ(got.header("content-type"), "text/plain; charset=utf-8");
    EXPECT_EQ(ask("HEAD " + path).status, 200) << path;
  }
  for (const std::string path : {"http://localhost/", "http://localhost", "ftp://localhost/mcp",
                                 "/mcp/x", "//localhost/mcp", "localhost:80"}) {
    EXPECT_EQ(ask("POST " + path).status, 404) << path;
  }
  EXPECT_EQ(ask("POST http:///mcp").status, 403);
}

TEST_P(targets, a_configured_path_is_read_the_same_way) {
  options.path = "/tools/";
  start();
  EXPECT_EQ(ask("POST /tools").status, 200);
  EXPECT_EQ(ask("POST /tools/").status, 200);
  EXPECT_EQ(ask("POST /mcp").status, 404);
}

// RFC 9112 §3.2.2: the header is ignored then.
TEST_P(targets, the_host_of_an_absolute_target_is_the_one_that_is_guarded) {
  start();
  EXPECT_EQ(ask("POST http://localhost/mcp", "proxy.example").status, 200);
  for (const std::string bad : {"http://evil.example/mcp", "http://localhost@evil.example/mcp",
                                "http://localhost:80@evil.example/mcp", "http://:80/mcp"}) {
    EXPECT_EQ(ask("POST " + bad).status, 403) << bad;
    EXPECT_EQ(ask("GET " + bad + "/../../healthz").status, 403) << bad;
  }
  EXPECT_EQ(endpoint.seen.count("request"), 1);
}

TEST_P(targets, everybody_says_the_same_methods) {
  start();
  for (const std::string method : {"HEAD", "PUT", "PATCH", "TRACE", "BREW", "CONNECT"}) {
    const reply got = ask(method + " /mcp");
    EXPECT_EQ(got.status, 405) << method;
    EXPECT_EQ(got.header("allow"), "GET, POST, DELETE, OPTIONS") << method;
  }
  EXPECT_EQ(ask("OPTIONS /mcp").header("allow"), "GET, POST, DELETE, OPTIONS");
  EXPECT_EQ(ask("OPTIONS *").header("allow"), "GET, POST, DELETE, OPTIONS");
  for (const std::string path : {"/healthz", "/readyz"}) {
    for (const std::string method : {"POST", "DELETE", "PUT"}) {
      const reply got = ask(method + " " + path);
      EXPECT_EQ(got.status, 405) << method;
      EXPECT_EQ(got.header("allow"), "GET, HEAD, OPTIONS") << method;
    }
    EXPECT_EQ(ask("OPTIONS " + path).header("allow"), "GET, HEAD, OPTIONS");
  }
}

INSTANTIATE_TEST_SUITE_P(over, targets, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
