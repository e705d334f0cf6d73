// SPDX-License-Identifier: Apache-2.0
// Callers of the fallback tools were told that a task "waits for an answer that this client was not
// asked for", and could not give one; a plain call that asked what its caller cannot be asked ended
// as an error. Now the question is a part of what `task_status` says, and `task_answer` answers it.
#include "server/dispatcher_fixture.hpp"

namespace longhaul::test {
namespace {

class task_answer : public dispatcher_fixture {
 protected:
  void SetUp() override {
    add({.name = "paint"}, [](task_context& task) {
      const auto reply = task.ask(
          "color",
          elicitation::form("Which colour?",
                            raw_json::trusted(R"({"type":"object","properties":{"color":{"type":)"
                                              R"("string","enum":["red","green"]}},)"
                                              R"("required":["color"]})")));
      return reply.accepted() ? "painted " + std::string(reply.content.view())
                              : std::string("not painted");
    });
    add({.name = "sign"}, [](task_context& task) {
      const auto reply = task.ask(
          "name", elicitation::form("Who?", raw_json::trusted(R"({"type":"object","properties":)"
                                                              R"({"name":{"type":"string"}}})")));
      return std::string(reply.content.view());
    });
    add({.name = "login"}, [](task_context& task) {
      const auto reply = task.ask("page", elicitation::url("Log in", "https://example.org/login"));
      return std::string(reply.accepted() ? "in" : "out");
    });
    tools->add_fallback_tools();
    start();
  }
  call_reply use(const std::string& tool, const std::string& more) {
    auto what = request(tool);
    what.arguments = raw_json::parse(R"({"task_id":")" + id + "\"" + more + "}");
    return call(std::move(what));
  }
  static bool is_error(const call_reply& reply) { return std::get<outcome>(reply).is_error; }
  static json::value structured(const call_reply& reply) {
    return json::value(std::get<outcome>(reply).body)["structuredContent"];
  }
  // A plain call by a caller that declared nothing.
  void ask(const std::string& tool) {
    const auto reply = call(request(tool));
    ASSERT_TRUE(std::holds_alternative<outcome>(reply));
    asked = text_in(reply);
    EXPECT_FALSE(is_error(reply)) << asked;
    id = structured(reply)["taskId"].string().value_or("");
    EXPECT_EQ(structured(reply)["status"].string(), "input_required");
  }

  std::string id, asked;
};

TEST_F(task_answer, a_plain_call_that_asks_returns_its_question_and_is_answered_by_a_tool) {
  ask("paint");
  for (const char* part :
       {"needs an answer", "Which colour?", "task_answer", R"("color")", R"("enum")"}) {
    EXPECT_NE(asked.find(part), std::string::npos) << part << " in: " << asked;
  }
  const auto status = use("task_status", "");
  json::elements questions(structured(status)["questions"]);
  ASSERT_TRUE(questions.next());
  EXPECT_EQ(questions.value()["key"].string(), "color");
  EXPECT_EQ(questions.value()["message"].string(), "Which colour?");
  EXPECT_EQ(questions.value()["schema"]["required"].raw(), R"(["color"])");
  EXPECT_NE(text_in(status).find("Which colour?"), std::string::npos);

  const auto unfit = use("task_answer", R"(,"key":"color","content":{"color":"blue"})");
  EXPECT_TRUE(is_error(unfit));
  EXPECT_NE(text_in(unfit).find(R"(content.color: expected one of "red", "green", got "blue")"),
            std::string::npos);
  EXPECT_TRUE(is_error(use("task_answer", R"(,"key":"color")"))) << "its member is required";
  const auto unknown = use("task_answer", R"(,"key":"size","content":{"color":"red"})");
  EXPECT_TRUE(is_error(unknown));
  EXPECT_NE(text_in(unknown).find("Which colour?"), std::string::npos) << "it says what is asked";

  EXPECT_FALSE(is_error(use("task_answer", R"(,"key":"color","content":{"color":"red","x":1})")));
  use("task_status", "");
  EXPECT_EQ(text_in(use("task_result", "")), R"(painted {"color":"red"})");
  EXPECT_TRUE(is_error(use("task_answer", R"(,"key":"color","content":{"color":"red"})")));
}

TEST_F(task_answer, declining_and_pages) {
  ask("paint");
  EXPECT_EQ(refusal_in(use("task_answer", R"(,"key":"color","content":{},"decline":true)")),
            refusal::invalid_arguments);
  EXPECT_EQ(refusal_in(use("task_answer", R"(,"key":"color","content":[])")),
            refusal::invalid_arguments);
  EXPECT_FALSE(is_error(use("task_answer", R"(,"key":"color","decline":true)")));
  use("task_status", "");
  EXPECT_EQ(text_in(use("task_result", "")), "not painted");
  ask("login");
  EXPECT_NE(asked.find("https://example.org/login"), std::string::npos);
  EXPECT_FALSE(is_error(use("task_answer", R"(,"key":"page")")));
  use("task_status", "");
  EXPECT_EQ(text_in(use("task_result", "")), "in");
}

TEST_F(task_answer, it_is_the_owners_alone) {
  ask("paint");
  who = {"bob", "bob", true};
  EXPECT_TRUE(is_error(use("task_answer", R"(,"key":"color","content":{"color":"red"})")));
  EXPECT_TRUE(has_open_input(*tasks::sync(engine->get("ann", id))));
}

// Else the model would ask the user for the same answer again and again.
TEST_F(task_answer, one_that_cannot_be_kept_is_told_as_busy) {
  ask("sign");
  stores::byte_bounds bounds;
  bounds.open_per_quota = 100;
  engine_options.store->limit(bounds);
  const std::string long_name(5000, 'x');
  const auto reply = use("task_answer", R"(,"key":"name","content":{"name":")" + long_name + "\"}");
  ASSERT_EQ(refusal_in(reply), refusal::busy);
  EXPECT_EQ(std::get<refused>(reply).bound, "max_open_bytes_per_owner");
  EXPECT_TRUE(has_open_input(*tasks::sync(engine->get("ann", id))));
  EXPECT_FALSE(is_error(use("task_answer", R"(,"key":"name","content":{"name":"Ann"})")))
      << "a small one lets its task end, and give room";
}

// A caller that can be asked in one way is asked in that way, and told of the others.
TEST_F(task_answer, who_can_be_asked_is_asked_as_ever) {
  auto what = request("paint");
  what.ask = asking::by_reply;
  what.modes.add(client_capability::elicitation_form);
  EXPECT_TRUE(std::holds_alternative<needs_input>(call(what)));
  what.tool = "login";
  const auto reply = call(what);
  EXPECT_NE(text_in(reply).find("https://example.org/login"), std::string::npos);
  what.ask = asking::on_stream;
  const auto on_stream = call(what);
  EXPECT_NE(text_in(on_stream).find("https://example.org/login"), std::string::npos);
  id = structured(on_stream)["taskId"].string().value_or("");
  auto status = request("task_status");
  status.ask = asking::on_stream;
  status.modes.add(client_capability::elicitation_form);
  status.arguments = raw_json::parse(R"({"task_id":")" + id + "\"}");
  EXPECT_NE(text_in(call(status)).find("Log in"), std::string::npos)
      << "a stream that cannot carry the question does not wait for its answer";
}

}  // namespace
}  // namespace longhaul::test
