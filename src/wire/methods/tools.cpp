// SPDX-License-Identifier: Apache-2.0
// `tools/list` and `tools/call`, for all revisions. Server features "Tools".
#include "wire/call_parameters.hpp"
#include "wire/calling.hpp"
#include "wire/feature_pages.hpp"
#include "wire/method_table.hpp"
#include "wire/refusals.hpp"
#include "wire/tool_json.hpp"

namespace longhaul::wire {
namespace {

bool has_tools(const serving::dispatcher&, const revision_look&) { return true; }

void advertise_tools(json::object& into, const serving::dispatcher& server, const revision_look&,
                     const serving::caller&) {
  into.raw("tools", server.features().changes() ? R"({"listChanged":true})" : "{}");
}

}  // namespace

extern const feature tools;
constexpr feature tools = {.offered = has_tools, .advertise = advertise_tools};

awaitable<wire_reply> list_tools(context& shared, const incoming& request) {
  return at_once(list_page(shared, request, "tools", shared.server.features().tools(),
                           [&](std::string& out, const serving::tool_entry& tool) {
                             append_tool(out, tool.definition, request.look);
                           }));
}

awaitable<wire_reply> call_tool(context& shared, const incoming& request) {
  auto call = read_tool_call(shared, request);
  if (!call) return at_once(invalid_params(request, call.error().words));
  return run_call(shared, request, *std::move(call), {.tool = true});
}

}  // namespace longhaul::wire
