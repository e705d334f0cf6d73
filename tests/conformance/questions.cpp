// SPDX-License-Identifier: Apache-2.0
// Tools that ask: the model, the user, for roots; one after the other and all at once.
#include <boost/describe.hpp>

#include "conformance/fixtures.hpp"

namespace conformance {
namespace {

using longhaul::answer;
using longhaul::elicitation;
using longhaul::task_context;

struct prompt_args {
  std::string prompt;
};
BOOST_DESCRIBE_STRUCT(prompt_args, (), (prompt))

struct message_args {
  std::string message;
};
BOOST_DESCRIBE_STRUCT(message_args, (), (message))

struct user_form {
  std::string username, email;
};
BOOST_DESCRIBE_STRUCT(user_form, (), (username, email))

struct name_form {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(name_form, (), (name))

struct color_form {
  std::string color;
};
BOOST_DESCRIBE_STRUCT(color_form, (), (color))

struct ok_form {
  bool ok = false;
};
BOOST_DESCRIBE_STRUCT(ok_form, (), (ok))

longhaul::raw_json defaults_schema() {
  return longhaul::raw_json::parse(
      R"({"type":"object","properties":{"name":{"type":"string","default":"John Doe"},)"
      R"("age":{"type":"integer","default":30},"score":{"type":"number","default":95.5},)"
      R"("status":{"type":"string","enum":["active","inactive","pending"],"default":"active"},)"
      R"("verified":{"type":"boolean","default":true}}})");
}

longhaul::raw_json enums_schema() {
  return longhaul::raw_json::parse(
      R"({"type":"object","properties":{)"
      R"("untitledSingle":{"type":"string","enum":["option1","option2","option3"]},)"
      R"("titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},)"
      R"({"const":"value2","title":"Second Option"}]},)"
      R"("legacyEnum":{"type":"string","enum":["opt1","opt2"],"enumNames":["Option One","Option Two"]},)"
      R"("untitledMulti":{"type":"array","items":{"type":"string","enum":["option1","option2"]}},)"
      R"("titledMulti":{"type":"array","items":{"anyOf":[{"const":"value1","title":"First Choice"},)"
      R"({"const":"value2","title":"Second Choice"}]}}}})");
}

std::string told(const answer& said) {
  const std::string_view action =
      said.accepted() ? "accept" : (said.chosen == answer::action::decline ? "decline" : "cancel");
  return "Elicitation completed: action=" + std::string(action) +
         ", content=" + std::string(said.content ? said.content.view() : "{}");
}

std::string name_in(const answer& said) {
  return said.accepted() ? said.as<name_form>().name : std::string("stranger");
}

std::string ask_name(task_context& task) {
  return "Hello, " +
         name_in(task.ask("user_name", elicitation::form<name_form>("What is your name?"))) + "!";
}

std::string ask_model(task_context& task, const prompt_args& args) {
  return "LLM response: " + task.sample("sampling", {args.prompt, 100}).text();
}

std::string ask_capital(task_context& task) {
  return task.sample("capital_question", {"What is the capital of France?", 100}).text();
}

std::string ask_roots(task_context& task) {
  std::string names = "Roots:";
  for (const auto& root : task.list_roots("client_roots")) names += " " + root.uri;
  return names;
}

std::string confirm(task_context& task) {
  const auto said = task.ask("confirm", elicitation::form<ok_form>("Is this all right?"));
  return said.accepted() ? "state-ok" : "state-ok, but not confirmed";
}

std::string ask_all(task_context& task) {
  const auto all = task.ask_all({{"user_name", elicitation::form<name_form>("Your name?")},
                                 {"greeting", longhaul::sampling_request("Say hello", 50)},
                                 {"client_roots", longhaul::roots_request()}});
  return name_in(all[0].elicited()) + ", " +
         (all[1].refused() ? std::string("no greeting") : all[1].sampled().text());
}

std::string two_rounds(task_context& task) {
  const auto name = task.ask("step1", elicitation::form<name_form>("What is your name?"));
  const auto color = task.ask("step2", elicitation::form<color_form>("Which colour do you like?"));
  return name_in(name) + " likes " +
         (color.accepted() ? color.as<color_form>().color : std::string("nothing"));
}

std::string ask_what_it_can(task_context& task) {
  if (task.client_can(longhaul::client_capability::sampling)) return ask_capital(task);
  if (task.client_can(longhaul::client_capability::elicitation_form)) return ask_name(task);
  return "nobody can be asked";
}

longhaul::named_questions ask_name_first(const longhaul::given_answers&) {
  longhaul::named_questions questions;
  questions.emplace_back("user_name", elicitation::form<name_form>("What is your name?"));
  return questions;
}

}  // namespace

void add_questions(longhaul::server& server) {
  server.add_tool(plain("test_sampling", "Asks the model"), ask_model);
  server.add_tool(plain("test_elicitation", "Asks the user"), [](task_context& task,
                                                                 const message_args& args) {
    return "User response: " + told(task.ask("user", elicitation::form<user_form>(args.message)));
  });
  server.add_tool(
      plain("test_elicitation_sep1034_defaults", "Asks with defaults"), [](task_context& task) {
        return told(task.ask("defaults", elicitation::form("Please review", defaults_schema())));
      });
  server.add_tool(
      plain("test_elicitation_sep1330_enums", "Asks with enums"), [](task_context& task) {
        return told(task.ask("enums", elicitation::form("Please choose", enums_schema())));
      });
  server.add_tool(plain("test_streaming_elicitation", "Asks, and streams nothing"), ask_name);
  server.add_tool(plain("test_input_required_result_elicitation", "Asks the user"), ask_name);
  server.add_tool(plain("test_input_required_result_sampling", "Asks the model"), ask_capital);
  server.add_tool(plain("test_input_required_result_list_roots", "Asks for roots"), ask_roots);
  server.add_tool(plain("test_input_required_result_request_state", "Asks once"), confirm);
  server.add_tool(plain("test_input_required_result_tampered_state", "Asks once"), confirm);
  server.add_tool(plain("test_input_required_result_multiple_inputs", "Asks three things at once"),
                  ask_all);
  server.add_tool(plain("test_input_required_result_multi_round", "Asks twice"), two_rounds);
  server.add_tool(plain("test_input_required_result_capabilities", "Asks what can be asked"),
                  ask_what_it_can);
  auto first = plain("test_tool_with_task", "Asks before it becomes a task");
  first.policy = longhaul::task_policy::always;
  first.poll_interval = std::chrono::milliseconds(200);
  first.preflight = [](const longhaul::raw_json&, const longhaul::given_answers& known) {
    return ask_name_first(known);
  };
  server.add_tool(std::move(first), ask_name);
}

}  // namespace conformance
