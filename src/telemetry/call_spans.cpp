// SPDX-License-Identifier: Apache-2.0
#include "telemetry/call_spans.hpp"

#include <algorithm>
#include <utility>

#include "telemetry/tunables.hpp"

namespace longhaul::telemetry {

std::vector<span> call_spans::take(std::vector<span> fresh, wall_time now) {
  before_ = std::exchange(now_, {});
  std::vector<span> ready, calls;
  for (span& each : fresh) {
    if (each.kind == span_kind::call) {
      calls.push_back(std::move(each));
      continue;
    }
    const auto [known, is_new] = now_.try_emplace(each.origin->id, each.from);
    if (!is_new) known->second = std::min(known->second, each.from);
    ready.push_back(std::move(each));
  }
  for (span& each : calls) {
    begin_with_children(each);
    std::string id = each.origin->id;
    const auto [held, is_new] = held_.try_emplace(std::move(id), std::move(each));
    if (!is_new) ready.push_back(std::move(each));
  }
  // A handler may be at work long after the end: only the write belongs to it.
  for (const span& each : ready) {
    if (each.kind != span_kind::store_finish) continue;
    const auto held = held_.find(each.origin->id);
    if (held != held_.end()) held->second.to = std::max(held->second.to, each.to);
  }
  // A clock that was set back holds none for longer.
  for (auto held = held_.begin(); held != held_.end();) {
    span& call = held->second;
    if (call.to <= now && now - call.to < tunables::settling) {
      ++held;
    } else {
      ready.push_back(std::move(call));
      held = held_.erase(held);
    }
  }
  return ready;
}

std::vector<span> call_spans::take_all() {
  std::vector<span> all;
  for (auto& [id, call] : std::exchange(held_, {})) all.push_back(std::move(call));
  return all;
}

void call_spans::begin_with_children(span& call) const {
  const wall_time created = call.origin->created_at;
  wall_time first = wall_time::max();
  for (const beginnings* known : {&before_, &now_}) {
    const auto found = known->find(call.origin->id);
    if (found != known->end()) first = std::min(first, found->second);
  }
  if (first >= created && first - created < tunables::creation_tick) call.from = first;
}

}  // namespace longhaul::telemetry
