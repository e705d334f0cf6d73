// SPDX-License-Identifier: Apache-2.0
#include "longhaul/sampling.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "longhaul/question_error.hpp"
#include "longhaul/result.hpp"
#include "typed/question_answer.hpp"

namespace longhaul {
namespace {

sampling_request plain() { return {"Hello", 100}; }

template <class Change>
std::string sampling_refusal(Change change) {
  sampling_request wish = plain();
  change(wish);
  try {
    (void)wish.request();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

std::string answer_refusal(std::string_view given, const sampling_request& asked = plain()) {
  try {
    (void)detail::fitting_answer(asked.request(), raw_json::parse(given));
  } catch (const question_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(sampling, the_least_and_the_most_that_can_be_said) {
  EXPECT_EQ(plain().request().view(),
            R"({"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":)"
            R"({"type":"text","text":"Hello"}}],"maxTokens":100}})");

  sampling_request wish = plain();
  wish.messages.front().content.push_back(image("PNG", "image/png"));
  wish.messages.emplace_back(message_role::assistant, audio("WAV", "audio/wav"));
  wish.messages.emplace_back(message_role::assistant,
                             tool_use_content("u1", "look", raw_json::parse(R"({"at":1})")));
  wish.messages.emplace_back(
      message_role::user,
      tool_result_content("u1", structured(raw_json::parse(R"({"seen":2})")).to_outcome()));
  wish.preferences.hints = {"sonnet", "claude"};
  wish.preferences.cost_priority = 0;
  wish.preferences.speed_priority = 0.5;
  wish.preferences.intelligence_priority = 1;
  wish.system_prompt = "Be brief";
  wish.context = context_inclusion::all_servers;
  wish.temperature = 0.25;
  wish.stop_sequences = {"\n", "end"};
  wish.metadata = raw_json::parse(R"({"k":1})");
  wish.tools.push_back({.name = "look",
                        .description = "Looks",
                        .input_schema = raw_json::parse(R"({"type":"object","required":["at"]})")});
  wish.tools.push_back({.name = "wait"});
  wish.choice = tool_choice::required;
  EXPECT_EQ(
      wish.request().view(),
      R"({"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":[)"
      R"({"type":"text","text":"Hello"},{"type":"image","data":"UE5H","mimeType":"image/png"}]},)"
      R"({"role":"assistant","content":{"type":"audio","data":"V0FW","mimeType":"audio/wav"}},)"
      R"({"role":"assistant","content":{"type":"tool_use","id":"u1","name":"look","input":{"at":1}}},)"
      R"({"role":"user","content":{"type":"tool_result","toolUseId":"u1","content":)"
      R"([{"type":"text","text":"{\"seen\":2}"}],"structuredContent":{"seen":2}}}],)"
      R"("modelPreferences":{"hints":[{"name":"sonnet"},{"name":"claude"}],"costPriority":0,)"
      R"("speedPriority":0.5,"intelligencePriority":1},"systemPrompt":"Be brief",)"
      R"("includeContext":"allServers","temperature":0.25,"maxTokens":100,)"
      R"("stopSequences":["\n","end"],"metadata":{"k":1},"tools":[{"name":"look","description":)"
      R"("Looks","inputSchema":{"type":"object","required":["at"]}},{"name":"wait","inputSchema":)"
      R"({"type":"object"}}],"toolChoice":{"mode":"required"}}})");
}

TEST(sampling, what_no_client_takes_is_refused_before_anybody_is_asked) {
  EXPECT_EQ(sampling_refusal([](auto& w) { w.messages.clear(); }), "sampling: it needs a message");
  EXPECT_EQ(sampling_refusal([](auto& w) { w.messages.front().content.clear(); }),
            "sampling: a message needs content");
  EXPECT_EQ(sampling_refusal([](auto& w) { w.max_tokens = 0; }),
            "sampling: max_tokens must be at least 1");
  EXPECT_EQ(
      sampling_refusal([](auto& w) { w.temperature = std::numeric_limits<double>::quiet_NaN(); }),
      "sampling: temperature must be a number");
  EXPECT_EQ(sampling_refusal([](auto& w) { w.preferences.speed_priority = 1.1; }),
            "sampling: priorities are from 0 to 1");
  EXPECT_EQ(sampling_refusal([](auto& w) { w.metadata = raw_json::parse("[]"); }),
            "sampling: metadata must be a JSON object");
  EXPECT_EQ(sampling_refusal([](auto& w) { w.choice = tool_choice::none; }),
            "sampling: a tool choice needs tools");
  EXPECT_NE(sampling_refusal([](auto& w) { w.tools.push_back({.name = "a b"}); }), "accepted");
  EXPECT_EQ(sampling_refusal([](auto& w) { w.tools = {{.name = "a"}, {.name = "a"}}; }),
            "sampling: tool \"a\" is there twice");
  EXPECT_EQ(sampling_refusal([](auto& w) {
              w.tools.push_back({.name = "a", .input_schema = raw_json::parse("{}")});
            }),
            "sampling: tool \"a\": input_schema must be an object schema");
  EXPECT_EQ(sampling_refusal(
                [](auto& w) { w.messages.front().content = {resource_link("file:///x", "x")}; }),
            "sampling: messages have texts, images, audio, uses of tools and their results, not "
            "\"resource_link\"");
}

TEST(sampling, each_use_of_a_tool_is_followed_by_its_result_and_nothing_else) {
  const auto use = [](const char* id) { return tool_use_content(id, "t", raw_json::parse("{}")); };
  const auto result = [](const char* id) {
    return tool_result_content(id, outcome::tool_error("broken"));
  };
  const std::string unbalanced =
      "sampling: each use of a tool is followed by a message with its result";
  EXPECT_EQ(sampling_refusal(
                [&](auto& w) { w.messages.emplace_back(message_role::assistant, use("1")); }),
            unbalanced);
  EXPECT_EQ(sampling_refusal([&](auto& w) {
              w.messages.emplace_back(message_role::assistant, use("1"));
              w.messages.emplace_back(message_role::user, result("2"));
            }),
            unbalanced);
  EXPECT_EQ(
      sampling_refusal([&](auto& w) { w.messages.emplace_back(message_role::user, result("1")); }),
      unbalanced);
  EXPECT_EQ(
      sampling_refusal([&](auto& w) { w.messages.emplace_back(message_role::user, use("1")); }),
      "sampling: tools are used in messages of the assistant");
  EXPECT_EQ(sampling_refusal(
                [&](auto& w) { w.messages.emplace_back(message_role::assistant, result("1")); }),
            "sampling: results of tools stand in messages of the user");
  EXPECT_EQ(sampling_refusal([&](auto& w) {
              w.messages.emplace_back(message_role::assistant, use("1"));
              w.messages.emplace_back(message_role::user, std::vector{result("1"), text("and")});
            }),
            "sampling: results of tools stand alone in their message");
  EXPECT_EQ(sampling_refusal([&](auto& w) {
              w.messages.emplace_back(message_role::assistant, std::vector{use("1"), use("1")});
            }),
            "sampling: a tool use and its result come once each");
  EXPECT_EQ(sampling_refusal([&](auto& w) {
              w.messages.emplace_back(message_role::assistant, std::vector{use("1"), use("2")});
              w.messages.emplace_back(message_role::user, std::vector{result("2"), result("1")});
            }),
            "accepted");
}

TEST(sampling, an_answer_is_kept_without_what_is_not_of_it) {
  const auto kept = detail::fitting_answer(
      plain().request(), raw_json::parse(R"({"_meta":{"a":1},"model":"m","role":"assistant",)"
                                         R"("content":{"type":"text","text":"Hi","x":1},"y":2})"));
  EXPECT_EQ(kept.view(),
            R"({"role":"assistant","content":{"type":"text","text":"Hi","x":1},"model":"m"})");
  const auto read = sampling_response::parse(kept);
  EXPECT_EQ(read.text(), "Hi");
  EXPECT_EQ(read.model, "m");
  EXPECT_EQ(read.stop_reason, "");
  EXPECT_TRUE(read.tool_uses().empty());
}

TEST(sampling, uses_of_tools_come_out_one_by_one) {
  sampling_request wish = plain();
  wish.tools.push_back({.name = "look"});
  const auto kept = detail::fitting_answer(
      wish.request(),
      raw_json::parse(
          R"({"role":"assistant","model":"m","stopReason":"toolUse","content":[{"type":"text",)"
          R"("text":"Let me "},{"type":"tool_use","id":"1","name":"look","input":{"at":3}},)"
          R"({"type":"text","text":"look"}]})"));
  const auto read = sampling_response::parse(kept);
  EXPECT_EQ(read.text(), "Let me look");
  EXPECT_EQ(read.stop_reason, "toolUse");
  ASSERT_EQ(read.tool_uses().size(), 1u);
  EXPECT_EQ(read.tool_uses()[0].name, "look");
  EXPECT_EQ(read.tool_uses()[0].input.view(), R"({"at":3})");
  EXPECT_EQ(read.message().content.size(), 3u);
}

TEST(sampling, hostile_answers_are_named) {
  const std::string begin = R"({"role":"assistant","model":"m","content":)";
  EXPECT_EQ(answer_refusal("5"), "it: expected an object, got 5");
  EXPECT_EQ(answer_refusal(R"({"role":"system"})"),
            R"(role: expected "assistant" or "user", got "system")");
  EXPECT_EQ(answer_refusal(R"({"role":"user","content":{"type":"text","text":""}})"),
            "model: expected a string, got nothing");
  EXPECT_EQ(answer_refusal(begin + R"({"type":"text","text":""},"stopReason":1})"),
            "stopReason: expected a string, got 1");
  EXPECT_EQ(answer_refusal(begin + "\"Paris\"}"),
            R"(content.type: expected "text", "image", "audio" or "tool_use", got nothing)");
  EXPECT_EQ(answer_refusal(begin + R"({"type":"text"}})"),
            "content.text: expected a string, got nothing");
  EXPECT_EQ(answer_refusal(begin + R"([{"type":"text","text":"a"},{"type":"resource"}]})"),
            R"(content[1].type: expected "text", "image", "audio" or "tool_use", got "resource")");
  EXPECT_EQ(answer_refusal(begin + R"({"type":"tool_result","toolUseId":"1","content":[]}})"),
            R"(content.type: expected "text", "image", "audio" or "tool_use", got "tool_result")");
  EXPECT_EQ(answer_refusal(begin + R"({"type":"image","data":"UE5H","mimeType":3}})"),
            "content.mimeType: expected a string, got 3");
  for (const char* data : {"UE5", "UE5H=", "=E5H", "U===", "UE5?", "UE\\u00005"}) {
    EXPECT_EQ(
        answer_refusal(begin + R"({"type":"audio","mimeType":"a/b","data":")" + data + "\"}}"),
        "content.data: expected base64")
        << data;
  }
  EXPECT_EQ(answer_refusal(begin + R"({"type":"tool_use","id":"1","name":"rm","input":{}}})"),
            R"(content.name: expected a tool that was offered, got "rm")");
  sampling_request wish = plain();
  wish.tools.push_back({.name = "look"});
  EXPECT_EQ(
      answer_refusal(begin + R"({"type":"tool_use","id":"1","name":"look","input":[]}})", wish),
      "content.input: expected an object, got an array");
  EXPECT_EQ(answer_refusal(begin + R"([{"type":"tool_use","id":"1","name":"look","input":{}},)" +
                               R"({"type":"tool_use","id":"1","name":"look","input":{}}]})",
                           wish),
            "content[1].id: \"1\" is there twice");
  EXPECT_EQ(answer_refusal(begin + "[]}"), "accepted") << "a model may say nothing";
}

TEST(no_answer, is_a_dismissal_or_the_error_of_the_client) {
  const raw_json form =
      elicitation::form("?", raw_json::parse(R"({"type":"object","properties":{}})")).request();
  EXPECT_EQ(detail::no_answer(form, -1, "no").view(), R"({"action":"cancel"})");
  EXPECT_FALSE(detail::read_reply(form, detail::no_answer(form, -1, "no")).elicited().accepted());
  for (const raw_json& asked : {plain().request(), roots_request().request()}) {
    const auto reply = detail::read_reply(asked, detail::no_answer(asked, -1, "User \"no\""));
    EXPECT_TRUE(reply.refused());
    try {
      (void)reply.sampled();
      ADD_FAILURE() << "read";
    } catch (const question_refused& why) {
      EXPECT_EQ(why.code(), -1);
      EXPECT_STREQ(why.what(), "User \"no\"");
    }
  }
}

TEST(no_answer, is_also_what_was_stored_unchecked) {
  const auto stored = detail::read_reply(plain().request(), raw_json::parse(R"({"role":"a"})"));
  EXPECT_TRUE(stored.refused());
  EXPECT_THROW((void)stored.sampled(), question_refused);
  const question_reply roots(std::vector<root>{});
  EXPECT_THROW((void)roots.sampled(), std::logic_error) << "a mistake of the handler";
}

}  // namespace
}  // namespace longhaul
