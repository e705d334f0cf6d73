// SPDX-License-Identifier: Apache-2.0
#include "client/http_url.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "client/http_client.hpp"

namespace longhaul::test {
namespace {

using remote::http_url;
using remote::is_header;
using remote::parse_url;
using remote::resolve;

TEST(http_url, is_read_into_its_parts) {
  const struct {
    const char* text;
    bool secure;
    const char *host, *port, *target, *origin;
  } table[] = {
      {"http://a", false, "a", "80", "/", "http://a"},
      {"HTTP://A.example/X", false, "a.example", "80", "/X", "http://a.example"},
      {"https://a/mcp", true, "a", "443", "/mcp", "https://a"},
      {"https://a:443/mcp", true, "a", "443", "/mcp", "https://a"},
      {"https://a:80/mcp", true, "a", "80", "/mcp", "https://a:80"},
      {"http://a:8080?x=1", false, "a", "8080", "/?x=1", "http://a:8080"},
      {"http://a:/mcp", false, "a", "80", "/mcp", "http://a"},
      {"http://[::1]:9/m", false, "::1", "9", "/m", "http://[::1]:9"},
      {"http://[::1]", false, "::1", "80", "/", "http://[::1]"},
      {"http://a/m#part", false, "a", "80", "/m", "http://a"},
      {"http://a/m?q=http://b@c", false, "a", "80", "/m?q=http://b@c", "http://a"},
  };
  for (const auto& each : table) {
    const http_url url = parse_url(each.text);
    EXPECT_EQ(url.secure, each.secure) << each.text;
    EXPECT_EQ(url.host, each.host) << each.text;
    EXPECT_EQ(url.port, each.port) << each.text;
    EXPECT_EQ(url.target, each.target) << each.text;
    EXPECT_EQ(url.origin(), each.origin) << each.text;
  }
}

TEST(http_url, what_is_none_is_refused) {
  for (const char* const text :
       {"", "a", "ftp://a", "http:/a", "http://", "http:///x", "http://:80", "http://a:0",
        "http://a:65536", "http://a:8x", "http://a:-1", "http://u@a", "http://u:p@a/x",
        "http://[::1", "http://[::1]x", "http://a b", "http://a/\r\nX: y", "http://\xC3\xA4/",
        "://a"}) {
    EXPECT_THROW(parse_url(text), std::invalid_argument) << text;
  }
}

TEST(http_url, a_password_is_not_shown) {
  try {
    parse_url("http://user:secret@a/b@c");
    FAIL() << "it is refused";
  } catch (const std::invalid_argument& e) {
    EXPECT_EQ(std::string(e.what()).find("secret"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("http://…@a/b@c"), std::string::npos) << e.what();
  }
  EXPECT_EQ(remote::shown_url("http://a/b@c"), "http://a/b@c");
}

TEST(http_url, a_location_is_seen_from_where_it_was_said) {
  const struct {
    const char *from, *location, *origin, *target;
  } table[] = {
      {"http://a/mcp", "/other", "http://a", "/other"},
      {"http://a/x/mcp", "other", "http://a", "/x/other"},
      {"http://a/x/mcp?y=/z", "other", "http://a", "/x/other"},
      {"http://a/x/mcp", "?y=1", "http://a", "/x/mcp?y=1"},
      {"http://a/mcp", "https://a/mcp", "https://a", "/mcp"},
      {"https://a/mcp", "//b/mcp", "https://b", "/mcp"},
      {"https://a:9/mcp", "/m", "https://a:9", "/m"},
  };
  for (const auto& each : table) {
    const http_url there = resolve(parse_url(each.from), each.location);
    EXPECT_EQ(there.origin(), each.origin) << each.location;
    EXPECT_EQ(there.target, each.target) << each.location;
  }
  for (const char* const wrong : {"ftp://a", "http://u@a/", "/a b", "/\x01"}) {
    EXPECT_THROW(resolve(parse_url("http://a/mcp"), wrong), std::invalid_argument) << wrong;
  }
}

TEST(is_header, nothing_that_ends_a_line_is_one) {
  EXPECT_TRUE(is_header("X-Key", "a b\tc \xC3\xA4"));
  EXPECT_TRUE(is_header("X-Key", ""));
  EXPECT_FALSE(is_header("", "a"));
  EXPECT_FALSE(is_header("X Key", "a"));
  EXPECT_FALSE(is_header("X-Key:", "a"));
  EXPECT_FALSE(is_header("X-Key\r\nY", "a"));
  EXPECT_FALSE(is_header("X-Key", "a\r\nY: b"));
  EXPECT_FALSE(is_header("X-Key", std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_header("X-Key", std::string(100'000, 'x')));
}

}  // namespace
}  // namespace longhaul::test
