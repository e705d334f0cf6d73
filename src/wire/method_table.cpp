// SPDX-License-Identifier: Apache-2.0
#include "wire/method_table.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "protocol/era.hpp"
#include "wire/refusals.hpp"

namespace longhaul::wire {

// In `methods/`, each feature in one file.
method_handler discover, ping;                                               // discovery.cpp
method_handler list_tools, call_tool;                                        // tools.cpp
method_handler list_prompts, get_prompt;                                     // prompts.cpp
method_handler complete;                                                     // completion.cpp
method_handler set_log_level;                                                // logging.cpp
method_handler list_resources, list_resource_templates, read_resource;       // resources.cpp
method_handler subscribe_resource, unsubscribe_resource;                     // resources.cpp
method_handler get_task, update_task, cancel_task, list_tasks, task_result;  // tasks.cpp
method_handler call_extension;                                               // extensions.cpp
method_handler listen;                                                       // subscriptions.cpp
extern const feature tools, prompts, completions, logging, resources, tasks_of_callers;

namespace {

constexpr std::uint8_t bit(revision version) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(version));
}
constexpr std::uint8_t modern = bit(revision::v2026_07_28);
constexpr std::uint8_t november = bit(revision::v2025_11_25);
constexpr std::uint8_t legacy = november | bit(revision::v2025_06_18) | bit(revision::v2025_03_26);
constexpr std::uint8_t every = legacy | modern;

// Capabilities are advertised in this order.
constexpr std::array methods = {
    method_row{"tools/call", call_tool, every, &tools, "name"},
    method_row{"tools/list", list_tools, every, &tools},
    method_row{"resources/list", list_resources, every, &resources},
    method_row{"resources/read", read_resource, every, &resources, "uri"},
    method_row{"resources/templates/list", list_resource_templates, every, &resources},
    method_row{"resources/subscribe", subscribe_resource, legacy, &resources, "uri"},
    method_row{"resources/unsubscribe", unsubscribe_resource, legacy, &resources, "uri"},
    method_row{"prompts/get", get_prompt, every, &prompts, "name"},
    method_row{"prompts/list", list_prompts, every, &prompts},
    method_row{"completion/complete", complete, every, &completions},
    // Of requests that stand alone each names its level itself, so nothing but the capability is
    // left.
    method_row{"logging/setLevel", set_log_level, legacy, &logging},
    method_row{"tasks/get", get_task, modern | november, &tasks_of_callers, "taskId"},
    method_row{"tasks/update", update_task, modern, &tasks_of_callers, "taskId"},
    method_row{.name = "tasks/cancel",
               .answer = cancel_task,
               .revisions = modern | november,
               .part_of = &tasks_of_callers,
               .named_by = "taskId",
               .urgent = true},
    method_row{"tasks/result", task_result, november, &tasks_of_callers, "taskId"},
    method_row{.name = "tasks/list",
               .answer = list_tasks,
               .revisions = november,
               .part_of = &tasks_of_callers,
               .identified_only = true},
    method_row{"subscriptions/listen", listen, modern},
    method_row{"server/discover", discover, modern},
    method_row{.name = "ping", .answer = ping, .revisions = legacy, .urgent = true},
};

bool is_offered(const method_row& method, const serving::dispatcher& server,
                const revision_look& look, const serving::caller& who) {
  if (method.identified_only && !who.identified) return false;
  return method.part_of == nullptr || method.part_of->offered(server, look);
}

}  // namespace

std::span<const method_row> method_rows() noexcept { return methods; }

const method_row* find_method(revision version, std::string_view name) noexcept {
  const auto* const found = std::ranges::find(methods, name, &method_row::name);
  return found != methods.end() && (found->revisions & bit(version)) != 0 ? found : nullptr;
}

bool is_urgent(std::string_view method) noexcept {
  if (method == "initialize") return true;
  const auto* const found = std::ranges::find(methods, method, &method_row::name);
  return found != methods.end() && found->urgent;
}

bool declares(const request_meta& meta, std::string_view extension) {
  return meta.capabilities["extensions"][extension].is(json::kind::object);
}

// A plain function that passes a coroutine on: the hot path has no frame that only forwards.
awaitable<wire_reply> answer_request(context& shared, const incoming& request) {
  const revision_look& look = request.look;
  const method_row* const method = find_method(look.version, request.call.method);
  if (method == nullptr) return call_extension(shared, request);
  if (!is_offered(*method, shared.server, look, request.who)) {
    return at_once(method_not_found(request));
  }
  const feature* const extension = method->part_of;
  if (look.stateless && extension != nullptr && !extension->extension.empty() &&
      !declares(request.meta, extension->extension)) {
    return at_once(missing_extension(request, extension->extension));
  }
  if (!method->named_by.empty() && !request.call.params[method->named_by].is(json::kind::string)) {
    return at_once(
        invalid_params(request, "'" + std::string(method->named_by) + "' must be a string"));
  }
  return method->answer(shared, request);
}

void append_capabilities(json::object& into, const serving::dispatcher& server,
                         const revision_look& look, const serving::caller& who) {
  std::vector<const feature*> extensions;
  const feature* before = nullptr;  // rows of one feature stand together
  for (const method_row& method : methods) {
    if (method.part_of == before || method.part_of == nullptr) continue;
    before = method.part_of;
    if (!before->offered(server, look)) continue;
    if (look.stateless && !before->extension.empty()) {
      extensions.push_back(before);
    } else {
      before->advertise(into, server, look, who);
    }
  }
  const auto& added = server.features().extensions().all();
  const bool has_tools = tools.offered(server, look);
  if (extensions.empty() && added.empty() && !has_tools) return;
  json::object all(into.key(look.stateless ? "extensions" : "experimental"));
  for (const feature* const one : extensions) all.raw(one->extension, "{}");
  if (has_tools) {
    json::object key(all.key(protocol::idempotency_key));
    key.integer("now", server.store_time().time_since_epoch().count());
    key.string("keptBy", server.keys_kept_by()).close();
  }
  for (const extension& one : added) all.raw(one.id(), or_empty_object(one.settings()));
  all.close();
}

}  // namespace longhaul::wire
