// SPDX-License-Identifier: Apache-2.0
// Calls of what is not there: middleware hears of them whatever they name, so rates count them.
#include <gtest/gtest.h>

#include "longhaul/error_codes.hpp"
#include "longhaul/longhaul.hpp"
#include "longhaul/testing.hpp"

namespace longhaul::test {
namespace {

using testkit::operator""_json;

class counting final : public middleware {
 public:
  void on_call(arriving_call& call) override {
    heard.push_back(std::string(to_string(call.kind)) + " " + std::string(call.name));
    if (declines) throw busy_error("too many calls", std::chrono::seconds(1));
  }
  void on_end(const ended_call& call) override { ends.emplace_back(to_string(call.end)); }

  std::vector<std::string> heard, ends;
  bool declines = false;
};

class unknown_calls : public testing::Test {
 protected:
  unknown_calls() {
    made.add_tool({.name = "hello"}, [] {});
    made.add_resource({.uri = "memo:///today", .name = "today"}, "rain");
    made.add_prompt({.name = "poem"}, [] { return "roses"; });
    made.add_extension(extension("a/b").add_method({.name = "b/do"}, [] {}));
    made.use(hooks);
  }
  int code_of(std::string_view method, const raw_json& params) {
    testkit::test_server serving(made);
    return testkit::client(serving).request(method, params).code();
  }
  void expect_heard(std::string_view method, const raw_json& params, const std::string& as,
                    int code) {
    EXPECT_EQ(code_of(method, params), code);
    EXPECT_EQ(hooks->heard, std::vector<std::string>{as});
    EXPECT_EQ(hooks->ends, std::vector<std::string>{"refused"});
    hooks->declines = true;
    EXPECT_EQ(code_of(method, params), error_codes::busy) << "middleware has the word";
  }

  const std::shared_ptr<counting> hooks = std::make_shared<counting>();
  server made{{.name = "known"}};
};

TEST_F(unknown_calls, of_tools_are_heard) {
  expect_heard("tools/call", R"({"name":"none"})"_json, "tool none", -32602);
}

TEST_F(unknown_calls, of_prompts_are_heard) {
  expect_heard("prompts/get", R"({"name":"none"})"_json, "prompt none", -32602);
}

TEST_F(unknown_calls, of_resources_are_heard) {
  expect_heard("resources/read", R"({"uri":"memo:///none"})"_json, "resource memo:///none", -32602);
}

TEST_F(unknown_calls, of_methods_whose_extension_is_not_declared_are_heard) {
  expect_heard("b/do", "{}"_json, "extension b/do", -32021);
}

}  // namespace
}  // namespace longhaul::test
