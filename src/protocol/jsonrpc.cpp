// SPDX-License-Identifier: Apache-2.0
#include "protocol/jsonrpc.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "json/validate.hpp"
#include "json/write.hpp"
#include "protocol/tunables.hpp"

namespace longhaul::protocol {
namespace {

bool is_integer_token(std::string_view token) noexcept {
  return token.find_first_not_of("-0123456789") == std::string_view::npos;
}

bool is_valid_id(json::value id) noexcept {
  return id.is(json::kind::string) || (id.is(json::kind::number) && is_integer_token(id.raw()));
}

// The members of an envelope as they were found; a second one of a name sets `twice`.
struct envelope {
  json::value jsonrpc, id, method, params, result, error;
  bool twice = false;
  bool id_twice = false;
  bool has_outcome = false;  // `result` or `error`, if only as null

  void take(std::string_view key, json::value value) {
    json::value* place = nullptr;
    if (key == "jsonrpc") {
      place = &jsonrpc;
    } else if (key == "id") {
      place = &id;
    } else if (key == "method") {
      place = &method;
    } else if (key == "params") {
      place = &params;
    } else if (key == "result") {
      place = &result;
    } else if (key == "error") {
      place = &error;
    } else {
      return;
    }
    if (*place) {
      twice = true;
      id_twice = id_twice || place == &id;
    }
    *place = value;
  }

  // What may be left out may be null; but for the id, which says that an answer is expected.
  void drop_nulls() {
    has_outcome = result || error;
    for (json::value* member : {&method, &params, &result, &error}) {
      if (member->is(json::kind::null)) *member = {};
    }
  }

  bool is_response() const { return has_outcome && !method; }
  bool is_notification() const { return method && !id; }

  malformed refuse(std::string_view reason) const {
    malformed fault{code::invalid_request, reason};
    if (is_valid_id(id)) fault.id = id;
    fault.unanswerable = is_response() || is_notification();
    return fault;
  }
};

std::variant<message, malformed> read_call(const envelope& from) {
  auto method = from.method.string();
  if (!method) return from.refuse("Invalid request: 'method' must be a string");
  if (from.params && !from.params.is(json::kind::object)) {
    return from.refuse("Invalid request: 'params' must be an object");
  }
  if (from.result || from.error) {
    return from.refuse("Invalid request: 'method' beside 'result' or 'error'");
  }
  message read;
  read.kind = from.id ? message_kind::request : message_kind::notification;
  read.id = from.id;
  read.method = std::move(*method);
  read.params = json::indexed(from.params);
  return read;
}

std::variant<message, malformed> read_response(const envelope& from) {
  if (!from.has_outcome || (from.result && from.error)) {
    return from.refuse("Invalid request: neither a request, a notification nor a response");
  }
  message read;
  read.kind = message_kind::response;
  if (!from.id.is(json::kind::null)) read.id = from.id;
  read.result = from.result;
  read.error = from.error;
  return read;
}

void begin_envelope(std::string& out, json::value id) {
  out += R"({"jsonrpc":"2.0")";
  if (id) {
    out += R"(,"id":)";
    out += id.raw();
  }
}

}  // namespace

std::optional<malformed> validate_text(std::string& text) {
  // simdjson skips a byte order mark; the specification of JSON lets us, but a stream of lines that
  // has one in its middle is broken elsewhere too.
  if (std::string_view(text).starts_with(byte_order_mark)) {
    return refuse_text(text, code::parse_error, "Parse error: byte order mark");
  }
  try {
    json::validate_in_place(text, "id");
  } catch (const invalid_json&) {
    return refuse_text(text, code::parse_error,
                       "Parse error: not a JSON text that is accepted here");
  }
  return std::nullopt;
}

std::variant<message, malformed> read_message(json::value text) {
  if (!text.is(json::kind::object)) {
    return malformed{code::invalid_request, "Invalid request: a message must be an object"};
  }
  envelope from;
  for (json::members m(text); m.next();) from.take(m.key(), m.value());
  from.drop_nulls();

  if (from.id_twice) return from.refuse("Invalid request: 'id' comes twice");
  // JSON-RPC 2.0: the error that answers what could not be read has the id null.
  const bool null_response = from.is_response() && from.id.is(json::kind::null);
  if (from.id && !is_valid_id(from.id) && !null_response) {
    return from.refuse("Invalid request: 'id' must be a string or an integer");
  }
  if (from.twice) return from.refuse("Invalid request: a member comes twice");
  if (!from.jsonrpc.equals("2.0")) {
    return from.refuse("Invalid request: 'jsonrpc' must be \"2.0\"");
  }
  return from.method ? read_call(from) : read_response(from);
}

malformed refuse_text(std::string_view text, int error_code, std::string_view reason) {
  malformed fault{error_code, reason};
  fault.elements = glimpses_of(text, tunables::batch_messages);
  if (fault.elements.empty()) {
    const glimpse seen = glimpse_of(text);
    fault.id = seen.id;
    fault.unanswerable = seen.unanswerable;
    return fault;
  }
  fault.unanswerable =
      std::ranges::all_of(fault.elements, [](const glimpse& one) { return one.unanswerable; });
  return fault;
}

std::string id_key(json::value id) {
  if (auto text = id.string()) {
    text->insert(text->begin(), 's');
    return std::move(*text);
  }
  if (const auto number = id.integer()) return "i" + std::to_string(*number);
  return "i" + std::string(id.raw());  // beyond 63 bits: its digits
}

void begin_result(std::string& out, json::value id, std::size_t size_hint) {
  out.reserve(out.size() + size_hint + id.raw().size() + 40);
  begin_envelope(out, id);
  out += R"(,"result":)";
}

void end_message(std::string& out) { out.push_back('}'); }

std::string result_reply(json::value id, std::string_view result) {
  std::string out;
  begin_result(out, id, result.size());
  out += result;
  end_message(out);
  return out;
}

std::string error_reply(json::value id, int error_code, std::string_view text,
                        std::string_view data) {
  std::string out;
  out.reserve(id.raw().size() + text.size() + data.size() + 80);
  begin_envelope(out, id);
  out += R"(,"error":)";
  json::object error(out);
  error.integer("code", error_code).string("message", text);
  if (!data.empty()) error.raw("data", data);
  error.close();
  end_message(out);
  return out;
}

std::string error_reply_null_id(int error_code, std::string_view text, std::string_view data) {
  return error_reply(json::value(std::string_view("null")), error_code, text, data);
}

std::string refusal_reply(const malformed& fault, bool null_ids, std::string_view data) {
  if (fault.unanswerable) return {};
  std::string replies;
  for (const glimpse& one : fault.elements) {
    if (!one.id || one.unanswerable) continue;
    replies += replies.empty() ? '[' : ',';
    replies += error_reply(one.id, fault.code, fault.reason, data);
  }
  if (!replies.empty()) return replies + "]";
  if (!fault.id && null_ids) return error_reply_null_id(fault.code, fault.reason, data);
  return error_reply(fault.id, fault.code, fault.reason, data);
}

std::string error_object_reply(json::value id, std::string_view error) {
  std::string out;
  out.reserve(id.raw().size() + error.size() + 40);
  begin_envelope(out, id);
  out += R"(,"error":)";
  out += error;
  end_message(out);
  return out;
}

void begin_notification(std::string& out, std::string_view method, std::size_t size_hint) {
  out.reserve(out.size() + size_hint + method.size() + 48);
  out += R"({"jsonrpc":"2.0","method":)";
  json::append_string(out, method);
  out += R"(,"params":{)";
}

}  // namespace longhaul::protocol
