// SPDX-License-Identifier: Apache-2.0
#include "base/web_origin.hpp"

#include <gtest/gtest.h>

namespace longhaul {
namespace {

TEST(web_origin, is_scheme_host_and_port) {
  for (const char* fine :
       {"https://app.example", "http://localhost:5173", "HTTPS://App.Example:443", "http://[::1]",
        "http://[::1]:80", "chrome-extension://abcdef", "vscode-webview://x", "*", "null"}) {
    EXPECT_EQ(origin_fault(fine), "") << fine;
  }
  for (const char* bad : {"",
                          "app.example",
                          "https:app.example",
                          "://a",
                          "1a://b",
                          "https://",
                          "https://a/",
                          "https://a/b",
                          "https://a?b",
                          "https://a#b",
                          "https://u@a",
                          "https://a:",
                          "https://a:x",
                          "https://a:123456",
                          "https://[::1",
                          "https://a b",
                          "https://a, https://b",
                          "https://*.a",
                          "https://:80",
                          " https://a",
                          "NULL"}) {
    EXPECT_NE(origin_fault(bad), "") << bad;
  }
}

TEST(web_origin, two_stand_for_every_page) {
  EXPECT_TRUE(is_every_origin("*"));
  EXPECT_TRUE(is_every_origin("null"));
  EXPECT_FALSE(is_every_origin("https://a"));
}

}  // namespace
}  // namespace longhaul
