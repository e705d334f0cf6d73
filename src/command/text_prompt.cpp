// SPDX-License-Identifier: Apache-2.0
// A prompt whose text stands in the file.
#include <stdexcept>
#include <utility>

#include "command/features.hpp"
#include "command/prompt_text.hpp"

namespace longhaul::command {
namespace {

struct text_prompt {
  parameter_set parameters;
  prompt_text text;

  explicit text_prompt(const prompt_spec& spec)
      : parameters(spec.parameters), text(spec.text, spec.parameters) {
    if (text.faults().empty()) return;
    throw std::invalid_argument("prompt \"" + spec.options.name +
                                "\": " + text.faults().front().message);
  }
  std::string fill(const raw_json& arguments) const {
    return text.fill(parameters.read(arguments));
  }
};

boost::asio::awaitable<handler_result> fill_in(std::shared_ptr<const text_prompt> prompt,
                                               call_arguments given) {
  const auto filled = std::static_pointer_cast<std::string>(given.read());
  prompt_result result;
  result.messages.push_back(user(filled ? *filled : prompt->fill(given)));
  co_return detail::prompt_outcome(result);
}

}  // namespace

prompt_definition make_configured_prompt(prompt_spec spec,
                                         const std::shared_ptr<const program_host>& host) {
  const auto prompt = std::make_shared<const text_prompt>(spec);
  spec.options.complete = make_completers(spec.completions, spec.parameters, host);
  for (const parameter& each : spec.parameters) {
    spec.options.arguments.push_back({each.name, each.title, each.description, each.required});
  }
  prompt_definition definition = detail::define_prompt(std::move(spec.options), std::nullopt);
  definition.run.options.quick = true;
  definition.run.accept = [prompt](const raw_json& given, const argument_leniency&) {
    raw_json meant = prompt->parameters.tidy(given, {});  // clients send strings
    auto filled = std::make_shared<std::string>(prompt->fill(meant));
    return call_arguments(std::move(meant), std::move(filled));
  };
  definition.run.handler = coroutine_handler(
      [prompt](task_context&, call_arguments given) { return fill_in(prompt, std::move(given)); });
  return definition;
}

}  // namespace longhaul::command
