// SPDX-License-Identifier: Apache-2.0
// How a task ended, as JSON.
#include "json/write.hpp"
#include "longhaul/task.hpp"

namespace longhaul {

outcome outcome::result(raw_json body, bool is_error) {
  outcome made;
  made.body = std::move(body);
  made.is_error = is_error;
  return made;
}

outcome outcome::tool_error(std::string_view text) {
  std::string body = R"({"content":[{"type":"text","text":)";
  json::append_string(body, text);
  body += "}],\"isError\":true}";
  return result(raw_json::trusted(std::move(body)), true);
}

outcome outcome::protocol_error(int code, std::string_view message, const raw_json& data) {
  std::string text;
  json::object error(text);
  error.integer("code", code).string("message", message);
  if (data) error.raw("data", data);
  error.close();
  outcome made;
  made.body = raw_json::trusted(std::move(text));
  made.is_protocol_error = true;
  return made;
}

}  // namespace longhaul
