// SPDX-License-Identifier: Apache-2.0
// A resource that is a text, a file, or what a program prints, and a template of a program.
#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "command/features.hpp"
#include "command/named_file.hpp"
#include "json/view.hpp"

namespace longhaul::command {
namespace {

std::string address_in(const call_arguments& call) {
  return json::value(call.json())["uri"].string().value_or(std::string());
}

handler_result contents_of(const std::string& bytes, const call_arguments& call,
                           const std::string& mime_type) {
  const std::array contents = {is_text(bytes) ? resource_content(bytes)
                                              : resource_content::blob(bytes)};
  return detail::resource_outcome(contents, call, mime_type);
}

// --- files

struct file_resource {
  std::string path, name, mime_type;
  std::size_t size_limit;
  logger log;
};

handler_result read_file_resource(const file_resource& from, const call_arguments& call) {
  const file_contents found = read_named_file(from.path, from.size_limit);
  switch (found.how) {
    case file_contents::kind::missing:
      throw resource_not_found(address_in(call));
    case file_contents::kind::refused:
      from.log.stranger(log_level::warning, "resource.trouble", found.why, {{"file", from.path}});
      throw tool_error("the file of " + from.name + " " + found.why);
    case file_contents::kind::read:
      break;
  }
  return contents_of(found.bytes, call, from.mime_type);
}

// --- programs

struct program_resource {
  runnable program;
  std::vector<int> not_found;
  std::string mime_type;

  parameter_values values(const call_arguments& call) const {
    const raw_json variables = or_empty_object(detail::variables_of(call));
    return program.parameters.read(program.parameters.tidy(variables, {}));
  }
};

// Empty: it is as it should be.
std::string fault_of(const program_resource& from, const program_outcome& ended) {
  const runnable& program = from.program;
  const captured_output& out = ended.out;
  if (std::string failure =
          program_failure(program.spec, program.called, ended.end, out, ended.err);
      !failure.empty()) {
    return failure;
  }
  if (out.unreadable) return program.called + ": what it printed cannot be read";
  if (!out.lost.empty())
    return program.called + ": what it printed could not be stored: " + out.lost;
  if (out.total <= program.spec.result_limit) return {};
  return program.called + " printed " + std::to_string(out.total) + " bytes; at most " +
         std::to_string(program.spec.result_limit) + " can be read (size_limit)";
}

boost::asio::awaitable<handler_result> read_program_resource(
    std::shared_ptr<const program_resource> from, task_context& task, call_arguments call) {
  parameter_values values = from->values(call);
  const output_removal removal(*from->program.host, task);
  const program_outcome ended = co_await run_program(from->program, task, std::move(values));
  const bool exited = ended.end.how == program_end::kind::exited;
  if (exited && std::ranges::find(from->not_found, ended.end.code) != from->not_found.end()) {
    throw resource_not_found(address_in(call));
  }
  if (const std::string fault = fault_of(*from, ended); !fault.empty()) throw tool_error(fault);
  co_return contents_of(ended.out.bytes, call, from->mime_type);
}

void read_by_program(resource_definition& definition, resource_spec& spec,
                     const std::shared_ptr<const program_host>& host) {
  program_spec program = *std::move(spec.program);
  program.result_limit = spec.size_limit;
  program.output_limit = spec.size_limit + 1;
  const auto from = std::make_shared<const program_resource>(
      program_resource{runnable(std::move(program), definition.options.name, host),
                       std::move(spec.not_found), definition.options.mime_type});
  definition.run.options.keeps_slot = true;
  definition.run.options.max_running = spec.max_running;
  definition.run.accept = [from](const raw_json& given, const argument_leniency&) {
    call_arguments call(given);
    from->program.arguments.expand(from->values(call));
    return call;
  };
  definition.run.handler = coroutine_handler([from](task_context& task, call_arguments call) {
    return read_program_resource(from, task, std::move(call));
  });
}

}  // namespace

resource_definition make_configured_resource(resource_spec spec,
                                             const std::shared_ptr<const program_host>& host) {
  resource_options& options = spec.options;
  const std::string mime_type = options.mime_type;
  if (spec.text) {
    options.size = spec.text->size();
    return make_resource(std::move(options), resource_content(*spec.text));
  }
  if (spec.program && spec.is_template) {
    options.complete = make_completers(spec.completions, spec.program->parameters, host);
  }
  resource_definition definition =
      detail::define_resource(std::move(options), spec.is_template, std::nullopt);
  if (spec.program) {
    read_by_program(definition, spec, host);
    return definition;
  }
  if (spec.is_template || spec.file.empty()) {
    throw std::invalid_argument("resource \"" + definition.options.uri +
                                "\": a template needs a program, a resource something to read");
  }
  definition.run.handler = blocking_handler(
      [from = file_resource{spec.file, definition.options.name, mime_type, spec.size_limit,
                            host->log}](task_context&, const call_arguments& call) {
        return read_file_resource(from, call);
      });
  return definition;
}

}  // namespace longhaul::command
