// SPDX-License-Identifier: Apache-2.0
#include "wire/jsonrpc.hpp"

#include "json/validate.hpp"
#include "json/write.hpp"

namespace longhaul::wire {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

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
};

std::variant<message, malformed> read_call(const envelope& from) {
  const auto refuse = [&](std::string_view reason) {
    return malformed{code::invalid_request, reason, from.id};
  };
  auto method = from.method.string();
  if (!method) return refuse("Invalid request: 'method' must be a string");
  if (from.params && !from.params.is(json::kind::object)) {
    return refuse("Invalid request: 'params' must be an object");
  }
  if (from.result || from.error) {
    return refuse("Invalid request: 'method' beside 'result' or 'error'");
  }
  message read;
  read.kind = from.id ? message_kind::request : message_kind::notification;
  read.id = from.id;
  read.method = std::move(*method);
  read.params = json::indexed(from.params);
  return read;
}

std::variant<message, malformed> read_response(const envelope& from) {
  if (bool(from.result) == bool(from.error)) {
    return malformed{code::invalid_request,
                     "Invalid request: neither a request, a notification nor a response", from.id};
  }
  message read;
  read.kind = message_kind::response;
  read.id = from.id;
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
    return malformed{code::parse_error, "Parse error: byte order mark", {}};
  }
  try {
    json::validate_in_place(text);
  } catch (const invalid_json&) {
    return malformed{code::parse_error, "Parse error: not a JSON text that is accepted here", {}};
  }
  return std::nullopt;
}

std::variant<message, malformed> read_message(json::value text) {
  if (!text.is(json::kind::object)) {
    return malformed{code::invalid_request, "Invalid request: a message must be an object", {}};
  }
  envelope from;
  for (json::members m(text); m.next();) from.take(m.key(), m.value());

  if (from.id_twice) {
    return malformed{code::invalid_request, "Invalid request: 'id' comes twice", {}};
  }
  if (from.id && !is_valid_id(from.id)) {
    return malformed{
        code::invalid_request, "Invalid request: 'id' must be a string or an integer", {}};
  }
  if (from.twice) {
    return malformed{code::invalid_request, "Invalid request: a member comes twice", from.id};
  }
  if (!from.jsonrpc.equals("2.0")) {
    return malformed{code::invalid_request, "Invalid request: 'jsonrpc' must be \"2.0\"", from.id};
  }
  return from.method ? read_call(from) : read_response(from);
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

std::string error_reply_null_id(int error_code, std::string_view text) {
  return error_reply(json::value(std::string_view("null")), error_code, text);
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

}  // namespace longhaul::wire
