// SPDX-License-Identifier: Apache-2.0
#include "operator/api_target.hpp"

#include <gtest/gtest.h>

#include "operator/api_error.hpp"
#include "operator/routes.hpp"

namespace longhaul::operating {
namespace {

int status_of(const std::function<void()>& refused) {
  try {
    refused();
  } catch (const api_error& e) {
    return e.status();
  }
  return 0;
}

TEST(api_target, takes_a_target_apart) {
  const api_target target = read_target("/api/v1/tasks/a%2Fb/stdout?q=x+y%26z&limit=5&empty=&bare");
  EXPECT_EQ(target.parts, (std::vector<std::string>{"api", "v1", "tasks", "a/b", "stdout"}));
  EXPECT_EQ(*target.parameter("q"), "x y&z");
  EXPECT_EQ(*target.parameter("empty"), "");
  EXPECT_EQ(*target.parameter("bare"), "");
  EXPECT_EQ(target.parameter("other"), nullptr);
  EXPECT_EQ(target.number("limit", 1, 10, 3), 5U);
  EXPECT_EQ(target.number("other", 1, 10, 3), 3U);
  EXPECT_EQ(read_target("http://host:1/api/v1/tools/a+b").parts.back(), "a+b");
  EXPECT_TRUE(read_target("http://host").parts.empty());
  EXPECT_EQ(read_target("//api//v1/").parts.size(), 2U);
}

TEST(api_target, refuses_what_it_cannot_read) {
  for (const char* bad : {"/a%", "/a%2", "/a%zz", "/?q=%G1", "/?q=1&q=2"}) {
    EXPECT_EQ(status_of([&] { read_target(bad); }), 400) << bad;
  }
  const api_target target = read_target("/?n=-1&big=99999999999999999999&f=maybe&t=true");
  for (const char* name : {"n", "big", "f"}) {
    EXPECT_EQ(status_of([&] { target.number(name, 0, 100, 0); }), 400) << name;
  }
  EXPECT_EQ(status_of([&] { target.flag("f"); }), 400);
  EXPECT_TRUE(target.flag("t"));
  EXPECT_EQ(status_of([&] { target.allow_only({"n", "big", "f"}); }), 400);
  EXPECT_EQ(status_of([&] { target.allow_only({"n", "big", "f", "t"}); }), 0);
}

TEST(routes, are_found_by_path_and_method) {
  const auto at = [](std::string_view method, const std::string& path) {
    return find_route(read_target("/api/v1/" + path), method);
  };
  const api_target task = read_target("/api/v1/tasks/x/cancel");
  const found_route cancel = find_route(task, "POST");
  ASSERT_NE(cancel.taken, nullptr);
  EXPECT_EQ(cancel.taken->needs, role::act);
  EXPECT_EQ(cancel.subject, "x");
  EXPECT_EQ(at("GET", "tasks/x/cancel").taken, nullptr);
  EXPECT_EQ(*at("GET", "tasks/x/cancel").reply_allow, "POST");
  EXPECT_EQ(*at("POST", "status").reply_allow, "GET, HEAD");
  EXPECT_EQ(at("HEAD", "status").taken->path, "status");
  EXPECT_EQ(at("GET", "tasks/count").taken->path, "tasks/count") << "before a task of this id";
  for (const char* nothing :
       {"", "task", "tasks/x/y", "tasks/x/stdout/z", "status/x", "tools/a/b"}) {
    const found_route none = at("GET", nothing);
    EXPECT_TRUE(none.taken == nullptr && !none.reply_allow) << nothing;
  }
  EXPECT_EQ(find_route(read_target("/api/v2/status"), "GET").taken, nullptr);
  EXPECT_EQ(find_route(read_target("/"), "GET").taken, nullptr);
}

// What changes anything needs a key that may act.
TEST(routes, whatever_is_posted_needs_the_right_to_act) {
  for (const way& one : all_ways()) {
    EXPECT_EQ(one.needs == role::act, one.method == "POST") << one.path;
  }
}

}  // namespace
}  // namespace longhaul::operating
