// SPDX-License-Identifier: Apache-2.0
#include "client/fallback_task.hpp"

#include <utility>

#include "json/write.hpp"

namespace longhaul::remote {
namespace {

// Questions for the user; what else is asked (for the model, for folders) cannot be answered so.
std::vector<asked_question> read_fallback_questions(json::value list) {
  std::vector<asked_question> found;
  for (json::elements each(list); each.next();) {
    const json::value question = each.value();
    const json::value url = question["url"], schema = question["schema"];
    const auto key = question["key"].string();
    if (!key || (!url && !schema)) continue;
    asked_question one;
    one.key = *key;
    one.method = "elicitation/create";
    std::string params;
    json::object o(params);
    o.string("mode", url ? "url" : "form");
    o.string("message", question["message"].string().value_or(""));
    if (url) {
      o.raw("url", url.raw());
    } else {
      o.raw("requestedSchema", schema.raw());
    }
    o.close();
    one.params = raw_json::trusted(std::move(params));
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace

std::optional<task_view> read_fallback_state(json::value result) {
  const json::value state = result["structuredContent"];
  auto view = read_task(state);
  if (!view) return std::nullopt;
  if (const auto done = state["progress"]["done"].number()) view->done = done;
  if (const auto total = state["progress"]["total"].number()) view->total = total;
  view->questions = read_fallback_questions(state["questions"]);
  for (asked_question& each : view->questions) each.task = view->id;
  return view;
}

std::optional<fallback_task> read_fallback(json::value result) {
  const json::value named = result["_meta"]["longhaul.dev/fallback-tools"];
  if (!named) return std::nullopt;
  auto task = read_fallback_state(result);
  if (!task) return std::nullopt;
  fallback_task found{{}, *std::move(task)};
  const auto name = [&](std::string_view verb, std::string& into) {
    if (auto given = named[verb].string()) into = *std::move(given);
  };
  name("status", found.tools.status);
  name("answer", found.tools.answer);
  name("result", found.tools.result);
  name("cancel", found.tools.cancel);
  return found;
}

raw_json fallback_call(const std::string& tool, const member_list& arguments) {
  std::string text;
  json::object o(text);
  o.string("name", tool).raw("arguments", with_members({}, arguments)).close();
  return raw_json::trusted(std::move(text));
}

member_list fallback_answer(const std::string& key, json::value given) {
  member_list arguments;
  arguments.emplace_back("key", remote::quoted(key));
  if (!given["action"].equals("accept")) {
    arguments.emplace_back("decline", "true");
  } else if (const json::value content = given["content"]) {
    arguments.emplace_back("content", std::string(content.raw()));
  }
  return arguments;
}

}  // namespace longhaul::remote
