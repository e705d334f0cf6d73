// SPDX-License-Identifier: Apache-2.0
// How a client learns what it speaks to: `server/discover` (2026-07-28), the reply to `initialize`
// (before), and `ping`.
#include "wire/extensions.hpp"
#include "wire/method_table.hpp"
#include "wire/methods/initialize.hpp"
#include "wire/questions.hpp"
#include "wire/result_writer.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {

awaitable<wire_reply> discover(context& shared, const incoming& request) {
  const serving::server_identity& identity = shared.server.identity();
  result_writer result(shared, request, 512 + identity.instructions.size());
  json::object& members = result.members();
  members.raw("supportedVersions", supported_versions_json());
  json::object capabilities(members.key("capabilities"));
  append_capabilities(capabilities, shared.server, request.look, request.who);
  capabilities.close();
  if (!identity.instructions.empty()) members.string("instructions", identity.instructions);
  result.caching(tunables::list_ttl, true);
  co_return result.end();
}

awaitable<wire_reply> ping(context& shared, const incoming& request) {
  co_return empty_result(shared, request);
}

result<initialization> read_initialize(json::value params, const serving::catalog& features) {
  const auto version = params["protocolVersion"].string();
  if (!version) return fault{"'protocolVersion' must be a string"};
  initialization wanted;
  wanted.look = &look_of(negotiate(*version));
  wanted.modes = question_modes_in(params["capabilities"], wanted.look->questions);
  wanted.extensions = declared_extensions(params["capabilities"], features.extensions());
  return wanted;
}

wire_reply initialize_reply(const context& shared, json::value id, const revision_look& look,
                            const serving::caller& who) {
  const serving::server_identity& identity = shared.server.identity();
  wire_reply reply;
  begin_result(reply.body, id, 512 + identity.instructions.size());
  json::object o(reply.body);
  o.string("protocolVersion", to_string(look.version));
  json::object capabilities(o.key("capabilities"));
  append_capabilities(capabilities, shared.server, look, who);
  capabilities.close();
  o.raw("serverInfo", server_info(identity, look.features));
  if (!identity.instructions.empty()) o.string("instructions", identity.instructions);
  o.close();
  end_message(reply.body);
  return reply;
}

}  // namespace longhaul::wire
