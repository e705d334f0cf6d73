// SPDX-License-Identifier: Apache-2.0
#include "terminal/handle_line.hpp"

#include <cstdint>

#include "json/view.hpp"
#include "json/write.hpp"

namespace longhaul::terminal {
namespace {

raw_json kept_spec(const raw_json& spec) {
  std::string text;
  json::object kept(text);
  const json::value given(spec);
  for (const std::string_view name : {"name", "file", "command", "directory"}) {
    if (const json::value member = given[name]) kept.raw(name, member.raw());
  }
  if (const auto url = given["url"].string()) kept.string("url", without_password(*url));
  kept.close();
  return raw_json::trusted(std::move(text));
}

std::optional<timestamp> time_in(json::value member) {
  const auto number = member.integer();
  if (!number) return std::nullopt;
  return timestamp(milliseconds(*number));
}

}  // namespace

std::string without_password(std::string_view url) {
  const std::size_t host = url.find("://");
  if (host == std::string_view::npos) return std::string(url);
  const std::string_view rest = url.substr(host + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  return std::string(url.substr(0, host + 3)).append(rest.substr(at + 1));
}

std::string handle_line(const handle& shown) {
  std::string line;
  json::object object(line);
  object.string("id", shown.id).string("server", without_password(shown.server));
  object.string("tool", shown.tool).string("era", shown.era);
  if (!shown.label.empty()) object.string("label", shown.label);
  object.integer("created", shown.created.time_since_epoch().count());
  if (shown.expires) object.integer("expires", shown.expires->time_since_epoch().count());
  if (shown.last_status) object.string("status", to_string(*shown.last_status));
  object.raw("serverSpec", kept_spec(shown.server_spec));
  object.close();
  return line + "\n";
}

std::optional<handle> read_handle(std::string_view line) {
  raw_json text;
  try {
    text = raw_json::parse(line);
  } catch (const invalid_json&) {
    return std::nullopt;
  }
  const json::indexed object{json::value(text)};
  const auto id = object["id"].string(), server = object["server"].string();
  const auto created = time_in(object["created"]);
  if (!id || id->empty() || !server || !created) return std::nullopt;
  handle result;
  result.id = *id;
  result.server = *server;
  result.tool = object["tool"].string().value_or("");
  result.era = object["era"].string().value_or("");
  result.label = object["label"].string().value_or("");
  result.created = *created;
  result.expires = time_in(object["expires"]);
  if (const auto status = object["status"].string())
    result.last_status = parse_task_status(*status);
  if (const json::value spec = object["serverSpec"]; spec.is(json::kind::object)) {
    result.server_spec = raw_json::trusted(spec.raw());
  }
  return result;
}

}  // namespace longhaul::terminal
