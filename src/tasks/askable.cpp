// SPDX-License-Identifier: Apache-2.0
#include "tasks/askable.hpp"

#include "json/view.hpp"
#include "json/write.hpp"

namespace longhaul::tasks {
namespace {

constexpr std::string_view askable_key = "longhaul.dev/can-be-asked";

}  // namespace

std::string askable_member(std::span<const client_capability> all) {
  std::string out("\"");
  out.append(askable_key).append("\":");
  json::array items(out);
  for (const client_capability one : all) {
    items.next().append("\"").append(to_string(one)).append("\"");
  }
  items.close();
  return out;
}

bool may_ask(const raw_json& kept, client_capability asked_so) {
  const json::value all = json::value(kept)[askable_key];
  for (json::elements e(all); e.next();) {
    if (e.value().equals(to_string(asked_so))) return true;
  }
  return false;
}

}  // namespace longhaul::tasks
