// SPDX-License-Identifier: Apache-2.0
#include "longhaul/prompt.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "base/names.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/schema_arguments.hpp"

namespace longhaul {

prompt_message user(std::string_view text) { return {longhaul::text(text)}; }
prompt_message assistant(std::string_view text) {
  return {message_role::assistant, longhaul::text(text)};
}

namespace detail {
namespace {

[[noreturn]] void fail_prompt(const prompt_options& options, const std::string& problem) {
  throw std::invalid_argument("prompt \"" + options.name + "\": " + problem);
}

void check_listed(const prompt_options& options) {
  std::set<std::string, std::less<>> names;
  for (const prompt_argument& argument : options.arguments) {
    if (argument.name.empty()) fail_prompt(options, "an argument needs a name");
    if (!names.insert(argument.name).second) {
      fail_prompt(options, "the argument \"" + argument.name + "\" comes twice");
    }
  }
}

// Arguments of a handler without types: strings of the names that were listed.
call_arguments accept_listed(const std::vector<prompt_argument>& listed, const raw_json& given) {
  const json::value object(given);
  for (json::members m(object); m.next();) {
    if (std::ranges::find(listed, m.key(), &prompt_argument::name) == listed.end()) {
      throw invalid_arguments("arguments: there is no \"" + std::string(m.key()) + "\"");
    }
    if (!m.value().is(json::kind::string)) {
      throw invalid_arguments("arguments." + std::string(m.key()) + ": expected a string");
    }
  }
  for (const prompt_argument& argument : listed) {
    if (argument.required && !object[argument.name]) {
      throw invalid_arguments("arguments: \"" + argument.name + "\" is missing");
    }
  }
  return given;
}

}  // namespace

outcome prompt_outcome(const prompt_result& result) {
  std::string out;
  json::object o(out);
  if (!result.description.empty()) o.string("description", result.description);
  json::array items(o.key("messages"));
  for (const prompt_message& message : result.messages) {
    json::object one(items.next());
    one.string("role", to_string(message.role())).raw("content", message.content().json());
    one.close();
  }
  items.close();
  o.close();
  return outcome::result(raw_json::trusted(std::move(out)));
}

prompt_definition define_prompt(prompt_options options, const std::optional<typed_schema>& schema) {
  if (!is_tool_name(options.name)) fail_prompt(options, "a name has " + tool_name_rule());
  if (options.meta && !json::value(options.meta).is(json::kind::object)) {
    fail_prompt(options, "meta must be a JSON object");
  }
  if (options.limit && options.limit->count() <= 0) {
    fail_prompt(options, "limit must be longer than nothing");
  }
  prompt_definition prompt;
  if (schema) {
    if (!options.arguments.empty()) {
      fail_prompt(options, "arguments are for handlers of raw JSON; here they are the members");
    }
    for (schema_argument& member : arguments_in(schema->text())) {
      if (!member.fault.empty()) fail_prompt(options, member.fault);
      if (!member.choices.empty()) {
        options.complete.try_emplace(member.name, completer::among(std::move(member.choices)));
      }
      prompt.arguments.push_back({std::move(member.name), std::move(member.title),
                                  std::move(member.description), member.required});
    }
  } else {
    if (!options.fields.empty()) fail_prompt(options, "fields are for handlers of structs");
    check_listed(options);
    prompt.arguments = options.arguments;
    prompt.run.accept = [listed = options.arguments](const raw_json& given,
                                                     const argument_leniency&) {
      return accept_listed(listed, given);
    };
  }
  for (const auto& [name, unused] : options.complete) {
    if (std::ranges::find(prompt.arguments, name, &prompt_argument::name) ==
        prompt.arguments.end()) {
      fail_prompt(options, "complete names an argument that it has not: \"" + name + "\"");
    }
  }
  prompt.run.options.name = options.name;
  prompt.run.options.policy = task_policy::never;
  prompt.run.options.visible_to = options.visible_to;
  prompt.run.options.attempt_limit = options.limit;
  prompt.options = std::move(options);
  return prompt;
}

}  // namespace detail
}  // namespace longhaul
