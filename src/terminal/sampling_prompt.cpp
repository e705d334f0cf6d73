// SPDX-License-Identifier: Apache-2.0
#include "terminal/sampling_prompt.hpp"

#include <optional>
#include <string>

#include "base/text.hpp"
#include "json/view.hpp"
#include "terminal/dialogue.hpp"
#include "terminal/typed_word.hpp"

namespace longhaul::terminal {
namespace {

question_reply refused() { return question_reply::refusal{refused_by_user, "the user refused"}; }

void show_item(dialogue& with, json::value item) {
  const std::string type = item["type"].string().value_or("unknown");
  if (const auto text = item["text"].string(); text && type == "text") {
    return with.say(*text, 2);
  }
  std::string words = "[" + type;
  for (const std::string_view member : {"name", "mimeType", "toolUseId"}) {
    if (const auto text = item[member].string()) words += " " + *text;
  }
  if (const auto data = item["data"].string()) {
    words += ", " + std::to_string(data->size() / 4 * 3) + " bytes";
  }
  if (const json::value input = item["input"]) words.append(" ").append(input.raw());
  with.say(words + "]", 2);
  for (json::elements e(item["content"]); e.next();) {
    with.say(
        e.value()["text"].string().value_or("[" + e.value()["type"].string().value_or("") + "]"),
        4);
  }
}

void show_messages(dialogue& with, json::value asked) {
  if (const auto prompt = asked["systemPrompt"].string()) {
    with.say("system:");
    with.say(*prompt, 2);
  }
  for (json::elements e(asked["messages"]); e.next();) {
    with.say(e.value()["role"].string().value_or("somebody") + ":");
    const json::value content = e.value()["content"];
    if (content.is(json::kind::object)) show_item(with, content);
    for (json::elements items(content); items.next();) show_item(with, items.value());
  }
}

}  // namespace

question_reply ask_sampling(console& at, const raw_json& params) {
  dialogue with(at);
  const json::value asked(params);
  with.say("The server asks your model for a reply:");
  show_messages(with, asked);
  if (const auto tokens = asked["maxTokens"].integer()) {
    with.say("(at most " + std::to_string(*tokens) + " tokens)");
  }
  with.say("(Type the reply; a line with a single dot ends it, :decline refuses.)");
  std::string reply;
  while (const auto line = with.ask("> ")) {
    if (trimmed(*line) == ":decline" || trimmed(*line) == ":cancel") return refused();
    if (*line != ".") {
      reply += *line + "\n";
      continue;
    }
    if (!is_utf8(reply)) {
      with.say("this is not UTF-8: type it again", 2);
      reply.clear();
      continue;
    }
    if (!reply.empty()) reply.pop_back();
    sampling_response response;
    response.content.push_back(text(reply));
    response.model = model_of_people;
    response.stop_reason = "endTurn";
    return response;
  }
  return refused();
}

}  // namespace longhaul::terminal
