// SPDX-License-Identifier: Apache-2.0
#include "testing/messages.hpp"

#include <algorithm>
#include <stdexcept>

#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/binary.hpp"

namespace longhaul::testkit {
namespace {

bool is_asked(const answering& callback, const client_options& options,
              std::initializer_list<client_capability> any) {
  return callback || std::ranges::any_of(any, [&](client_capability one) {
           return std::ranges::find(options.can, one) != options.can.end();
         });
}

bool has(const answering& callback, const client_options& options, client_capability one) {
  return is_asked(callback, options, {one});
}

std::optional<std::chrono::milliseconds> time_in(json::value task, std::string_view name,
                                                 std::string_view other_name) {
  json::value found = task[name];
  if (!found) found = task[other_name];
  const auto count = found.integer();
  return count ? std::optional(std::chrono::milliseconds(*count)) : std::nullopt;
}

}  // namespace

std::string capabilities_of(const client_options& options, bool tasks) {
  using can = client_capability;
  std::string out;
  json::object o(out);
  if (is_asked(options.elicit, options, {can::elicitation_form, can::elicitation_url})) {
    json::object modes(o.key("elicitation"));
    if (has(options.elicit, options, can::elicitation_form)) modes.raw("form", "{}");
    if (has(options.elicit, options, can::elicitation_url)) modes.raw("url", "{}");
    modes.close();
  }
  if (is_asked(options.sample, options,
               {can::sampling, can::sampling_tools, can::sampling_context})) {
    json::object parts(o.key("sampling"));
    if (has(options.sample, options, can::sampling_tools)) parts.raw("tools", "{}");
    if (has(options.sample, options, can::sampling_context)) parts.raw("context", "{}");
    parts.close();
  }
  if (has(options.list_roots, options, can::roots)) o.raw("roots", "{}");
  if (tasks) o.raw("extensions", R"({"io.modelcontextprotocol/tasks":{}})");
  o.close();
  return out;
}

rpc_error read_error(const raw_json& error) {
  const json::value view(error);
  return {static_cast<int>(view["code"].integer().value_or(0)),
          view["message"].string().value_or(""), copy_of(view["data"])};
}

std::vector<open_question> read_questions(const raw_json& input_requests) {
  std::vector<open_question> found;
  for (json::members m{json::value(input_requests)}; m.next();) {
    found.push_back({std::string(m.key()), m.value()["method"].string().value_or(""),
                     copy_of(m.value()["params"])});
  }
  return found;
}

task_state read_task(const raw_json& task) {
  const json::value view(task);
  task_state state;
  state.json = task;
  state.id = view["taskId"].string().value_or("");
  state.status =
      parse_task_status(view["status"].string().value_or("")).value_or(task_status::working);
  state.message = view["statusMessage"].string().value_or("");
  state.ttl = time_in(view, "ttlMs", "ttl");
  state.poll_interval = time_in(view, "pollIntervalMs", "pollInterval");
  state.questions = read_questions(copy_of(view["inputRequests"]));
  if (const json::value end = view["result"]) state.result = result(copy_of(end));
  if (const json::value end = view["error"]) state.error = read_error(copy_of(end));
  return state;
}

}  // namespace longhaul::testkit
