// SPDX-License-Identifier: Apache-2.0
// One page of a list of features as its method replies it. Server utilities "Pagination".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/feature_page.hpp"
#include "wire/context.hpp"
#include "wire/refusals.hpp"
#include "wire/result_writer.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {

/// How long a list stays fresh, and for whom.
inline void add_list_caching(result_writer& result, const serving::catalog& features) {
  result.caching(features.changes() ? milliseconds(0) : milliseconds(tunables::list_ttl),
                 !features.differs_by_caller());
}

/// `member`: of the result. `append` writes one entry; `append_more`, behind the last page, others.
template <class Feature, class Append, class AppendMore>
wire_reply list_page(const context& shared, const incoming& request, std::string_view member,
                     const serving::feature_set<Feature>& features, Append append,
                     AppendMore append_more) {
  const json::value given = request.call.params["cursor"];
  const auto cursor = given.string();
  if (given && !cursor) return invalid_params(request, "'cursor' must be a string");
  const serving::catalog& all = shared.server.features();
  // Of the first page only: who reads on has a beginning that may be older.
  if (request.client != nullptr && !given) request.client->news().read(features.kind());
  const auto reply = page_of(features, request.who, cursor, all.changes(), request.call.method);
  if (const auto* refused = std::get_if<serving::refused>(&reply)) return refuse(request, *refused);
  const auto& page = std::get<serving::feature_page<Feature>>(reply);
  result_writer result(shared, request, page.entries.size() * 512);
  std::string& out = result.members().key(member);
  json::array items(out);
  for (const auto& entry : page.entries) {
    append(items.next(), *entry);
  }
  if (!page.next_cursor) append_more(out);
  items.close();
  if (page.next_cursor) result.members().string("nextCursor", *page.next_cursor);
  add_list_caching(result, all);
  return result.end();
}

template <class Feature, class Append>
wire_reply list_page(const context& shared, const incoming& request, std::string_view member,
                     const serving::feature_set<Feature>& features, Append append) {
  return list_page(shared, request, member, features, append, [](std::string&) {});
}

}  // namespace longhaul::wire
