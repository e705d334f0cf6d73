// SPDX-License-Identifier: Apache-2.0
// Resources, for all revisions: listed, read, and followed. Server features "Resources". Those of
// the catalog come first; what sources have (`server/resource_source.hpp`) behind them.
#include <string>

#include "longhaul/result.hpp"
#include "wire/call_parameters.hpp"
#include "wire/calling.hpp"
#include "wire/feature_json.hpp"
#include "wire/feature_pages.hpp"
#include "wire/method_table.hpp"
#include "wire/result_json.hpp"

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
  if (contents.ended) meta.boolean("longhaul.dev/ended", true);
  if (contents.lost_from) meta.integer("longhaul.dev/lostFrom", *contents.lost_from);
  meta.close();
  o.close();
  out += ']';
}

bool has_resources(const serving::dispatcher& server, const revision_look&) {
  const serving::catalog& features = server.features();
  return server.has_sources() || features.changes() || !features.resources().empty() ||
         !features.templates().empty();
}

void advertise_resources(json::object& into, const serving::dispatcher& server,
                         const revision_look&, const serving::caller&) {
  json::object o(into.key("resources"));
  o.boolean("subscribe", true);
  if (server.features().changes()) o.boolean("listChanged", true);
  o.close();
}

wire_reply refuse_resource(const incoming& request, const serving::refused& why,
                           std::string_view uri) {
  if (why.why == serving::refusal::unknown_resource) return resource_not_found(request, uri);
  return refuse(request, why);
}

// What a source has.
awaitable<wire_reply> read_source(context& shared, const incoming& request, std::string uri) {
  const auto reply = co_await shared.server.read_resource(request.who, uri);
  if (const auto* refused = std::get_if<serving::refused>(&reply)) {
    co_return refuse_resource(request, *refused, uri);
  }
  const auto& contents = std::get<serving::resource_contents>(reply);
  result_writer result(shared, request, contents.bytes.size() + 512);
  append_contents(result.members(), uri, contents);
  result.caching(milliseconds(0), false);  // it grows, and it is one caller's
  co_return result.end();
}

wire_reply reply_with_fixed(const context& shared, const incoming& request,
                            const serving::resource_entry& resource) {
  const std::string_view body = resource.fixed.view();
  result_writer result(shared, request, body.size() + 64);
  result.members().raw("contents", json::value(body)["contents"].raw());
  result.caching(resource.options.caching.fresh, resource.options.caching.for_everybody);
  return result.end();
}

// `"ttlMs":…,"cacheScope":…,`
std::string caching_members(const caching& how) {
  return R"("ttlMs":)" + std::to_string(how.fresh.count()) + R"(,"cacheScope":")" +
         (how.for_everybody ? "public" : "private") + R"(",)";
}

awaitable<wire_reply> read_by_handler(context& shared, const incoming& request,
                                      serving::found_resource found, std::string uri) {
  auto call = read_run(shared, request, found.resource->run, std::move(found.call));
  if (!call) co_return invalid_params(request, call.error().words);
  const std::string lead = caching_members(found.resource->options.caching);
  call_kind kind;
  kind.missing_resource = uri;
  kind.lead = lead;
  co_return co_await run_call(shared, request, *std::move(call), kind);
}

}  // namespace

extern const feature resources;
constexpr feature resources = {.offered = has_resources, .advertise = advertise_resources};

awaitable<wire_reply> list_resources(context& shared, const incoming& request) {
  return at_once(list_page(shared, request, "resources", shared.server.features().resources(),
                           [&](std::string& out, const serving::resource_entry& resource) {
                             append_resource(out, resource, request.look.features);
                           }));
}

awaitable<wire_reply> list_resource_templates(context& shared, const incoming& request) {
  return at_once(list_page(
      shared, request, "resourceTemplates", shared.server.features().templates(),
      [&](std::string& out, const serving::resource_entry& family) {
        append_resource_template(out, family, request.look.features);
      },
      [&](std::string& out) {
        for (const serving::resource_template& one : shared.server.source_templates()) {
          if (out.back() != '[') out += ',';
          json::object o(out);
          o.string("uriTemplate", one.uri).string("name", one.name);
          o.string("description", one.description).string("mimeType", one.mime_type);
          o.close();
        }
      }));
}

awaitable<wire_reply> read_resource(context& shared, const incoming& request) {
  std::string uri = *request.call.params["uri"].string();
  auto found = shared.server.features().find_resource_for(request.who, uri);
  if (!found) return read_source(shared, request, std::move(uri));
  if (found->resource->fixed && !shared.server.has_middleware()) {
    return at_once(reply_with_fixed(shared, request, *found->resource));
  }
  return read_by_handler(shared, request, *std::move(found), std::move(uri));
}

awaitable<wire_reply> subscribe_resource(context& shared, const incoming& request) {
  const std::string uri = *request.call.params["uri"].string();
  const auto found = co_await shared.server.hold_resource(request.who, uri);
  if (const auto* refused = std::get_if<serving::refused>(&found)) {
    co_return refuse_resource(request, *refused, uri);
  }
  if (!request.client->news().subscribe(uri, std::get<serving::resource_hold_ptr>(found))) {
    co_return busy(request.look, request.call.id,
                   "this session follows as many resources as it may (" +
                       std::to_string(tunables::watched_resources) + ", with addresses of " +
                       std::to_string(tunables::watched_bytes) + " bytes)",
                   milliseconds(0));
  }
  co_return empty_result(shared, request);
}

awaitable<wire_reply> unsubscribe_resource(context& shared, const incoming& request) {
  request.client->news().unsubscribe(*request.call.params["uri"].string());
  return at_once(empty_result(shared, request));
}

}  // namespace longhaul::wire
