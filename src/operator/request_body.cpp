// SPDX-License-Identifier: Apache-2.0
#include "operator/request_body.hpp"

#include <algorithm>

#include "json/validate.hpp"
#include "operator/api_error.hpp"

namespace longhaul::operating {

request_body::request_body(const std::string& text,
                           std::initializer_list<std::string_view> members) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return;
  try {
    json::validate(text);
  } catch (const invalid_json& e) {
    throw api_error(400, std::string("the body is not JSON: ") + e.what());
  }
  whole_ = json::value(text);
  if (!whole_.is(json::kind::object)) throw api_error(400, "the body must be a JSON object");
  for (json::members member(whole_); member.next();) {
    if (std::ranges::find(members, member.key()) != members.end()) continue;
    std::string known;
    for (const std::string_view one : members) {
      known.append(known.empty() ? "" : ", ").append(one);
    }
    throw api_error(400, "the body has no member \"" + std::string(member.key()) + "\"",
                    known.empty() ? "it is empty" : "it has " + known);
  }
}

std::string request_body::text(std::string_view name) const {
  const json::value given = whole_[name];
  if (!given || given.is(json::kind::null)) return {};
  auto text = given.string();
  if (!text) throw api_error(400, std::string(name) + " must be a string");
  return *std::move(text);
}

}  // namespace longhaul::operating
