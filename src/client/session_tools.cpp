// SPDX-License-Identifier: Apache-2.0
// What is known of a server's tools, and which of them are left out.
#include "client/mirrored.hpp"
#include "client/session.hpp"
#include "client/tunables.hpp"
#include "json/write.hpp"

namespace longhaul::remote {

awaitable<raw_json> session::tool(std::string wanted, bool anew, interruption& ended) {
  const auto self = shared_from_this();
  co_await ready(ended);
  std::vector<raw_json> all;
  if (tools_ && !anew) {
    all = *tools_;
  } else {
    all = co_await list("tools/list", "tools", ended);
  }
  for (const raw_json& each : all) {
    if (json::value(each)["name"].equals(wanted)) co_return each;
  }
  co_return raw_json();
}

// Over HTTP tools are left out whose arguments cannot be mirrored as the server says (MCP
// 2026-07-28, "x-mcp-header"): one of them is no reason to do without the others.
void session::keep_tools(std::vector<raw_json>& all) {
  std::map<std::string, std::string> faulty;
  const auto is_faulty = [&](const raw_json& tool) {
    const std::string fault = mirroring_fault(tool);
    if (fault.empty()) return false;
    const std::string called = json::value(tool)["name"].string().value_or("");
    const auto known = faulty_tools_.find(called);
    if (known == faulty_tools_.end() || known->second != fault) tell_left_out(called, fault);
    faulty.emplace(called, fault);
    return true;
  };
  if (stateless() && link_->http()) std::erase_if(all, is_faulty);
  faulty_tools_ = std::move(faulty);
  tools_ = all;
}

void session::tell_left_out(const std::string& name, const std::string& fault) {
  if (!options_.on_log) return;
  std::string params;
  json::object o(params);
  o.string("level", "warning").string("logger", "longhaul");
  o.string("data", "the tool '" + name + "' is left out: " + fault).close();
  calls_back().post_or_drop(
      [handler = options_.on_log, said = raw_json::trusted(params)] { handler(said); },
      tunables::words_behind);
}

header_list session::mirrored(const std::string& name, const raw_json& arguments) const {
  if (!tools_ || !stateless() || !link_->http()) return {};
  for (const raw_json& each : *tools_) {
    if (json::value(each)["name"].equals(name)) return mirrored_headers(each, arguments);
  }
  const auto faulty = faulty_tools_.find(name);
  if (faulty == faulty_tools_.end()) return {};
  throw client_error(client_error::kind::broken,
                     "the tool '" + name + "' cannot be called over HTTP: " + faulty->second);
}

}  // namespace longhaul::remote
