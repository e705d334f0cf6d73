// SPDX-License-Identifier: Apache-2.0
// One page of a list of features, as this caller may see them. A cursor is the place of the next
// entry, so pages stay in order, without gaps and repetitions, while the list changes. Server
// utilities "Pagination".
#pragma once

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/feature_set.hpp"
#include "server/refusals.hpp"
#include "server/requests.hpp"
#include "server/tunables.hpp"

namespace longhaul::serving {

template <class Feature>
struct feature_page {
  std::vector<std::shared_ptr<const Feature>> entries = {};
  std::optional<std::string> next_cursor = std::nullopt;
};

/// An absent cursor is the start. `changes`: the list may change, so a cursor may be older than it;
/// else it is exactly one that a page gave. `method` names the list in the refusal.
template <class Feature>
reply<feature_page<Feature>> page_of(const feature_set<Feature>& features, const caller& who,
                                     std::optional<std::string_view> cursor, bool changes,
                                     std::string_view method) {
  const auto shown = [&](const Feature& feature) { return feature.visible_to(who.owner); };
  std::uint64_t from = 0;
  if (cursor) {
    const char* end = cursor->data() + cursor->size();
    const auto [stop, error] = std::from_chars(cursor->data(), end, from);
    // A place behind the first page, without leading zeros.
    const bool place = error == std::errc() && stop == end && cursor->front() != '0' &&
                       from >= tunables::features_per_page;
    const auto before = place && !changes ? features.shown_before(from, shown) : std::nullopt;
    const bool ours = place && (changes ? from < features.end()
                                        : before && *before % tunables::features_per_page == 0);
    if (!ours) {
      return refuse(refusal::bad_cursor,
                    "this cursor is not one that " + std::string(method) + " gave");
    }
  }
  auto [entries, next] = features.page(from, tunables::features_per_page, shown);
  feature_page<Feature> page;
  page.entries = std::move(entries);
  if (next) page.next_cursor = std::to_string(*next);
  return page;
}

}  // namespace longhaul::serving
