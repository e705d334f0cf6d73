// SPDX-License-Identifier: Apache-2.0
// How a task ended, as JSON.
#include "json/write.hpp"
#include "longhaul/task.hpp"

namespace longhaul {

outcome outcome::result(raw_json body, bool is_error) {
  outcome result;
  result.body = std::move(body);
  result.is_error = is_error;
  return result;
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
  outcome result;
  result.body = raw_json::trusted(std::move(text));
  result.is_protocol_error = true;
  return result;
}

}  // namespace longhaul
