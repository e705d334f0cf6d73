// SPDX-License-Identifier: Apache-2.0
#include "server/features.hpp"

#include <atomic>
#include <utility>

#include "json/view.hpp"
#include "json/write.hpp"

namespace longhaul::serving {
namespace {

completer_entries completers_of(const completers& given, std::string_view kind,
                                const std::string& name, const visibility& visible_to) {
  completer_entries result;
  for (const auto& [argument, completes] : given) {
    tool_definition run;
    run.options.visible_to = visible_to;
    run.options.attempt_limit = defaults::completion_limit;
    run.handler = completes.handler();
    result.emplace(argument,
                   callable(std::move(run), callable_name(callable_kinds::completion, kind),
                            std::string(name).append("/").append(argument)));
  }
  return result;
}

// The address of a template, and its variables as they are meant: who waits for a slot has them
// read again.
call_arguments with_variables_as_meant(
    const raw_json& given, const std::function<call_arguments(const raw_json&)>& accept) {
  const raw_json variables = or_empty_object(detail::variables_of(call_arguments(given)));
  const call_arguments meant = accept(variables);
  if (meant.json().view() == variables.view()) return {given, meant.read()};
  std::string out;
  json::object o(out);
  o.raw("uri", json::value(given)["uri"].raw()).raw("variables", meant.json()).close();
  return {raw_json::trusted(std::move(out)), meant.read()};
}

}  // namespace

std::uint64_t next_serial() noexcept {
  static std::atomic<std::uint64_t> serials{0};
  return ++serials;
}

call_arguments tool_entry::accept(const raw_json& arguments) const {
  return definition.accept ? definition.accept(arguments, leniency) : call_arguments(arguments);
}

raw_json read_arguments(std::string_view uri, const std::map<std::string, std::string>& variables) {
  std::string out;
  json::object o(out);
  o.string("uri", uri);
  if (!variables.empty()) {
    json::object values(o.key("variables"));
    for (const auto& [name, value] : variables) values.string(name, value);
    values.close();
  }
  o.close();
  return raw_json::trusted(std::move(out));
}

std::string callable_name(std::string_view kind, std::string_view name) {
  return std::string(kind).append("/").append(name);
}

std::string resource_callable(std::string_view uri) {
  return callable_name(callable_kinds::resources, uri);
}

entry_ptr callable(tool_definition run, std::string_view kind, std::string_view name) {
  auto entry = std::make_shared<tool_entry>();
  run.options.name = callable_name(kind, name);
  run.options.policy = task_policy::never;
  run.input_schema = raw_json::trusted(R"({"type":"object"})");
  entry->definition = std::move(run);
  entry->serial = next_serial();
  return entry;
}

prompt_ptr offered(prompt_definition prompt) {
  auto entry = std::make_shared<prompt_entry>();
  entry->run = callable(std::move(prompt.run), callable_kinds::prompts, prompt.options.name);
  entry->completers = completers_of(prompt.options.complete, callable_kinds::prompts,
                                    prompt.options.name, prompt.options.visible_to);
  entry->arguments = std::move(prompt.arguments);
  entry->options = std::move(prompt.options);
  return entry;
}

resource_ptr offered(resource_definition resource) {
  auto entry = std::make_shared<resource_entry>();
  if (resource.is_template) entry->pattern.emplace(resource.options.uri);
  if (resource.accept_variables) {
    resource.run.accept = [accept = resource.accept_variables](const raw_json& given,
                                                               const argument_leniency&) {
      return with_variables_as_meant(given, accept);
    };
  }
  if (resource.fixed) {  // for calls that middleware is to hear of
    resource.run.handler = blocking_handler(
        [fixed = resource.fixed](task_context&, const call_arguments&) -> handler_result {
          return outcome::result(fixed);
        });
  }
  entry->run = callable(std::move(resource.run), callable_kinds::resources, resource.options.uri);
  entry->completers = completers_of(resource.options.complete, callable_kinds::resources,
                                    resource.options.uri, resource.options.visible_to);
  entry->fixed = std::move(resource.fixed);
  entry->options = std::move(resource.options);
  return entry;
}

}  // namespace longhaul::serving
