// SPDX-License-Identifier: Apache-2.0
// Resources, the same in every revision but for the code of "not found". Server features
// "Resources". Which there are: `server/resource_source.hpp`.
#include <string>

#include "longhaul/result.hpp"
#include "wire/method_table.hpp"
#include "wire/refusals.hpp"
#include "wire/result_json.hpp"
#include "wire/result_writer.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

// Writes the member `contents`: one block, whose `_meta` says which bytes of how many these are.
void append_contents(json::object& into, std::string_view uri,
                     const serving::resource_contents& contents) {
  const content_item block = contents.is_text
                                 ? embedded_text(uri, "text/plain", contents.bytes)
                                 : embedded_blob(uri, "application/octet-stream", contents.bytes);
  std::string& out = into.key("contents");
  out += '[';
  json::object o(out);
  append_members_except(o, json::value(block.json())["resource"], "_meta");
  json::object meta(o.key("_meta"));
  meta.integer("longhaul.dev/offset", contents.offset);
  meta.integer("longhaul.dev/nextOffset", contents.next_offset);
  meta.integer("longhaul.dev/total", contents.total);
  if (contents.lost_from) meta.integer("longhaul.dev/lostFrom", *contents.lost_from);
  meta.close();
  o.close();
  out += ']';
}

// `data` of the error for a resource that does not exist.
std::string not_found_data(std::string_view uri) {
  std::string data;
  json::object o(data);
  o.string("uri", uri);
  o.close();
  return data;
}

bool has_resources(const serving::dispatcher& server, const revision_look&) {
  return server.has_resources();
}

void advertise_resources(json::object& into, const serving::dispatcher&, const revision_look&,
                         const serving::caller&) {
  into.raw("resources", "{}");
}

}  // namespace

extern const feature resources;
constexpr feature resources = {.offered = has_resources, .advertise = advertise_resources};

awaitable<wire_reply> list_resources(context& shared, const incoming& request) {
  if (request.call.params["cursor"]) co_return invalid_params(request, "there is only one page");
  result_writer result(shared, request);
  result.members().raw("resources", "[]");  // outputs of tasks: their results link them
  result.caching(tunables::list_ttl, true);
  co_return result.end();
}

awaitable<wire_reply> list_resource_templates(context& shared, const incoming& request) {
  if (request.call.params["cursor"]) co_return invalid_params(request, "there is only one page");
  result_writer result(shared, request, 1024);
  std::string& out = result.members().key("resourceTemplates");
  out += '[';
  for (const serving::resource_template& one : shared.server.resource_templates()) {
    if (out.back() != '[') out += ',';
    json::object o(out);
    o.string("uriTemplate", one.uri).string("name", one.name);
    o.string("description", one.description).string("mimeType", one.mime_type);
    o.close();
  }
  out += ']';
  result.caching(tunables::list_ttl, true);
  co_return result.end();
}

awaitable<wire_reply> read_resource(context& shared, const incoming& request) {
  const std::string uri = *request.call.params["uri"].string();
  const auto reply = co_await shared.server.read_resource(request.who, uri);
  if (const auto* refused = std::get_if<serving::refused>(&reply)) {
    const bool unknown = refused->why == serving::refusal::unknown_resource;
    co_return refuse(request, *refused, unknown ? not_found_data(uri) : std::string());
  }
  const auto& contents = std::get<serving::resource_contents>(reply);
  result_writer result(shared, request, contents.bytes.size() + 512);
  append_contents(result.members(), uri, contents);
  result.caching(milliseconds(0), false);  // it grows, and it is one caller's
  co_return result.end();
}

}  // namespace longhaul::wire
