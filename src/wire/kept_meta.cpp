// SPDX-License-Identifier: Apache-2.0
#include "wire/kept_meta.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "json/validate.hpp"
#include "json/write.hpp"
#include "longhaul/trace_context.hpp"
#include "tasks/askable.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

enum member : std::uint8_t { progress_token, traceparent, tracestate, baggage, member_count };
constexpr std::array<std::string_view, member_count> names = {"progressToken", "traceparent",
                                                              "tracestate", "baggage"};
using members = std::array<std::string, member_count>;  // as JSON; empty: none

bool is_printable(std::string_view text) noexcept {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; });
}

// They become headers and variables of programs: anything but a plain text is dropped.
void check_trace(members& kept) {
  for (const member name : {traceparent, tracestate, baggage}) {
    if (kept[name].empty()) continue;
    const auto text = json::value(kept[name]).string();
    if (!text || !is_printable(*text) || (name == traceparent && !is_traceparent(*text))) {
      kept[name].clear();
    }
  }
  if (kept[traceparent].empty()) kept[tracestate].clear();
}

members members_of(json::value meta) {
  members found;
  for (json::members m(meta); m.next();) {
    const auto* const name = std::ranges::find(names, m.key());
    if (name == names.end()) continue;
    std::string& place = found[static_cast<std::size_t>(name - names.begin())];
    if (place.empty() && m.value().raw().size() <= tunables::kept_meta) {
      json::append_without_line_breaks(place, m.value().raw());
    }
  }
  check_trace(found);
  return found;
}

void add_headers(members& kept, const http_request& http) {
  const auto take = [&](member name, const std::optional<std::string_view>& value) {
    if (value && value->size() <= tunables::kept_meta) json::append_string(kept[name], *value);
  };
  if (kept[traceparent].empty()) {
    take(traceparent, http.traceparent);
    take(tracestate, http.tracestate);
  }
  if (kept[baggage].empty()) take(baggage, http.baggage);
  check_trace(kept);
}

bool has_trace(const http_request& http) noexcept {
  return http.traceparent.has_value() || http.baggage.has_value();
}

}  // namespace

raw_json kept_meta(json::value meta, const serving::question_modes& modes,
                   const http_request* http) {
  members found = members_of(meta);
  if (http != nullptr && has_trace(*http)) add_headers(found, *http);
  const std::string askable = modes.any() ? tasks::askable_member(modes.all()) : std::string();
  const std::size_t most = tunables::kept_meta - askable.size() - 2;
  std::string kept;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t more = names[i].size() + found[i].size() + 4;
    if (found[i].empty() || kept.size() + more > most) continue;
    kept += kept.empty() ? '{' : ',';
    json::append_string(kept, names[i]);
    kept += ':';
    kept += found[i];
  }
  if (!askable.empty()) {
    kept += kept.empty() ? '{' : ',';
    kept += askable;
  }
  if (kept.empty()) return {};
  kept += '}';
  return raw_json::trusted(std::move(kept));
}

}  // namespace longhaul::wire
