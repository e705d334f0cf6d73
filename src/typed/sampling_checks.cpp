// SPDX-License-Identifier: Apache-2.0
#include "typed/sampling_checks.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/names.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "longhaul/question_error.hpp"
#include "typed/wording.hpp"

namespace longhaul::detail {
namespace {

using texts = std::set<std::string, std::less<>>;

[[noreturn]] void reject(const std::string& problem) {
  throw std::invalid_argument("sampling: " + problem);
}

void check_figures(const sampling_request& request) {
  if (request.max_tokens < 1) reject("max_tokens must be at least 1");
  if (request.temperature && !std::isfinite(*request.temperature)) {
    reject("temperature must be a number");
  }
  for (const auto& priority :
       {request.preferences.cost_priority, request.preferences.speed_priority,
        request.preferences.intelligence_priority}) {
    if (priority && !(*priority >= 0 && *priority <= 1)) reject("priorities are from 0 to 1");
  }
  if (request.metadata && !json::value(request.metadata).is(json::kind::object)) {
    reject("metadata must be a JSON object");
  }
}

void check_tools(const sampling_request& request) {
  texts names;
  for (const sampling_tool& tool : request.tools) {
    if (!is_tool_name(tool.name)) {
      reject("tool " + in_quotes(tool.name) + ": a name has " + tool_name_rule());
    }
    if (!names.insert(tool.name).second) reject("tool " + in_quotes(tool.name) + " is there twice");
    if (tool.input_schema && !json::value(tool.input_schema)["type"].equals("object")) {
      reject("tool " + in_quotes(tool.name) + R"(: input_schema must be an object schema)");
    }
  }
  if (request.choice && request.tools.empty()) reject("a tool choice needs tools");
}

// The ids of what tools are used in a message, or of what came of it.
texts ids_in(const sampling_message& message, std::string_view type, std::string_view member) {
  texts ids;
  for (const content_item& item : message.content) {
    const json::value block(item.json());
    if (!block["type"].equals(type)) continue;
    if (!ids.insert(block[member].string().value_or("")).second) {
      reject("a tool use and its result come once each");
    }
  }
  return ids;
}

void check_kinds(const sampling_message& message) {
  if (message.content.empty()) reject("a message needs content");
  for (const content_item& item : message.content) {
    const std::string type = json::value(item.json())["type"].string().value_or("");
    const bool is_use = type == "tool_use", is_result = type == "tool_result";
    if (!is_use && !is_result && type != "text" && type != "image" && type != "audio") {
      reject("messages have texts, images, audio, uses of tools and their results, not " +
             in_quotes(type));
    }
    if (is_use && message.role != message_role::assistant) {
      reject("tools are used in messages of the assistant");
    }
    if (is_result && message.role != message_role::user) {
      reject("results of tools stand in messages of the user");
    }
  }
}

void check_messages(const std::vector<sampling_message>& messages) {
  if (messages.empty()) reject("it needs a message");
  texts used;  // in the message before
  for (const sampling_message& message : messages) {
    check_kinds(message);
    const texts results = ids_in(message, "tool_result", "toolUseId");
    if (results != used) reject("each use of a tool is followed by a message with its result");
    if (!results.empty() && results.size() != message.content.size()) {
      reject("results of tools stand alone in their message");
    }
    used = ids_in(message, "tool_use", "id");
  }
  if (!used.empty()) reject("each use of a tool is followed by a message with its result");
}

// --- answers

[[noreturn]] void refuse_part(const std::string& at, const std::string& wanted, json::value v) {
  throw question_error(at + ": expected " + wanted + ", got " + shown(v));
}

void need_text(json::value object, const std::string& at, std::string_view member) {
  const json::value given = object[member];
  if (!given.is(json::kind::string)) refuse_part(member_place(at, member), "a string", given);
}

// Bytes as text, without decoding them.
void need_base64(json::value object, const std::string& at) {
  need_text(object, at, "data");
  const std::string data = object["data"].string().value_or("");
  const auto end = std::find(data.begin(), data.end(), '=');
  const bool good = data.size() % 4 == 0 && data.end() - end <= 2 &&
                    std::all_of(end, data.end(), [](char c) { return c == '='; }) &&
                    std::all_of(data.begin(), end, [](char c) {
                      return is_letter(c) || is_digit(c) || c == '+' || c == '/';
                    });
  if (!good) throw question_error(member_place(at, "data") + ": expected base64");
}

bool offers(json::value params, const std::string& tool) {
  for (json::elements e(params["tools"]); e.next();) {
    if (e.value()["name"].equals(tool)) return true;
  }
  return false;
}

void check_block(json::value params, json::value block, const std::string& at) {
  const json::value type = block["type"];
  if (type.equals("text")) return need_text(block, at, "text");
  if (type.equals("image") || type.equals("audio")) {
    need_base64(block, at);
    return need_text(block, at, "mimeType");
  }
  if (!type.equals("tool_use")) {
    refuse_part(member_place(at, "type"), R"("text", "image", "audio" or "tool_use")", type);
  }
  need_text(block, at, "id");
  need_text(block, at, "name");
  if (!offers(params, *block["name"].string())) {
    refuse_part(member_place(at, "name"), "a tool that was offered", block["name"]);
  }
  const json::value input = block["input"];
  if (!input.is(json::kind::object)) refuse_part(member_place(at, "input"), "an object", input);
}

void check_content(json::value params, json::value content) {
  const std::string at = "content";
  if (!content.is(json::kind::array)) return check_block(params, content, at);
  std::size_t count = 0;
  texts uses;
  for (json::elements e(content); e.next(); ++count) {
    const std::string place = at + "[" + std::to_string(count) + "]";
    check_block(params, e.value(), place);
    const auto id = e.value()["type"].equals("tool_use") ? e.value()["id"].string() : std::nullopt;
    if (id && !uses.insert(*id).second) {
      throw question_error(member_place(place, "id") + ": " + in_quotes(*id) + " is there twice");
    }
  }
}

}  // namespace

void check_sampling(const sampling_request& request) {
  check_figures(request);
  check_tools(request);
  check_messages(request.messages);
}

raw_json fitting_sampling(const raw_json& request, const raw_json& given) {
  const json::value answer(given), role = answer["role"], stop = answer["stopReason"];
  if (!answer.is(json::kind::object)) refuse_part("it", "an object", answer);
  if (!role.equals("assistant") && !role.equals("user")) {
    refuse_part("role", R"("assistant" or "user")", role);
  }
  if (!answer["model"].is(json::kind::string)) refuse_part("model", "a string", answer["model"]);
  if (stop && !stop.is(json::kind::null) && !stop.is(json::kind::string)) {
    refuse_part("stopReason", "a string", stop);
  }
  const json::value content = answer["content"];
  check_content(json::value(request)["params"], content);
  std::string out;
  json::object o(out);
  o.raw("role", role.raw()).raw("content", content.raw()).raw("model", answer["model"].raw());
  if (stop.is(json::kind::string)) o.raw("stopReason", stop.raw());
  o.close();
  return raw_json::trusted(std::move(out));
}

}  // namespace longhaul::detail
