// SPDX-License-Identifier: Apache-2.0
#include "longhaul/roots.hpp"

#include <gtest/gtest.h>

#include "longhaul/question_error.hpp"
#include "typed/question_answer.hpp"

namespace longhaul {
namespace {

std::string path_of(std::string uri) {
  const auto path = root{std::move(uri)}.path();
  return path ? path->string() : "none";
}

std::vector<root> listed(std::string_view given) {
  const raw_json asked = roots_request().request();
  return parse_roots(detail::fitting_answer(asked, raw_json::parse(given)));
}

std::string roots_refusal(std::string_view given) {
  try {
    (void)listed(given);
  } catch (const question_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(roots, those_of_files_here_have_a_path) {
  EXPECT_EQ(path_of("file:///home/ann"), "/home/ann");
  EXPECT_EQ(path_of("FILE://LocalHost/home/ann/"), "/home/ann/");
  EXPECT_EQ(path_of("file:///"), "/");
  EXPECT_EQ(path_of("file:///a%20b/%C3%A9"), "/a b/\xC3\xA9");
  EXPECT_EQ(path_of("file:///a b/\xC3\xA9"), "/a b/\xC3\xA9") << "as clients write it";
  EXPECT_EQ(path_of("file:///a..b/...c"), "/a..b/...c");
}

TEST(roots, what_could_lead_elsewhere_has_none) {
  for (const char* uri : {"https://example.org/home",
                          "file:",
                          "file:/home/ann",
                          "file://",
                          "file://other/home",
                          "file://localhosts/home",
                          "file://user@localhost/home",
                          "file:///a/../b",
                          "file:///..",
                          "file:///a/./b",
                          "file:///%2e%2e/etc",
                          "file:///a/%2E./b",
                          "file:///a%2Fb",
                          "file:///a%2fb",
                          "file:///a%00b",
                          "file:///a%0Ab",
                          "file:///a%7f",
                          "file:///a%2",
                          "file:///a%zz",
                          "file:///a?b",
                          "file:///a#b",
                          "",
                          "/etc/passwd",
                          "javascript:alert(1)"}) {
    EXPECT_EQ(path_of(uri), "none") << uri;
  }
}

TEST(roots, a_list_is_read_with_what_is_of_it) {
  const auto roots = listed(
      R"({"roots":[{"uri":"file:///a","name":"A","_meta":{}},{"uri":"git:x","name":null}],"x":1})");
  ASSERT_EQ(roots.size(), 2u);
  EXPECT_EQ(roots[0].name, "A");
  EXPECT_EQ(roots[1].uri, "git:x") << "another scheme is kept, and is no path";
  EXPECT_EQ(roots[1].path(), std::nullopt);
  EXPECT_TRUE(listed(R"({"roots":[]})").empty());
}

TEST(roots, what_is_no_list_is_named) {
  EXPECT_EQ(roots_refusal("{}"), "roots: expected a list, got nothing");
  EXPECT_EQ(roots_refusal("7"), "roots: expected a list, got nothing");
  EXPECT_EQ(roots_refusal(R"({"roots":{}})"), "roots: expected a list, got an object");
  EXPECT_EQ(roots_refusal(R"({"roots":["file:///a"]})"),
            "roots[0].uri: expected a URI, got nothing");
  EXPECT_EQ(roots_refusal(R"({"roots":[{"uri":"file:///a"},{"uri":5}]})"),
            "roots[1].uri: expected a URI, got 5");
  for (const char* uri : {"", "etc", "/etc", ":x", "file:", "1a:b", "a b:c", "file:///a\\nb"}) {
    EXPECT_NE(roots_refusal(R"({"roots":[{"uri":")" + std::string(uri) + "\"}]}"), "accepted")
        << uri;
  }
  EXPECT_EQ(roots_refusal(R"({"roots":[{"uri":"file:///a","name":[]}]})"),
            "roots[0].name: expected a string, got an array");
}

}  // namespace
}  // namespace longhaul
