// SPDX-License-Identifier: Apache-2.0
#include "wire/refusals.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "json/write.hpp"
#include "longhaul/error_codes.hpp"
#include "longhaul/resource.hpp"
#include "server/refusals.hpp"
#include "tasks/failure.hpp"
#include "tasks/tunables.hpp"
#include "wire/method_table.hpp"
#include "wire/questions.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

using serving::refusal;

// Codes of our own, and words: empty: those of the refusal; with a colon at the end: in front of
// those.
struct row {
  refusal why;
  int code, legacy_code;
  std::string_view words = {}, legacy_words = {};
};

constexpr std::string_view params = "Invalid params: ";
constexpr std::string_view cancelled = "The call was cancelled";

constexpr std::array<row, 18> rows = {{
    {refusal::unknown_tool, code::invalid_params, code::invalid_params},
    {refusal::invalid_arguments, code::invalid_params, code::invalid_params},
    {refusal::task_forbidden, code::invalid_params, code::method_not_found},
    {refusal::task_required, code::missing_capability, code::method_not_found},
    {refusal::missing_capability, code::missing_capability, code::invalid_params, "", params},
    {refusal::unknown_task, code::invalid_params, code::invalid_params,
     "Invalid params: task not found", "Invalid params: task not found"},
    {refusal::already_terminal, code::invalid_params, code::invalid_params, "",
     "Invalid params: cannot cancel a task that has ended"},
    {refusal::unknown_resource, code::invalid_params, resource_not_found::error_code,
     "Resource not found", "Resource not found"},
    {refusal::bad_cursor, code::invalid_params, code::invalid_params},
    {refusal::bad_resume, code::invalid_params, code::invalid_params},
    {refusal::bad_answer, code::invalid_params, code::invalid_params, params, params},
    {refusal::busy, error_codes::busy, error_codes::busy},
    {refusal::idempotency_conflict, error_codes::idempotency_conflict,
     error_codes::idempotency_conflict},
    {refusal::not_repeatable, error_codes::not_repeatable, error_codes::not_repeatable},
    {refusal::shutting_down, error_codes::busy, error_codes::busy},
    // Read by nobody, unless another caller with the same idempotency key cancelled the work.
    {refusal::abandoned, error_codes::cancelled, error_codes::cancelled, cancelled, cancelled},
    {refusal::declined, error_codes::declined, error_codes::declined},
    {refusal::internal, code::internal_error, code::internal_error},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<std::size_t>(rows[i].why) != i) return false;
  }
  return true;
}
static_assert(in_order(), "one row for each refusal, in their order");

wire_reply busy_reply(json::value id, const serving::refused& why) {
  const bool stops = why.why == refusal::shutting_down;
  const milliseconds after =
      stops ? milliseconds(tunables::restart_retry_after) : milliseconds(why.retry_after);
  const std::string_view words =
      !why.message.empty() ? std::string_view(why.message)
                           : (stops ? "The server is shutting down" : "The server is busy");
  std::string data;
  json::object o(data);
  if (after.count() > 0) o.integer("retryAfterMs", after.count());
  if (!why.bound.empty()) o.string("bound", why.bound);
  o.close();
  return {200, error_reply(id, error_codes::busy, words, data)};
}

wire_reply internal_error_reply(json::value id, const serving::refused& why) {
  if (why.error_id.empty()) {
    return {200, error_reply(id, code::internal_error, "Internal error")};
  }
  return {200, error_reply(id, code::internal_error, why.message,
                           tasks::error_id_data(why.error_id).view())};
}

std::string required_capabilities(const serving::question_modes& missing) {
  std::string data = R"({"requiredCapabilities":)";
  append_client_capabilities(data, missing);
  return data += '}';
}

}  // namespace

int status_of(const revision_look& look, int error_code) noexcept {
  if (error_code == code::invalid_request) return 400;
  if (!look.stateless) return 200;
  switch (error_code) {
    case code::method_not_found:
      return 404;
    case code::parse_error:
    case code::header_mismatch:
    case code::missing_capability:
    case code::unsupported_version:
      return 400;
    default:
      return 200;
  }
}

wire_reply error(const revision_look& look, json::value id, int error_code,
                 std::string_view message, std::string_view data) {
  return {status_of(look, error_code), error_reply(id, error_code, message, data)};
}

wire_reply error(const incoming& request, int error_code, std::string_view message,
                 std::string_view data) {
  return error(request.look, request.call.id, error_code, message, data);
}

wire_reply invalid_params(const incoming& request, std::string_view message) {
  return error(request, code::invalid_params, std::string(params).append(message));
}

wire_reply refuse(const revision_look& look, json::value id, const serving::refused& why,
                  std::string_view data) {
  if (why.why == refusal::busy || why.why == refusal::shutting_down) return busy_reply(id, why);
  if (why.why == refusal::internal) return internal_error_reply(id, why);
  if (why.why == refusal::declined) {
    return error(look, id, why.code == 0 ? error_codes::declined : why.code, why.message,
                 why.data.view());
  }
  if (why.why == refusal::task_required && look.stateless) {
    return missing_extension(look, id, tasks_extension);
  }
  std::string needed;
  if (why.why == refusal::missing_capability && look.stateless) {
    needed = required_capabilities(why.missing);
    data = needed;
  }
  const row& found = rows[static_cast<std::size_t>(why.why)];
  const std::string_view fixed = look.stateless ? found.words : found.legacy_words;
  const int error_code = look.stateless ? found.code : found.legacy_code;
  if (fixed.ends_with(": ")) {
    return error(look, id, error_code, std::string(fixed).append(why.message), data);
  }
  return error(look, id, error_code, fixed.empty() ? std::string_view(why.message) : fixed, data);
}

wire_reply refuse(const incoming& request, const serving::refused& why, std::string_view data) {
  return refuse(request.look, request.call.id, why, data);
}

wire_reply busy(const revision_look& look, json::value id, std::string message,
                std::chrono::milliseconds retry_after) {
  serving::refused why = serving::busy(std::move(message));
  why.retry_after = retry_after;
  return refuse(look, id, why);
}

wire_reply stopping(const revision_look& look, json::value id) {
  return refuse(look, id, serving::refuse(refusal::shutting_down, {}));
}

awaitable<wire_reply> at_once(wire_reply reply) { co_return reply; }

wire_reply missing_extension(const revision_look& look, json::value id,
                             std::string_view extension) {
  std::string data = R"({"requiredCapabilities":{"extensions":{)";
  json::append_string(data, extension);
  data += R"(:{}}}})";
  return error(look, id, code::missing_capability,
               "Missing required client capability: " + std::string(extension), data);
}

wire_reply missing_extension(const incoming& request, std::string_view extension) {
  return missing_extension(request.look, request.call.id, extension);
}

wire_reply unsupported_version(json::value id, json::value requested) {
  std::string data;
  json::object o(data);
  o.raw("supported", supported_versions_json()).raw("requested", requested.raw());
  o.close();
  return error(modern_look(), id, code::unsupported_version, "Unsupported protocol version", data);
}

wire_reply method_not_found(const incoming& request) {
  if (!request.look.stateless) return error(request, code::method_not_found, "Method not found");
  std::string data;
  if (request.call.method == "initialize") {
    json::object o(data);
    o.raw("supported", supported_versions_json());
    o.close();
  }
  return error(request, code::method_not_found,
               "Method not found in protocol version " + std::string(modern_version), data);
}

wire_reply refuse_to_open(const revision_look& look, const message& request, opening why) {
  if (why == opening::in_use) {
    return {400,
            error_reply(request.id, code::invalid_request, "Invalid request: this id is in use")};
  }
  return busy(look, request.id, "too many requests are open: try again later",
              tasks::tunables::busy_retry_after);
}

malformed refuse_failure(std::string_view text, bool no_memory) {
  return no_memory ? refuse_text(text, error_codes::busy, "The server is busy: no memory is left")
                   : refuse_text(text, code::internal_error, "Internal error");
}

std::string busy_data() {
  std::string data;
  json::object o(data);
  o.integer("retryAfterMs", milliseconds(tasks::tunables::busy_retry_after).count());
  o.close();
  return data;
}

}  // namespace longhaul::wire
