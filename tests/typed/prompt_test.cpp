// SPDX-License-Identifier: Apache-2.0
#include "longhaul/prompt.hpp"

#include <gtest/gtest.h>

namespace prompts {
struct nested {
  std::vector<int> many;
};
BOOST_DESCRIBE_STRUCT(nested, (), (many))
struct review {
  std::string file;
  std::optional<int> lines;
};
BOOST_DESCRIBE_STRUCT(review, (), (file, lines))
}  // namespace prompts

namespace longhaul {
namespace {

prompt_options named(std::string name) {
  prompt_options options;
  options.name = std::move(name);
  return options;
}

template <class Options, class Handler>
std::string prompt_fault(Options options, Handler handler) {
  try {
    (void)make_prompt(std::move(options), std::move(handler));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

std::string body(const prompt_result& result) {
  return std::string(detail::prompt_outcome(result).body.view());
}

TEST(make_prompt, arguments_are_the_members) {
  auto options = named("review");
  options.fields = {field(&prompts::review::file, "What to review")};
  const auto prompt = make_prompt(options, [](const prompts::review&) { return "x"; });
  ASSERT_EQ(prompt.arguments.size(), 2u);
  EXPECT_EQ(prompt.arguments[0].name, "file");
  EXPECT_EQ(prompt.arguments[0].description, "What to review");
  EXPECT_TRUE(prompt.arguments[0].required);
  EXPECT_FALSE(prompt.arguments[1].required);
}

TEST(make_prompt, says_what_does_not_fit) {
  const auto plain = [] { return "x"; };
  EXPECT_NE(prompt_fault(named("no name"), plain), "accepted");
  EXPECT_NE(prompt_fault(named(""), plain), "accepted");
  EXPECT_NE(prompt_fault(named("p"), [](const prompts::nested&) { return "x"; }), "accepted");
  auto unknown = named("p");
  unknown.complete.emplace("colour", completer::among({"red"}));
  EXPECT_NE(prompt_fault(unknown, plain), "accepted");
  auto bare = named("p");
  bare.meta = raw_json::parse("[]");
  EXPECT_NE(prompt_fault(bare, plain), "accepted");
  auto twice = named("p");
  twice.arguments = {{.name = "a"}, {.name = "a"}};
  EXPECT_NE(prompt_fault(twice, [](const raw_json&) { return "x"; }), "accepted");
  EXPECT_EQ(prompt_fault(named("p"), plain), "accepted");
}

TEST(make_prompt, listed_arguments_are_checked) {
  auto options = named("p");
  options.arguments = {{.name = "a", .required = true}, {.name = "b"}};
  const auto prompt = make_prompt(options, [](const raw_json&) { return "x"; });
  const auto accept = [&](std::string_view given) {
    return prompt.run.accept(raw_json::parse(given), {});
  };
  EXPECT_EQ(accept(R"({"a":"1"})").json().view(), R"({"a":"1"})");
  EXPECT_THROW(accept("{}"), invalid_arguments);
  EXPECT_THROW(accept(R"({"a":1})"), invalid_arguments);
  EXPECT_THROW(accept(R"({"a":"1","c":"2"})"), invalid_arguments);
}

TEST(prompt_outcome, has_the_messages_and_who_says_them) {
  EXPECT_EQ(
      body({.messages = {user("a"), assistant("b")}, .description = "d"}),
      R"({"description":"d","messages":[{"role":"user","content":{"type":"text","text":"a"}},)"
      R"({"role":"assistant","content":{"type":"text","text":"b"}}]})");
  EXPECT_EQ(body({}), R"({"messages":[]})");
}

TEST(completion_outcome, sends_a_hundred_and_says_that_there_are_more) {
  completion many;
  for (int i = 0; i < 101; ++i) many.values.push_back(std::to_string(i));
  const std::string text(detail::completion_outcome(many).body.view());
  EXPECT_NE(text.find(R"("99"],"hasMore":true)"), std::string::npos) << text;
  completion few;
  few.values = {"a"};
  few.total = 1;
  EXPECT_EQ(detail::completion_outcome(few).body.view(),
            R"({"completion":{"values":["a"],"total":1,"hasMore":false}})");
}

}  // namespace
}  // namespace longhaul
