// SPDX-License-Identifier: Apache-2.0
// `completion/complete`, for all revisions. Server utilities "Completion".
#include <algorithm>

#include "wire/call_parameters.hpp"
#include "wire/calling.hpp"
#include "wire/method_table.hpp"
#include "wire/refusals.hpp"
#include "wire/result_writer.hpp"

namespace longhaul::wire {
namespace {

bool has_completions(const serving::dispatcher& server, const revision_look&) {
  return server.features().completes() || server.features().changes();
}

void advertise_completions(json::object& into, const serving::dispatcher&, const revision_look&,
                           const serving::caller&) {
  into.raw("completions", "{}");
}

// What is completed: whose arguments, and how.
struct completed {
  serving::entry_ptr completer = nullptr;  ///< null: nothing suggests values of this argument
  std::string fault = {};                  ///< it does not exist
};

completed completed_in(const serving::completer_entries& completers, const std::string& argument,
                       bool known) {
  const auto found = completers.find(argument);
  if (found != completers.end()) return {.completer = found->second};
  if (known) return {};
  return {.fault = "there is no argument \"" + argument + "\""};
}

completed find_completed(const serving::catalog& features, const serving::caller& who,
                         json::value reference, const std::string& argument) {
  const auto name = reference["name"].string(), uri = reference["uri"].string();
  if (reference["type"].equals("ref/prompt") && name) {
    const auto prompt = features.find_prompt_for(who, *name);
    if (!prompt) return {.fault = "unknown prompt: " + *name};
    return completed_in(prompt->completers, argument,
                        std::ranges::find(prompt->arguments, argument, &prompt_argument::name) !=
                            prompt->arguments.end());
  }
  if (reference["type"].equals("ref/resource") && uri) {
    const auto family = features.find_template_for(who, *uri);
    if (!family) return {.fault = "unknown resource template: " + *uri};
    const bool known = family->pattern && std::ranges::find(family->pattern->names(), argument) !=
                                              family->pattern->names().end();
    return completed_in(family->completers, argument, known);
  }
  return {.fault =
              "'ref' must be {\"type\":\"ref/prompt\",\"name\":...} or "
              "{\"type\":\"ref/resource\",\"uri\":...}"};
}

// As `completion_request` is read. Empty: the context is malformed.
raw_json completer_arguments(const json::indexed& params, const std::string& argument) {
  std::string out;
  json::object o(out);
  o.string("argument", argument);
  o.raw("value", params["argument"]["value"].raw());
  const json::value known = params["context"]["arguments"];
  if (known && !known.is(json::kind::object)) return {};
  json::object others(o.key("arguments"));
  for (json::members m(known); m.next();) {
    if (!m.value().is(json::kind::string)) return {};
    others.raw(m.key(), m.value().raw());
  }
  others.close();
  o.close();
  return raw_json::trusted(std::move(out));
}

wire_reply no_suggestions(const context& shared, const incoming& request) {
  result_writer result(shared, request);
  result.members().raw("completion", R"({"values":[],"total":0,"hasMore":false})");
  return result.end();
}

}  // namespace

extern const feature completions;
constexpr feature completions = {.offered = has_completions, .advertise = advertise_completions};

awaitable<wire_reply> complete(context& shared, const incoming& request) {
  const json::indexed& params = request.call.params;
  const auto argument = params["argument"]["name"].string();
  if (!argument || !params["argument"]["value"].is(json::kind::string)) {
    return at_once(
        invalid_params(request, "'argument' must be {\"name\":…,\"value\":…}, both strings"));
  }
  const completed found =
      find_completed(shared.server.features(), request.who, params["ref"], *argument);
  if (!found.fault.empty()) return at_once(invalid_params(request, found.fault));
  if (!found.completer) return at_once(no_suggestions(shared, request));
  raw_json arguments = completer_arguments(params, *argument);
  if (!arguments) {
    return at_once(invalid_params(request, "'context.arguments' must be an object of strings"));
  }
  auto call = read_run(shared, request, found.completer, std::move(arguments));
  if (!call) return at_once(invalid_params(request, call.error().words));
  call->ask = serving::asking::impossible;
  return run_call(shared, request, *std::move(call), {});
}

}  // namespace longhaul::wire
