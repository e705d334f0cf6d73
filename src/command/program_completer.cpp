// SPDX-License-Identifier: Apache-2.0
// Suggestions that a program prints.
#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "command/features.hpp"
#include "command/tunables.hpp"
#include "json/write.hpp"

namespace longhaul::command {
namespace {

constexpr int invalid_params = -32602;

struct program_completer {
  runnable program;
  bool filters;  // nothing in its command is what is typed
};

raw_json known_arguments(const std::vector<parameter>& parameters,
                         const completion_request& request) {
  std::string out;
  json::object o(out);
  for (const parameter& each : parameters) {
    const auto known = request.arguments.find(each.name);
    if (each.name == request.argument) {
      o.string(each.name, request.value);
    } else if (known != request.arguments.end()) {
      o.string(each.name, known->second);
    }
  }
  o.close();
  return raw_json::trusted(std::move(out));
}

// What is typed may be no argument of a program (a NUL, an option): then the request is at fault.
parameter_values values_for(const runnable& program, const completion_request& request) {
  try {
    parameter_values values =
        program.parameters.read(known_arguments(program.spec.parameters, request));
    program.arguments.expand(values);
    return values;
  } catch (const invalid_arguments& e) {
    throw protocol_error(invalid_params, e.what());
  }
}

boost::asio::awaitable<completion> suggest(std::shared_ptr<const program_completer> from,
                                           task_context& task, completion_request request) {
  const runnable& program = from->program;
  parameter_values values = values_for(program, request);
  const output_removal removal(*program.host, task);
  const program_outcome ended = co_await run_program(program, task, std::move(values));
  const captured_output& printed = ended.out;
  const std::string failure =
      program_failure(program.spec, program.called, ended.end, printed, ended.err);
  if (!failure.empty()) throw tool_error(failure);
  if (printed.unreadable || !printed.lost.empty()) {
    throw tool_error(program.called + ": what it printed cannot be read");
  }
  if (printed.total > program.spec.result_limit) {
    throw tool_error(program.called + " printed " + std::to_string(printed.total) +
                     " bytes of suggestions; at most " + std::to_string(program.spec.result_limit) +
                     " are read");
  }
  completion result;
  result.values = suggestions_in(printed.bytes, request.value, from->filters);
  result.total = result.values.size();
  co_return result;
}

completer program_completer_for(const std::string& name, program_spec spec,
                                const std::shared_ptr<const program_host>& host) {
  spec.result_limit = tunables::max_suggestions_text;
  spec.output_limit = tunables::max_suggestions_text + 1;
  const bool filters =
      std::ranges::find(spec.parameters, name, &parameter::name) == spec.parameters.end();
  const auto from = std::make_shared<const program_completer>(program_completer{
      runnable(std::move(spec), "the completion of \"" + name + "\"", host), filters});
  return completer([from](task_context& task, const completion_request& request) {
    return suggest(from, task, request);
  });
}

}  // namespace

std::vector<std::string> suggestions_in(std::string_view printed, std::string_view typed,
                                        bool filters) {
  std::vector<std::string> result;
  std::set<std::string_view> seen;
  while (!printed.empty()) {
    std::string_view line = printed.substr(0, printed.find('\n'));
    printed.remove_prefix(std::min(line.size() + 1, printed.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.size() > tunables::max_suggestion) continue;
    if (filters && !same_ignoring_case(line.substr(0, typed.size()), typed)) continue;
    if (seen.insert(line).second) result.emplace_back(line);
  }
  return result;
}

completers make_completers(const completion_specs& described,
                           const std::vector<parameter>& parameters,
                           const std::shared_ptr<const program_host>& host) {
  completers result;
  for (const auto& [name, one] : described) {
    result.emplace(name, one.program ? program_completer_for(name, *one.program, host)
                                     : completer::among(one.values));
  }
  for (parameter each : parameters) {
    each.default_value = {};  // which suggests nothing
    std::vector<std::string> values = own_values(each);
    if (!values.empty()) result.try_emplace(each.name, completer::among(std::move(values)));
  }
  return result;
}

}  // namespace longhaul::command
