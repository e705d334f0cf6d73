// SPDX-License-Identifier: Apache-2.0
#include "longhaul/resource.hpp"

#include <gtest/gtest.h>

namespace resources {
struct variables {
  std::string id;
};
BOOST_DESCRIBE_STRUCT(variables, (), (id))
}  // namespace resources

namespace longhaul {
namespace {

resource_options at(std::string uri) {
  resource_options options;
  options.uri = std::move(uri);
  return options;
}

std::string resource_fault(const resource_options& options, bool as_template = false) {
  try {
    if (as_template) {
      (void)make_resource_template(options, [](const resources::variables& v) { return v.id; });
    } else {
      (void)make_resource(options, [] { return "x"; });
    }
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(make_resource, takes_what_never_changes_as_text_content_or_several) {
  const std::string wanted = R"({"contents":[{"uri":"a://b","text":"x"}]})";
  EXPECT_EQ(make_resource(at("a://b"), "x").fixed.view(), wanted);
  EXPECT_EQ(make_resource(at("a://b"), std::string("x")).fixed.view(), wanted);
  EXPECT_EQ(make_resource(at("a://b"), std::string_view("x")).fixed.view(), wanted);
  EXPECT_EQ(make_resource(at("a://b"), resource_content("x")).fixed.view(), wanted);
  std::vector<resource_content> two{resource_content("x").uri("a://c").mime_type("text/x"),
                                    resource_content::blob(std::string_view("\0\xFF", 2))};
  EXPECT_EQ(make_resource(at("a://b"), two).fixed.view(),
            R"({"contents":[{"uri":"a://c","mimeType":"text/x","text":"x"},)"
            R"({"uri":"a://b","blob":"AP8="}]})");
}

TEST(make_resource, says_what_does_not_fit) {
  EXPECT_EQ(resource_fault(at("a://b")), "accepted");
  for (const char* uri : {"", "b", "a://{id}", "a b:c"}) {
    EXPECT_NE(resource_fault(at(uri)), "accepted") << uri;
  }
  EXPECT_EQ(resource_fault(at("a://{id}"), true), "accepted");
  for (const char* uri : {"a://b", "a://{other}", "a://{id}/{other}", "a://{id", "{id}"}) {
    EXPECT_NE(resource_fault(at(uri), true), "accepted") << uri;
  }
  auto sized = at("a://{id}");
  sized.size = 1;
  EXPECT_NE(resource_fault(sized, true), "accepted");
  auto urgent = at("a://b");
  urgent.annotations.priority = 2;
  EXPECT_NE(resource_fault(urgent), "accepted");
  auto stale = at("a://b");
  stale.caching.fresh = std::chrono::milliseconds(-1);
  EXPECT_NE(resource_fault(stale), "accepted");
  auto completed = at("a://b");
  completed.complete.emplace("id", completer::among({"1"}));
  EXPECT_NE(resource_fault(completed), "accepted");
}

}  // namespace
}  // namespace longhaul
