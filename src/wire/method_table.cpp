// SPDX-License-Identifier: Apache-2.0
#include "wire/method_table.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "wire/refusals.hpp"

namespace longhaul::wire {

// In `methods/`, each feature in one file.
method_handler discover, ping;                                               // discovery.cpp
method_handler list_tools, call_tool;                                        // tools.cpp
method_handler get_task, update_task, cancel_task, list_tasks, task_result;  // tasks.cpp
method_handler list_resources, list_resource_templates, read_resource;       // resources.cpp
method_handler listen;                                                       // subscriptions.cpp

namespace {

constexpr std::uint8_t bit(revision version) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(version));
}
constexpr std::uint8_t modern = bit(revision::v2026_07_28);
constexpr std::uint8_t november = bit(revision::v2025_11_25);
constexpr std::uint8_t legacy = november | bit(revision::v2025_06_18) | bit(revision::v2025_03_26);
constexpr std::uint8_t every = legacy | modern;

constexpr std::array methods = {
    method_row{"tools/call", call_tool, every, capability::tools, "name"},
    method_row{"tasks/get", get_task, modern | november, capability::tasks, "taskId"},
    method_row{"tools/list", list_tools, every, capability::tools},
    method_row{"tasks/update", update_task, modern, capability::tasks, "taskId"},
    method_row{.name = "tasks/cancel",
               .answer = cancel_task,
               .revisions = modern | november,
               .needs = capability::tasks,
               .named_by = "taskId",
               .urgent = true},
    method_row{"tasks/result", task_result, november, capability::tasks, "taskId"},
    method_row{.name = "tasks/list",
               .answer = list_tasks,
               .revisions = november,
               .needs = capability::tasks,
               .identified_only = true},
    method_row{"subscriptions/listen", listen, modern},
    method_row{"resources/list", list_resources, every, capability::resources},
    method_row{"resources/read", read_resource, every, capability::resources, "uri"},
    method_row{"resources/templates/list", list_resource_templates, every, capability::resources},
    method_row{"server/discover", discover, modern},
    method_row{.name = "ping", .answer = ping, .revisions = legacy, .urgent = true},
};

bool is_offered(capability needed, const serving::dispatcher& server, const revision_look& look) {
  switch (needed) {
    case capability::none:
    case capability::tools:
      return true;
    case capability::resources:
      return server.has_resources();
    case capability::tasks:
      return look.tasks.tasks != task_look::dialect::none;
  }
  return false;
}

}  // namespace

const method_row* find_method(revision version, std::string_view name) noexcept {
  const auto* const found = std::ranges::find(methods, name, &method_row::name);
  return found != methods.end() && (found->revisions & bit(version)) != 0 ? found : nullptr;
}

bool is_urgent(std::string_view method) noexcept {
  if (method == "initialize") return true;
  const auto* const found = std::ranges::find(methods, method, &method_row::name);
  return found != methods.end() && found->urgent;
}

bool declares_tasks(const request_meta& meta) {
  return meta.capabilities["extensions"]["io.modelcontextprotocol/tasks"].is(json::kind::object);
}

// A plain function that passes a coroutine on: the hot path has no frame that only forwards.
awaitable<wire_reply> answer_request(context& shared, const incoming& request) {
  const revision_look& look = request.look;
  const method_row* const method = find_method(look.version, request.call.method);
  if (method == nullptr || !is_offered(method->needs, shared.server, look) ||
      (method->identified_only && !request.who.identified)) {
    return at_once(method_not_found(request));
  }
  if (look.stateless && method->needs == capability::tasks && !declares_tasks(request.meta)) {
    return at_once(missing_tasks_extension(request));
  }
  if (!method->named_by.empty() && !request.call.params[method->named_by].is(json::kind::string)) {
    return at_once(
        invalid_params(request, "'" + std::string(method->named_by) + "' must be a string"));
  }
  return method->answer(shared, request);
}

void append_capabilities(json::object& into, const serving::dispatcher& server,
                         const revision_look& look, const serving::caller& who) {
  into.raw("tools", server.features().changes() ? R"({"listChanged":true})" : "{}");
  if (is_offered(capability::resources, server, look)) into.raw("resources", "{}");
  switch (look.tasks.tasks) {
    case task_look::dialect::none:
      break;
    case task_look::dialect::requested:
      // Whoever cannot be told from others must not see a list: the ids are the only keys then.
      into.raw("tasks", who.identified
                            ? R"({"list":{},"cancel":{},"requests":{"tools":{"call":{}}}})"
                            : R"({"cancel":{},"requests":{"tools":{"call":{}}}})");
      break;
    case task_look::dialect::extension:
      into.raw("extensions", R"({"io.modelcontextprotocol/tasks":{}})");
      break;
  }
}

}  // namespace longhaul::wire
