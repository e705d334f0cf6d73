// SPDX-License-Identifier: Apache-2.0
#include "client/messages.hpp"

#include <algorithm>
#include <stdexcept>

#include "json/write.hpp"
#include "typed/binary.hpp"

namespace longhaul::remote {
namespace {

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
  std::string out = R"({"roots":)";
  json::array items(out);
  for (const root& one : given) {
    json::object o(items.next());
    o.string("uri", one.uri);
    if (!one.name.empty()) o.string("name", one.name);
    o.close();
  }
  items.close();
  return out += '}';
}

}  // namespace

raw_json copy_of(json::value value) { return value ? raw_json::parse(value.raw()) : raw_json(); }

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

}  // namespace longhaul::remote
