// SPDX-License-Identifier: Apache-2.0
#include "base/uri_template.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

namespace longhaul {
namespace {

using namespace std::string_literals;

std::string read(std::string_view pattern, std::string_view uri) {
  const auto values = uri_template(pattern).match(uri);
  if (!values) return "none";
  std::string text;
  for (const auto& [name, value] : *values) text += name + "=" + value + ";";
  return text;
}

TEST(uri_template, reads_the_variables_of_an_address) {
  EXPECT_EQ(read("notes://{id}", "notes://7"), "id=7;");
  EXPECT_EQ(read("test://template/{id}/data", "test://template/123/data"), "id=123;");
  EXPECT_EQ(read("a://{x}/{y}", "a://1/2"), "x=1;y=2;");
  EXPECT_EQ(read("a://{x}-{y}", "a://1-2-3"), "x=1;y=2-3;");
  EXPECT_EQ(read("files:///{+path}", "files:///a/b.txt"), "path=a/b.txt;");
  EXPECT_EQ(read("files:///{+path}/raw", "files:///a/raw/raw"), "path=a/raw;");
  EXPECT_EQ(read("page://home{#part}", "page://home#top"), "part=top;");
  EXPECT_EQ(read("page://{id}{#part}", "page://7#top"), "id=7;part=top;");
  EXPECT_EQ(read("page://home{#part}", "page://home"), "part=;");
  EXPECT_EQ(read("a://{x}", "a://%C3%A9"), "x=é;");
  EXPECT_EQ(read("a://fixed", "a://fixed"), "");
}

TEST(uri_template, refuses_what_leads_elsewhere) {
  for (const char* uri : {"a://..", "a://.", "a://%2e%2e", "a://x%2Fy", "a://x%5Cy", "a://x%00",
                          "a://x/y", "a://", "a://%", "a://%4", "a://%zz", "a://x?y", "b://x"}) {
    EXPECT_EQ(read("a://{x}", uri), "none") << uri;
  }
  EXPECT_EQ(read("a://{x}", "a://x\0y"s), "none");
  for (const char* uri : {"a:///b/../c", "a:///..", "a:///b/%2e%2e/c", "a:///b%2f..%2fc",
                          "a:///b/%00", "a:///b\\..\\c"}) {
    EXPECT_EQ(read("a:///{+path}", uri), "none") << uri;
  }
}

TEST(uri_template, a_hostile_address_costs_little) {
  const uri_template pattern("a://{a}x{b}x{c}x{d}x{e}x{f}x{g}x{h}x{i}x{j}!");
  EXPECT_FALSE(pattern.match("a://" + std::string(8'000, 'x')));
  EXPECT_FALSE(pattern.match("a://" + std::string(100'000, 'y') + "!"));
}

TEST(uri_template, says_what_is_wrong_with_it) {
  for (const char* pattern :
       {"{id}", "a://{id", "a://id}", "a://{}", "a://{a}{b}", "a://{a}/{a}", "a://{?q}", "a://{/p}",
        "a://{a*}", "a://{a:3}", "a://{a b}", "a:// {a}", "no-scheme/{a}"}) {
    EXPECT_THROW(uri_template{pattern}, std::invalid_argument) << pattern;
  }
}

TEST(is_resource_uri, wants_a_scheme_and_something_behind_it) {
  for (const char* uri : {"a:b", "notes://today", "urn:x:y", "data:,x"}) {
    EXPECT_TRUE(is_resource_uri(uri)) << uri;
  }
  for (const char* uri : {"", "a", ":x", "a:", "1a:b", "a b:c", "a:b c", "a:b\n", "/path"}) {
    EXPECT_FALSE(is_resource_uri(uri)) << uri;
  }
}

}  // namespace
}  // namespace longhaul
