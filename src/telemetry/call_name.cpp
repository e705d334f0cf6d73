// SPDX-License-Identifier: Apache-2.0
#include "telemetry/call_name.hpp"

namespace longhaul::telemetry {
namespace {

constexpr std::string_view prompt_key = "gen_ai.prompt.name", uri_key = "mcp.resource.uri";

}  // namespace

call_name called(std::string_view tool) noexcept {
  const std::size_t slash = tool.find('/');
  const std::string_view kind = tool.substr(0, slash);
  if (slash == std::string_view::npos) return {"tools/call", "gen_ai.tool.name", tool, true};
  const std::string_view rest = tool.substr(slash + 1);
  if (kind == "prompts") return {"prompts/get", prompt_key, rest};
  if (kind == "resources") return {"resources/read", uri_key, rest};
  if (kind == "completion") return {"completion/complete", {}, {}};
  return {rest, {}, {}};
}

std::string call_name::span_name() const {
  std::string name(method);
  if (!key.empty() && key != uri_key) name.append(" ").append(target);
  return name;
}

}  // namespace longhaul::telemetry
