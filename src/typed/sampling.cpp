// SPDX-License-Identifier: Apache-2.0
#include "longhaul/sampling.hpp"

#include "json/view.hpp"
#include "json/write.hpp"
#include "longhaul/question_error.hpp"
#include "longhaul/schema.hpp"
#include "typed/sampling_checks.hpp"

namespace longhaul {
namespace {

template <class T, class Append>
void append_list(std::string& out, const std::vector<T>& all, const Append& append) {
  json::array items(out);
  for (const T& one : all) {
    items.next();
    append(one);
  }
  items.close();
}

void append_message(std::string& out, const sampling_message& message) {
  json::object o(out);
  o.string("role", to_string(message.role));
  std::string& content = o.key("content");
  const auto append = [&](const content_item& item) { content += item.json().view(); };
  if (message.content.size() == 1) {
    append(message.content.front());
  } else {
    append_list(content, message.content, append);
  }
  o.close();
}

void append_preferences(json::object& params, const model_preferences& wished) {
  if (wished.hints.empty() && !wished.cost_priority && !wished.speed_priority &&
      !wished.intelligence_priority) {
    return;
  }
  std::string& out = params.key("modelPreferences");
  json::object o(out);
  if (!wished.hints.empty()) {
    std::string& hints = o.key("hints");
    append_list(hints, wished.hints, [&](const std::string& name) {
      json::object hint(hints);
      hint.string("name", name).close();
    });
  }
  if (wished.cost_priority) o.number("costPriority", *wished.cost_priority);
  if (wished.speed_priority) o.number("speedPriority", *wished.speed_priority);
  if (wished.intelligence_priority) o.number("intelligencePriority", *wished.intelligence_priority);
  o.close();
}

void append_tools(json::object& params, const std::vector<sampling_tool>& tools) {
  std::string& out = params.key("tools");
  append_list(out, tools, [&](const sampling_tool& tool) {
    json::object o(out);
    o.string("name", tool.name);
    if (!tool.description.empty()) o.string("description", tool.description);
    o.raw("inputSchema", tool.input_schema ? tool.input_schema.view() : R"({"type":"object"})");
    o.close();
  });
}

std::string_view name_of(context_inclusion context) noexcept {
  return context == context_inclusion::this_server ? "thisServer" : "allServers";
}

std::string_view name_of(tool_choice choice) noexcept {
  if (choice == tool_choice::required) return "required";
  return choice == tool_choice::none ? "none" : "auto";
}

}  // namespace

raw_json sampling_request::request() const {
  detail::check_sampling(*this);
  std::string out;
  json::object root(out);
  root.string("method", "sampling/createMessage").key("params");
  json::object params(out);
  std::string& list = params.key("messages");
  append_list(list, messages, [&](const sampling_message& one) { append_message(list, one); });
  append_preferences(params, preferences);
  if (!system_prompt.empty()) params.string("systemPrompt", system_prompt);
  if (context != context_inclusion::none) params.string("includeContext", name_of(context));
  if (temperature) params.number("temperature", *temperature);
  params.integer("maxTokens", max_tokens);
  if (!stop_sequences.empty()) {
    std::string& stops = params.key("stopSequences");
    append_list(stops, stop_sequences,
                [&](const std::string& one) { json::append_string(stops, one); });
  }
  if (metadata) params.raw("metadata", metadata);
  if (!tools.empty()) append_tools(params, tools);
  if (choice) {
    json::object chosen(params.key("toolChoice"));
    chosen.string("mode", name_of(*choice)).close();
  }
  params.close();
  root.close();
  return raw_json::trusted(std::move(out));
}

std::string sampling_response::text() const {
  std::string result;
  for (const content_item& item : content) {
    const json::value block(item.json());
    if (block["type"].equals("text")) result += block["text"].string().value_or("");
  }
  return result;
}

std::vector<sampling_response::use> sampling_response::tool_uses() const {
  std::vector<use> result;
  for (const content_item& item : content) {
    const json::value block(item.json());
    if (!block["type"].equals("tool_use")) continue;
    result.push_back({block["id"].string().value_or(""), block["name"].string().value_or(""),
                      raw_json::trusted(block["input"].raw())});
  }
  return result;
}

sampling_response sampling_response::parse(const raw_json& create_message_result) {
  const json::value given(create_message_result), content = given["content"];
  sampling_response result;
  if (given["role"].equals("user")) {
    result.role = message_role::user;
  } else if (!given["role"].equals("assistant")) {
    throw question_error(R"(sampling: expected a "role" that is "user" or "assistant")");
  }
  try {
    if (content.is(json::kind::array)) {
      for (json::elements e(content); e.next();) {
        result.content.emplace_back(raw_json::trusted(e.value().raw()));
      }
    } else {
      result.content.emplace_back(raw_json::trusted(content.raw()));
    }
  } catch (const std::invalid_argument& e) {
    throw question_error(std::string("sampling: ") + e.what());
  }
  result.model = given["model"].string().value_or("");
  result.stop_reason = given["stopReason"].string().value_or("");
  return result;
}

}  // namespace longhaul
