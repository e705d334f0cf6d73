// SPDX-License-Identifier: Apache-2.0
#include "command/tool.hpp"

#include <utility>

#include "command/result.hpp"
#include "command/retry.hpp"
#include "command/tunables.hpp"
#include "typed/key_template.hpp"

namespace longhaul::command {
namespace {

struct program_tool {
  tool_spec spec;
  runnable program;

  program_tool(tool_spec given, std::shared_ptr<const program_host> host)
      : spec(std::move(given)), program(spec, spec.options.name, std::move(host), spec.progress) {
    program.stall_limit = spec.options.stall_limit;
  }
};

// Of the runs of all tools; empty: it is not limited.
std::string limited_by(const tool_options& tool, const raw_json& arguments) {
  if (tool.concurrency == 0) return {};
  return tool.name + "\n" + detail::key_of(tool.concurrency_key, arguments);
}

boost::asio::awaitable<handler_result> run_tool(std::shared_ptr<const program_tool> tool,
                                                task_context& task, raw_json arguments) {
  parameter_values values = tool->program.parameters.read(arguments);
  std::string key = limited_by(tool->spec.options, arguments);
  const program_outcome ended =
      co_await run_program(tool->program, task, std::move(values), std::move(key));
  tool_result result = program_result(tool->spec, ended.end, ended.out, ended.err, task.id());
  if (!ended.lost.empty() && ended.out.lost.empty() && ended.err.lost.empty()) {
    result.add(text("Some output was lost: " + ended.lost));
  }
  outcome told = result.to_outcome();
  if (told.is_error) {
    const std::string why = retry_reason(tool->spec, ended.end);
    if (!why.empty()) throw retry_later(why, std::nullopt, std::move(told));
  }
  co_return told;
}

}  // namespace

tool_definition make_program_tool(tool_spec spec, std::shared_ptr<const program_host> host) {
  const auto tool = std::make_shared<const program_tool>(std::move(spec), std::move(host));
  tool_definition definition;
  definition.options = tool->spec.options;
  definition.options.plain_retention = tunables::plain_output_kept;
  definition.options.keeps_slot = true;
  definition.input_schema = tool->program.parameters.input_schema();
  definition.output_schema = tool->spec.options.output_schema;
  definition.accept = [tool](const raw_json& given, const argument_leniency& how) {
    raw_json meant = tool->program.parameters.tidy(given, how);
    tool->program.arguments.expand(tool->program.parameters.read(meant));
    return call_arguments(std::move(meant));
  };
  definition.handler = coroutine_handler([tool](task_context& task, raw_json arguments) {
    return run_tool(tool, task, std::move(arguments));
  });
  return definition;
}

}  // namespace longhaul::command
