// SPDX-License-Identifier: Apache-2.0
#include "testing/messages.hpp"

#include <algorithm>
#include <stdexcept>

#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/binary.hpp"

namespace longhaul::testkit {
namespace {

raw_json copy_of(json::value value) { return value ? raw_json::parse(value.raw()) : raw_json(); }

bool is_asked(const answering& callback, const client_options& options,
              std::initializer_list<client_capability> any) {
  return callback || std::ranges::any_of(any, [&](client_capability one) {
           return std::ranges::find(options.can, one) != options.can.end();
         });
}

bool has(const answering& callback, const client_options& options, client_capability one) {
  return is_asked(callback, options, {one});
}

std::string elicitation_text(const answer& given) {
  constexpr std::string_view names[] = {"accept", "decline", "cancel"};
  std::string out;
  json::object o(out);
  o.string("action", names[static_cast<std::size_t>(given.chosen)]);
  if (given.content) o.raw("content", given.content);
  o.close();
  return out;
}

std::string sampling_text(const sampling_response& given) {
  std::string items;
  for (const content_item& item : given.content) {
    if (!items.empty()) items += ',';
    items += item.json().view();
  }
  std::string out;
  json::object o(out);
  o.string("role", to_string(given.role));
  o.raw("content", given.content.size() == 1 ? items : "[" + items + "]");
  o.string("model", given.model);
  if (!given.stop_reason.empty()) o.string("stopReason", given.stop_reason);
  o.close();
  return out;
}

std::string roots_text(const std::vector<root>& given) {
  std::string out = R"({"roots":[)";
  for (const root& one : given) {
    if (out.back() != '[') out += ',';
    json::object o(out);
    o.string("uri", one.uri);
    if (!one.name.empty()) o.string("name", one.name);
    o.close();
  }
  return out + "]}";
}

std::optional<std::chrono::milliseconds> time_in(json::value task, std::string_view name,
                                                 std::string_view other_name) {
  json::value found = task[name];
  if (!found) found = task[other_name];
  const auto count = found.integer();
  return count ? std::optional(std::chrono::milliseconds(*count)) : std::nullopt;
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string header_value(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }) &&
                     !text.starts_with(' ') && !text.ends_with(' ') && !text.starts_with("=?");
  return plain ? std::string(text) : "=?base64?" + longhaul::detail::base64(text) + "?=";
}

std::string message_text(std::uint64_t id, std::string_view method, const raw_json& params) {
  std::string out;
  json::object o(out);
  o.string("jsonrpc", "2.0");
  if (id != 0) o.integer("id", id);
  o.string("method", method);
  if (params) o.raw("params", params);
  o.close();
  return out;
}

raw_json with_members(const raw_json& object, const member_list& more) {
  const json::value had(object);
  if (had && !had.is(json::kind::object)) {
    throw std::invalid_argument("parameters must be an object: " + std::string(object.view()));
  }
  std::string out;
  json::object o(out);
  for (json::members m(had); m.next();) o.raw(m.key(), m.value().raw());
  for (const auto& [name, value] : more) {
    if (!had[name]) o.raw(name, value);
  }
  o.close();
  return raw_json::parse(out);
}

raw_json with_meta(const raw_json& params, const member_list& more) {
  if (more.empty()) return params;
  const raw_json meta = with_members(copy_of(json::value(params)["_meta"]), more);
  std::string out;
  json::object o(out);
  for (json::members m{json::value(params)}; m.next();) {
    if (m.key() != "_meta") o.raw(m.key(), m.value().raw());
  }
  o.raw("_meta", meta);
  o.close();
  return raw_json::parse(out);
}

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

answer_text text_of_answer(std::string_view method, const question_reply& given) {
  try {
    if (method == "sampling/createMessage") return {sampling_text(given.sampled())};
    if (method == "roots/list") return {roots_text(given.roots())};
    return {elicitation_text(given.elicited())};
  } catch (const question_refused& why) {
    std::string out;
    json::object o(out);
    o.integer("code", why.code()).string("message", why.what());
    o.close();
    return {{}, std::move(out)};
  }
}

std::string result_of_answer(std::string_view method, const question_reply& given) {
  answer_text text = text_of_answer(method, given);
  if (text.error.empty()) return std::move(text.result);
  throw std::logic_error("in this revision no question can be refused with an error");
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
