// SPDX-License-Identifier: Apache-2.0
#include "terminal/argument_prompt.hpp"

#include <string>

#include "terminal/dialogue.hpp"
#include "terminal/schema_lookup.hpp"

namespace longhaul::terminal {
namespace {

std::optional<raw_json> ask_one(dialogue& with, const raw_json& schema, const std::string& name) {
  const std::string question = argument_question(schema, name);
  while (const auto typed = with.ask(question)) {
    try {
      return read_argument(schema, name, *typed);
    } catch (const argument_error& unfit) {
      with.say(unfit.what(), 2);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<raw_json> ask_arguments(console& at, const raw_json& input_schema,
                                      const read_words& read) {
  dialogue with(at);
  const parameter_list parameters(input_schema);
  raw_json arguments = read.arguments;
  for (const std::string& name : read.missing) {
    if (const parameter* const asked = parameters.find(name)) {
      with.say(keyword_text(asked->schema, "description", parameters.root()));
    }
    const auto value = ask_one(with, input_schema, name);
    if (!value) return std::nullopt;
    arguments = with_argument(arguments, name, *value);
  }
  return arguments;
}

}  // namespace longhaul::terminal
