// SPDX-License-Identifier: Apache-2.0
#include "client/link.hpp"

#include "client/tunables.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "longhaul/client_error.hpp"

namespace longhaul::remote {

request_error::request_error(const client_error& from) : client_error(from) {
  const auto* const whole = dynamic_cast<const request_error*>(&from);
  if (whole == nullptr) return;
  by_http = whole->by_http;
  retry_after = whole->retry_after;
  said = whole->said;
}

request_error::request_error(const request_error& from, const std::string& text)
    : client_error(from.why(), text, from.code(), from.data()),
      by_http(from.by_http),
      retry_after(from.retry_after),
      said(from.said) {}

std::string shown(std::string_view text) {
  std::string clean;
  json::append_utf8(clean, text.substr(0, tunables::shown_text));
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return text.size() > tunables::shown_text ? clean + "…" : clean;
}

raw_json read_message(std::string_view text, std::string_view from) {
  constexpr auto broken = client_error::kind::broken;
  try {
    raw_json message = raw_json::parse(text);
    if (json::value(message).is(json::kind::object)) return message;
    throw client_error(broken, std::string(from) + " sent no message: " + shown(text));
  } catch (const invalid_json& e) {
    throw client_error(
        broken, std::string(from) + " sent what is no JSON (" + e.what() + "): " + shown(text));
  }
}

}  // namespace longhaul::remote
