// SPDX-License-Identifier: Apache-2.0
#include "question_tools.hpp"

#include "json/view.hpp"
#include "longhaul/typed_tool.hpp"

namespace longhaul::test {
namespace {

tool_options called(std::string name) {
  tool_options options;
  options.name = std::move(name);
  options.description = "Asks";
  return options;
}

elicitation name_form() {
  return elicitation::form(
      "What is your name?",
      raw_json::trusted(
          R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"]})"));
}

std::string name_of(const answer& given) {
  if (!given.accepted()) return "nobody";
  return from_json<std::map<std::string, std::string>>(given.content).at("name");
}

std::string refused(const question_refused& why) {
  return "refused with " + std::to_string(why.code()) + ": " + why.what();
}

std::string shown(const std::vector<root>& roots) {
  std::string text;
  for (const root& one : roots) {
    const auto path = one.path();
    text += one.name + "=" + (path ? path->string() : "no path") + ";";
  }
  return text;
}

std::string sample(task_context& task) {
  try {
    const sampling_response said =
        task.sample("capital_question", {"What is the capital of France?", 100});
    return said.model + ": " + said.text();
  } catch (const question_refused& why) {
    return refused(why);
  }
}

boost::asio::awaitable<std::string> list_roots(task_context& task) {
  std::string key = "client_roots";
  try {
    const auto roots = co_await task.async_list_roots(std::move(key));
    co_return shown(roots);
  } catch (const question_refused& why) {
    co_return refused(why);
  }
}

// A conversation of two rounds, in which the model uses a tool.
std::string converse(task_context& task) {
  sampling_request wish("How warm is it?", 50);
  wish.tools.push_back({.name = "thermometer", .description = "Degrees"});
  const sampling_response first = task.sample("first", wish);
  wish.messages.push_back(first.message());
  sampling_message results(message_role::user, std::vector<content_item>());
  for (const auto& use : first.tool_uses()) {
    results.content.push_back(tool_result_content(use.id, tool_result(text("20")).to_outcome()));
  }
  if (results.content.empty()) return "no tool was used";
  wish.messages.push_back(results);
  return task.sample("second", wish).text();
}

std::string ask_everything(task_context& task) {
  const auto all = task.ask_all({{"user_name", name_form()},
                                 {"greeting", sampling_request("Greet them", 50)},
                                 {"client_roots", roots_request()}});
  std::string said = name_of(all[0].elicited()) + ", ";
  said += all[1].refused() ? "no greeting" : all[1].sampled().text();
  return said + ", " + (all[2].refused() ? "no roots" : shown(all[2].roots()));
}

std::string what_it_can(task_context& task) {
  if (task.client_can(client_capability::sampling)) return sample(task);
  if (task.client_can(client_capability::elicitation_form)) {
    return name_of(task.ask("user_name", name_form()));
  }
  return "asked nothing";
}

std::string describe(task_context& task) {
  sampling_request wish("What is this?", 10);
  wish.messages.front().content.push_back(image("PNG", "image/png"));
  wish.context = context_inclusion::this_server;
  return task.sample("description", wish).text();
}

// The name is settled first; of Ann the colour too.
named_questions ask_who(const raw_json& arguments, const given_answers& so_far) {
  named_questions next;
  if (json::value(arguments)["known"].boolean() == true) return next;
  next.emplace_back("user_name", name_form());
  const auto name = so_far.find("user_name");
  if (name != so_far.end() && name_of(name->second.elicited()) == "Ann") {
    next.emplace_back("color", name_form());
  }
  return next;
}

std::string greet_known(task_context& task, const raw_json& arguments) {
  if (json::value(arguments)["known"].boolean() == true) return "Hello again!";
  const std::string name = name_of(task.ask("user_name", name_form()));
  if (name != "Ann") return "Hello, " + name + "!";
  return "Hello, " + name_of(task.ask("color", name_form())) + " " + name + "!";
}

void add_preflights(serving::catalog& tools) {
  for (const auto& [name, policy] :
       {std::pair{"greets", task_policy::automatic}, std::pair{"must_greet", task_policy::always},
        std::pair{"greets_plainly", task_policy::never}}) {
    tool_options options = called(name);
    options.policy = policy;
    options.preflight = ask_who;
    tools.add(make_tool(options, greet_known));
  }
  tool_options needs = called("needs_sampling");
  needs.requires_capabilities = {client_capability::sampling};
  tools.add(make_tool(needs, sample));
}

std::string visit(task_context& task) {
  const answer went = task.ask("page", elicitation::url("Log in", "https://example.org/login"));
  task.url_done("page");
  return went.accepted() ? "went" : "stayed";
}

}  // namespace

void add_question_tools(serving::catalog& tools) {
  tools.add(make_tool(called("samples"), sample));
  tools.add(make_tool(called("roots"), list_roots));
  tools.add(make_tool(called("converses"), converse));
  tools.add(make_tool(called("asks_everything"), ask_everything));
  tools.add(make_tool(called("asks_what_it_can"), what_it_can));
  tools.add(make_tool(called("describes"), describe));
  tools.add(make_tool(called("visits"), visit));
  add_preflights(tools);
}

}  // namespace longhaul::test
