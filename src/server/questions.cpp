// SPDX-License-Identifier: Apache-2.0
#include "server/questions.hpp"

#include <array>
#include <string_view>

namespace longhaul::serving {
namespace {

using can = client_capability;

struct kind_row {
  question_kind kind;
  std::string_view method;
  std::string_view mode;  // `params.mode`; empty: any other, and none
  client_capability needed;
};

// The first row that fits counts.
constexpr std::array<kind_row, 4> kinds = {{
    {question_kind::url, "elicitation/create", "url", can::elicitation_url},
    {question_kind::form, "elicitation/create", "", can::elicitation_form},
    {question_kind::sampling, "sampling/createMessage", "", can::sampling},
    {question_kind::roots, "roots/list", "", can::roots},
}};

const kind_row* row_of(json::value question) noexcept {
  const json::value method = question["method"], mode = question["params"]["mode"];
  for (const kind_row& row : kinds) {
    if (method.equals(row.method) && (row.mode.empty() || mode.equals(row.mode))) return &row;
  }
  return nullptr;
}

bool is_of_tools(json::value block) {
  return block["type"].equals("tool_use") || block["type"].equals("tool_result");
}

// Tools are offered, or were used earlier in the conversation.
bool has_tools(json::value params) {
  if (params["tools"] || params["toolChoice"]) return true;
  for (json::elements e(params["messages"]); e.next();) {
    const json::value content = e.value()["content"];
    if (is_of_tools(content)) return true;
    for (json::elements blocks(content); blocks.next();) {
      if (is_of_tools(blocks.value())) return true;
    }
  }
  return false;
}

bool has_context(json::value params) {
  const json::value context = params["includeContext"];
  return context && !context.equals("none");
}

}  // namespace

std::vector<client_capability> question_modes::all() const {
  std::vector<client_capability> result;
  for (const can one : {can::elicitation_form, can::elicitation_url, can::sampling,
                        can::sampling_tools, can::sampling_context, can::roots}) {
    if (has(one)) result.push_back(one);
  }
  return result;
}

std::string in_words(const question_modes& modes) {
  std::string words;
  for (const client_capability one : modes.all()) {
    if (!words.empty()) words += ", ";
    words += to_string(one);
  }
  return words;
}

std::optional<question_kind> kind_of(json::value question) noexcept {
  const kind_row* const row = row_of(question);
  return row != nullptr ? std::optional(row->kind) : std::nullopt;
}

std::optional<question_modes> needed_for(json::value question) {
  const kind_row* const row = row_of(question);
  if (row == nullptr) return std::nullopt;
  question_modes needed;
  needed.add(row->needed);
  if (row->kind == question_kind::sampling) {
    const json::value params = question["params"];
    needed.add(can::sampling_tools, has_tools(params));
    needed.add(can::sampling_context, has_context(params));
  }
  return needed;
}

bool may_be_asked(const question_modes& modes, json::value question) {
  const auto needed = needed_for(question);
  return needed && !needed->without(modes).any();
}

std::string unaskable_words(const question_modes& modes, json::value question) {
  const bool to_user = question["method"].equals("elicitation/create");
  const std::string wanted = to_user ? "an answer from the user" : "an answer of this client";
  const auto missing = needed_for(question).value_or(question_modes()).without(modes);
  return "The tool needs " + wanted +
         (missing.any() ? ", and this client did not declare that it can be asked for it (" +
                              in_words(missing) + ")."
                        : ", and this request leaves no way to ask (it takes no stream).");
}

}  // namespace longhaul::serving
