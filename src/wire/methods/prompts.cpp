// SPDX-License-Identifier: Apache-2.0
// `prompts/list` and `prompts/get`, for all revisions. Server features "Prompts".
#include "server/refusals.hpp"
#include "wire/call_parameters.hpp"
#include "wire/calling.hpp"
#include "wire/feature_json.hpp"
#include "wire/feature_pages.hpp"
#include "wire/method_table.hpp"

namespace longhaul::wire {
namespace {

bool has_prompts(const serving::dispatcher& server, const revision_look&) {
  const serving::catalog& features = server.features();
  return features.changes() || !features.prompts().empty();
}

void advertise_prompts(json::object& into, const serving::dispatcher& server, const revision_look&,
                       const serving::caller&) {
  into.raw("prompts", server.features().changes() ? R"({"listChanged":true})" : "{}");
}

}  // namespace

extern const feature prompts;
constexpr feature prompts = {.offered = has_prompts, .advertise = advertise_prompts};

awaitable<wire_reply> list_prompts(context& shared, const incoming& request) {
  return at_once(list_page(shared, request, "prompts", shared.server.features().prompts(),
                           [&](std::string& out, const serving::prompt_entry& prompt) {
                             append_prompt(out, prompt, request.look.features);
                           }));
}

awaitable<wire_reply> get_prompt(context& shared, const incoming& request) {
  const std::string name = *request.call.params["name"].string();
  const auto prompt = shared.server.features().find_prompt_for(request.who, name);
  const json::value arguments = request.call.params["arguments"];
  if (!prompt) {
    const auto unknown =
        serving::refuse(serving::refusal::invalid_arguments, "unknown prompt: " + name);
    return at_once(refuse_unrun(shared, request,
                                serving::callable_name(serving::callable_kinds::prompts, name),
                                arguments.is(json::kind::object) ? keep(arguments) : raw_json(),
                                unknown, invalid_params(request, unknown.message)));
  }
  if (arguments && !arguments.is(json::kind::object)) {
    return at_once(invalid_params(request, "'arguments' must be an object"));
  }
  auto call = read_run(shared, request, prompt->run, keep(arguments));
  if (!call) return at_once(invalid_params(request, call.error().words));
  return run_call(shared, request, *std::move(call), {});
}

}  // namespace longhaul::wire
