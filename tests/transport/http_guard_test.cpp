// SPDX-License-Identifier: Apache-2.0
// Who may talk to the server. Fault 33: with Host and Origin unchecked, a web page whose name was
// made to point at this machine (DNS rebinding) calls the tools of whoever looks at it.
#include "transport/http_guard.hpp"

#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using test::client;

constexpr std::string_view absent;

bool allows(const http_guard& guard, std::string_view host, std::string_view origin = absent) {
  return guard.refusal(host, origin).empty();
}

TEST(http_guard, host_names_come_without_port_in_lower_case) {
  EXPECT_EQ(host_name("Example.COM:80"), "example.com");
  EXPECT_EQ(host_name("example.com"), "example.com");
  EXPECT_EQ(host_name("[::1]:80"), "[::1]");
  EXPECT_EQ(host_name("[::1]"), "[::1]");
  EXPECT_EQ(host_name(""), "");
  for (const char* bad : {"[::1", "[::1].evil.example", "[::1]evil", "a:b", "localhost:80@evil",
                          "localhost:80.evil.example"}) {
    EXPECT_EQ(host_name(bad), "") << bad;
  }
}

TEST(http_guard, on_loopback_only_names_of_this_machine_are_hosts) {
  const http_guard guard({.loopback = true}, {}, {});
  for (const char* host : {"localhost", "LocalHost:3000", "127.0.0.1", "127.0.0.1:80", "127.1.2.3",
                           "[::1]", "[::1]:3000"}) {
    EXPECT_TRUE(allows(guard, host)) << host;
  }
  for (const char* host : {"evil.example", "evil.example:3000", "localhost.evil.example",
                           "127.0.0.1.evil.example", "127.evil.example", "192.168.1.1", "[::2]",
                           "[::1].evil.example", "0.0.0.0", "", "localhost:x", "xlocalhost"}) {
    EXPECT_FALSE(allows(guard, host)) << host;
  }
  EXPECT_FALSE(allows(guard, absent));
}

TEST(http_guard, on_loopback_only_pages_of_this_machine_are_origins) {
  const http_guard guard({.loopback = true}, {}, {});
  for (const char* origin :
       {"http://localhost", "http://localhost:6274", "https://127.0.0.1:1", "http://[::1]:5"}) {
    EXPECT_TRUE(allows(guard, "localhost:3000", origin)) << origin;
  }
  for (const char* origin :
       {"http://evil.example", "null", "", "file://", "http://", "http://localhost@evil.example",
        "http://localhost.evil.example", "http://evil.example/http://localhost",
        "chrome-extension://localhost", "http://localhost/path", "localhost",
        "http://localhost:80@evil.example"}) {
    EXPECT_FALSE(allows(guard, "localhost:3000", origin)) << origin;
  }
}

TEST(http_guard, hosts_and_origins_may_be_configured) {
  const http_guard guard({.loopback = true}, {"Tools.Example"}, {"https://App.Example", "null"});
  EXPECT_TRUE(allows(guard, "tools.example:443"));
  EXPECT_TRUE(allows(guard, "TOOLS.example", "https://tools.example"));
  EXPECT_TRUE(allows(guard, "localhost", "https://app.example"));
  EXPECT_TRUE(allows(guard, "localhost", "null"));
  EXPECT_FALSE(allows(guard, "localhost", "http://app.example"));
  EXPECT_FALSE(allows(guard, "localhost", "https://app.example:444"));
  EXPECT_FALSE(allows(guard, "app.example"));
}

TEST(http_guard, every_origin_may_be_allowed_but_not_every_host) {
  const http_guard guard({.loopback = true}, {}, {"*"});
  EXPECT_TRUE(allows(guard, "localhost", "https://any.example"));
  EXPECT_TRUE(allows(guard, "localhost", "null"));
  EXPECT_FALSE(allows(guard, "evil.example", "http://evil.example"));
}

TEST(http_guard, beyond_loopback_configured_hosts_are_the_only_ones) {
  const http_guard any({.loopback = false}, {}, {});
  EXPECT_TRUE(allows(any, "tools.example"));
  EXPECT_TRUE(allows(any, "10.1.2.3:8080"));
  const http_guard some({.loopback = false}, {"tools.example"}, {});
  EXPECT_TRUE(allows(some, "tools.example"));
  EXPECT_FALSE(allows(some, "10.1.2.3:8080"));
  EXPECT_FALSE(allows(some, "localhost"));
}

// A rebound page and this server have the same name: that Origin equals Host proves nothing, unless
// it is an address, for which no name service is asked.
TEST(http_guard, beyond_loopback_the_same_name_is_no_proof_but_the_same_address_is) {
  const http_guard guard({.loopback = false}, {}, {});
  EXPECT_FALSE(allows(guard, "evil.example:8080", "http://evil.example:8080"));
  EXPECT_TRUE(allows(guard, "10.1.2.3:8080", "http://10.1.2.3:8080"));
  EXPECT_TRUE(allows(guard, "[fd00::1]:8080", "http://[fd00::1]:8080"));
  EXPECT_FALSE(allows(guard, "10.1.2.3:8080", "http://10.1.2.3"));
  EXPECT_FALSE(allows(guard, "10.1.2.3:8080", "http://10.1.2.4:8080"));
  EXPECT_FALSE(allows(guard, "10.1.2.3", "http://localhost"));
}

// They were compared as they had been written: with a port no host was the one that was meant, and
// no origin that browsers send had the port that its scheme implies.
TEST(http_guard, configured_hosts_and_origins_are_read_as_the_headers_are) {
  const http_guard guard({.loopback = false}, {"Tools.Example:8443", "[FD00::1]:80"},
                         {"https://App.Example:443", "http://app.example:80", "http://b:443"});
  EXPECT_TRUE(allows(guard, "tools.example:8443", "https://app.example"));
  EXPECT_TRUE(allows(guard, "tools.example", "http://app.example"));
  EXPECT_TRUE(allows(guard, "[fd00::1]:8080"));
  EXPECT_TRUE(allows(guard, "tools.example", "http://b:443"));
  EXPECT_FALSE(allows(guard, "tools.example", "http://b"));
  EXPECT_FALSE(allows(guard, "tools.example", "https://app.example:444"));
  EXPECT_FALSE(allows(guard, "app.example"));
  const http_guard strange({.loopback = false}, {"a:b"}, {});
  EXPECT_FALSE(allows(strange, "")) << "what is no name allows nothing, and not every host";
  EXPECT_FALSE(allows(strange, "tools.example"));
}

TEST(http_guard, what_is_advised_helps) {
  const auto advice = [](bool loopback) {
    return http_guard({.loopback = loopback}, {"tools.example"}, {})
        .refusal("evil.example", absent);
  };
  EXPECT_NE(advice(true).find("localhost"), std::string::npos);
  ASSERT_FALSE(advice(false).empty());
  EXPECT_EQ(advice(false).find("localhost"), std::string::npos) << advice(false);
  EXPECT_EQ(advice(false).find("127.0.0.1"), std::string::npos) << advice(false);
}

TEST(http_guard, over_tls_own_pages_are_secure_ones_and_port_443_is_the_same_as_none) {
  const http_guard guard({.tls = true}, {}, {});
  EXPECT_TRUE(allows(guard, "192.0.2.1", "https://192.0.2.1"));
  EXPECT_TRUE(allows(guard, "192.0.2.1:443", "https://192.0.2.1"));
  EXPECT_TRUE(allows(guard, "192.0.2.1", "https://192.0.2.1:443"));
  EXPECT_TRUE(allows(guard, "192.0.2.1:8443", "https://192.0.2.1:8443"));
  EXPECT_FALSE(allows(guard, "192.0.2.1", "https://192.0.2.1:8443"));
  EXPECT_FALSE(allows(guard, "192.0.2.1", "http://192.0.2.1"));
  EXPECT_FALSE(allows(guard, "192.0.2.1:80", "https://192.0.2.1"));
  // Without it a proxy may add it.
  const http_guard plain({}, {}, {});
  EXPECT_TRUE(allows(plain, "192.0.2.1", "https://192.0.2.1"));
  EXPECT_TRUE(allows(plain, "192.0.2.1:80", "http://192.0.2.1"));
}

class guarded_server : public test::over_both {};

TEST_P(guarded_server, refuses_rebound_names_and_foreign_pages_before_the_endpoint) {
  start();
  client peer = connect();
  const auto ask = [&](const std::string& target, const std::string& headers) {
    EXPECT_TRUE(
        peer.send("POST " + target + " HTTP/1.1\r\nContent-Length: 2\r\n" + headers + "\r\n{}"));
    return peer.read_reply().status;
  };
  const std::string port = std::to_string(server->port());
  EXPECT_EQ(ask("/mcp", "Host: evil.example:" + port + "\r\n"), 403);
  EXPECT_EQ(ask("/mcp", "Host: evil.example\r\nOrigin: http://evil.example\r\n"), 403);
  EXPECT_EQ(ask("/mcp", "Host: localhost\r\nOrigin: http://evil.example\r\n"), 403);
  EXPECT_EQ(ask("/mcp", "Host: localhost\r\nOrigin:\r\n"), 403);
  EXPECT_EQ(ask("/mcp", "Host: localhost\r\nOrigin: null\r\n"), 403);
  EXPECT_EQ(ask("/mcp", "Host: localhost\r\nHost: localhost\r\n"), 403);
  EXPECT_EQ(ask("/mcp", ""), 403);
  EXPECT_EQ(ask("/healthz", "Host: evil.example\r\n"), 403);
  EXPECT_EQ(endpoint.seen.count("request"), 0);
  EXPECT_EQ(ask("/mcp", "Host: localhost:" + port + "\r\nOrigin: http://localhost:1\r\n"), 200);
}

// Written so, the address was not taken for this machine: every name was served, and no page was.
TEST_P(guarded_server, knows_loopback_however_it_is_written) {
  options.address = "::ffff:127.0.0.1";
  try {
    start();
  } catch (const std::system_error&) {
    GTEST_SKIP() << "no IPv6 here";
  }
  client peer = connect();
  ASSERT_TRUE(peer.send("POST /mcp HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\n{}"));
  EXPECT_EQ(peer.read_reply().status, 403);
  client page = connect();
  ASSERT_TRUE(page.send(test::post("{}", "Origin: http://localhost:1\r\n")));
  EXPECT_EQ(page.read_reply().status, 200);
}

// The check came after the body: any page could have megabytes read for it, and learn the bound.
TEST_P(guarded_server, refuses_by_the_head_alone) {
  options.max_body = 1000;
  start();
  for (const char* length :
       {"Content-Length: 900", "Content-Length: 90000", "Transfer-Encoding: chunked",
        "Content-Length: 9\r\nExpect: 100-continue"}) {
    for (const char* who :
         {"Host: evil.example", "Host: localhost\r\nOrigin: http://evil.example"}) {
      client peer = connect();
      const std::string head =
          std::string("POST /mcp HTTP/1.1\r\n") + who + "\r\n" + length + "\r\n\r\n";
      ASSERT_TRUE(peer.send(head));
      const test::reply got = peer.read_reply();
      EXPECT_EQ(got.status, 403) << head;
      EXPECT_EQ(got.header("connection"), "close") << head;
      EXPECT_TRUE(peer.closed_by_peer()) << head;
    }
  }
  EXPECT_EQ(endpoint.seen.count("request"), 0);
}

TEST_P(guarded_server, a_second_origin_does_not_hide_behind_an_allowed_one) {
  start();
  client peer = connect();
  ASSERT_TRUE(
      peer.send(test::post("{}", "Origin: http://localhost\r\nOrigin: http://evil.example\r\n")));
  EXPECT_EQ(peer.read_reply().status, 403);
  EXPECT_EQ(endpoint.seen.count("request"), 0);
}

INSTANTIATE_TEST_SUITE_P(over, guarded_server, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
