// SPDX-License-Identifier: Apache-2.0
#include "telemetry/otlp_json.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/host_name.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "telemetry/call_name.hpp"
#include "telemetry/tunables.hpp"

namespace longhaul::telemetry {
namespace {

// As the protocol numbers them.
enum : int { internal_kind = 1, server_kind = 2, client_kind = 3 };
constexpr int error_status = 2;
constexpr unsigned sampled_flag = 0x1, remoteness_known = 0x100, parent_is_remote = 0x200;

// `[{"key":…,"value":{"stringValue":…}},…]`. Keys are written as they are, but for `named`.
class attribute_list {
 public:
  explicit attribute_list(std::string& out) : out_(out), all_(out) {}

  void text(std::string_view key, std::string_view value) {
    begin(key);
    json::append_string(out_ += "\"stringValue\":", value);
    out_ += "}}";
  }
  void number(std::string_view key, std::uint64_t value) {
    begin(key);
    json::append_number(out_ += "\"intValue\":\"", value);
    out_ += "\"}}";
  }
  void boolean(std::string_view key, bool value) {
    begin(key);
    out_.append("\"boolValue\":").append(value ? "true" : "false").append("}}");
  }
  /// The same as `text`, under any key.
  void named(std::string_view key, std::string_view value) {
    json::append_string(all_.next() += "{\"key\":", key);
    json::append_string(out_ += ",\"value\":{\"stringValue\":", value);
    out_ += "}}";
  }
  void close() { all_.close(); }

 private:
  void begin(std::string_view key) {
    all_.next().append("{\"key\":\"").append(key).append("\",\"value\":{");
  }

  std::string& out_;
  json::array all_;
};

int kind_number(span_kind kind) noexcept {
  switch (kind) {
    case span_kind::call:
      return server_kind;
    case span_kind::queue:
    case span_kind::attempt:
    case span_kind::question:
      return internal_kind;
    case span_kind::store_create:
    case span_kind::store_finish:
    case span_kind::store_retry:
      return client_kind;
  }
  return internal_kind;
}

std::string name_of(const span& one) {
  switch (one.kind) {
    case span_kind::call:
      return called(one.origin->tool).span_name();
    case span_kind::queue:
      return "queue";
    case span_kind::attempt:
      return "attempt " + std::to_string(one.attempt);
    case span_kind::question:
      return "question";
    case span_kind::store_create:
      return "store.create";
    case span_kind::store_finish:
      return "store.finish";
    case span_kind::store_retry:
      return "store.retry";
  }
  return {};
}

std::string_view outcome_name(span_outcome outcome) noexcept {
  switch (outcome) {
    case span_outcome::completed:
      return "completed";
    case span_outcome::error:
      return "error";
    case span_outcome::failed:
      return "failed";
    case span_outcome::cancelled:
      return "cancelled";
    case span_outcome::retry:
      return "retry";
    case span_outcome::stopped:
      return "stopped";
    case span_outcome::none:
    case span_outcome::answered:
    case span_outcome::unanswered:
      break;
  }
  return {};
}

bool is_error(span_outcome outcome) noexcept {
  return outcome == span_outcome::error || outcome == span_outcome::failed ||
         outcome == span_outcome::retry;
}

std::uint64_t nanoseconds(wall_time time) noexcept {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
  return static_cast<std::uint64_t>(std::max<std::int64_t>(since.count(), 0));
}

// Not in the middle of a character.
std::string_view shortened(std::string_view text) noexcept {
  if (text.size() <= tunables::longest_message) return text;
  std::size_t end = tunables::longest_message;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

// MCP conventions: the code of a JSON-RPC error, or `tool_error`.
std::string error_type(const span& one) {
  if (one.outcome == span_outcome::error) return "tool_error";
  const auto code = json::value(one.failure)["code"].integer();
  return code ? std::to_string(*code) : std::string(outcome_name(one.outcome));
}

span_id id_of(const span& one, const span_ids& ids) noexcept {
  switch (one.kind) {
    case span_kind::call:
      return ids.call();
    case span_kind::attempt:
      return ids.attempt(one.epoch);
    default:  // no children: nobody else needs to know it
      return ids.of_span(one.kind, one.epoch, nanoseconds(one.from));
  }
}

// 0: none.
span_id parent_of(const span& one, const span_ids& ids) noexcept {
  if (one.kind == span_kind::question) return ids.attempt(one.epoch);
  if (one.kind != span_kind::call) return ids.call();
  return ids.caller() ? ids.caller()->parent : 0;
}

void append_status(std::string& out, const span& one) {
  json::object status(out);
  if (is_error(one.outcome)) {
    status.integer("code", error_status);
    if (const auto message = json::value(one.failure)["message"].string()) {
      status.string("message", shortened(*message));
    }
  }
  status.close();
}

void append_resource(std::string& out, const trace_settings& settings) {
  const auto is_given = [&](std::string_view key) {
    return std::ranges::any_of(settings.resource,
                               [&](const auto& each) { return each.first == key; });
  };
  attribute_list all(out);
  all.text("service.name", settings.service_name);
  const std::vector<std::pair<std::string_view, std::string>> usual = {
      {"service.instance.id", random_uuid()},
      {"host.name", host_name()},
      {"telemetry.sdk.name", "longhaul"},
      {"telemetry.sdk.language", "cpp"},
      {"telemetry.sdk.version", LONGHAUL_VERSION}};
  for (const auto& [key, value] : usual) {
    if (!is_given(key) && !value.empty()) all.text(key, value);
  }
  if (!is_given("process.pid")) all.number("process.pid", static_cast<std::uint64_t>(::getpid()));
  for (const auto& [key, value] : settings.resource) all.named(key, value);
  all.close();
}

}  // namespace

otlp_json::otlp_json(const trace_settings& settings) : store_system_(settings.store_system) {
  head_ = R"({"resourceSpans":[{"resource":{"attributes":)";
  append_resource(head_, settings);
  head_ += R"(},"scopeSpans":[{"scope":{"name":"longhaul","version":")" LONGHAUL_VERSION
           R"("},"spans":[)";
}

std::string otlp_json::request(std::span<const span> batch) const {
  std::string body = head_;
  body.reserve(body.size() + batch.size() * tunables::usual_span);
  for (const span& one : batch) {
    if (&one != &batch.front()) body += ',';
    append_span(body, one);
  }
  return body += "]}]}]}";
}

void otlp_json::append_span(std::string& out, const span& one) const {
  const span_ids ids(*one.origin);
  const span_id parent = parent_of(one, ids);
  const bool remote = one.kind == span_kind::call && parent != 0;
  append_hex(out += R"({"traceId":")", ids.trace());
  append_hex(out += R"(","spanId":")", id_of(one, ids));
  if (parent != 0) append_hex(out += R"(","parentSpanId":")", parent);
  out += '"';
  if (ids.caller() && !ids.caller()->state.empty()) {
    json::append_string(out += R"(,"traceState":)", ids.caller()->state);
  }
  const std::uint64_t flags = sampled_flag | remoteness_known | (remote ? parent_is_remote : 0U);
  json::append_number(out += R"(,"flags":)", flags);
  json::append_string(out += R"(,"name":)", name_of(one));
  json::append_number(out += R"(,"kind":)", std::int64_t{kind_number(one.kind)});
  json::append_number(out += R"(,"startTimeUnixNano":")", nanoseconds(one.from));
  json::append_number(out += R"(","endTimeUnixNano":")", nanoseconds(std::max(one.from, one.to)));
  append_attributes(out += R"(","attributes":)", one);
  append_status(out += R"(,"status":)", one);
  out += '}';
}

void otlp_json::append_attributes(std::string& out, const span& one) const {
  attribute_list all(out);
  if (one.kind == span_kind::call) {
    const call_name name = called(one.origin->tool);
    all.text("mcp.method.name", name.method);
    if (!name.key.empty()) all.text(name.key, name.target);
    if (name.is_tool) all.text("gen_ai.operation.name", "execute_tool");
    all.number("longhaul.attempts", one.attempt);
  }
  all.text("longhaul.task.id", shown_id(one.origin->id));
  if (one.kind == span_kind::attempt || one.kind == span_kind::queue) {
    all.number("longhaul.attempt", one.attempt);
  }
  if (one.kind == span_kind::question) {
    all.number("longhaul.questions", one.questions);
    all.boolean("longhaul.answered", one.outcome == span_outcome::answered);
  }
  if (kind_number(one.kind) == client_kind && !store_system_.empty()) {
    all.text("db.system.name", store_system_);
  }
  if (const auto outcome = outcome_name(one.outcome); !outcome.empty()) {
    all.text("longhaul.outcome", outcome);
  }
  if (is_error(one.outcome)) all.text("error.type", error_type(one));
  if (const auto code = json::value(one.failure)["code"].integer()) {
    all.text("rpc.response.status_code", std::to_string(*code));
  }
  all.close();
}

}  // namespace longhaul::telemetry
