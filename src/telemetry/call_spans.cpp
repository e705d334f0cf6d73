// SPDX-License-Identifier: Apache-2.0
#include "telemetry/call_spans.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "telemetry/tunables.hpp"

namespace longhaul::telemetry {

void call_spans::reach::include(const span& child) {
  from = std::min(from, child.from);
  // A handler may be at work long after the end: only the write belongs to it.
  if (child.kind == span_kind::store_finish) to = std::max(to, child.to);
}

std::vector<span> call_spans::take(std::vector<span> fresh, wall_time now) {
  before_ = std::exchange(now_, {});
  const std::size_t old = held_.size();
  std::vector<span> ready;
  for (span& each : fresh) {
    if (each.kind == span_kind::call) {
      held_.push_back(std::move(each));
    } else {
      now_[each.origin->id].include(each);
      ready.push_back(std::move(each));
    }
  }
  for (std::size_t i = old; i < held_.size(); ++i) begin_with_children(held_[i]);
  for (span& call : held_) end_with_children(call);
  // A clock that was set back holds none for longer.
  const auto settled = std::ranges::partition(held_, [&](const span& call) {
    return call.to <= now && now - call.to < tunables::settling;
  });
  std::ranges::move(settled, std::back_inserter(ready));
  held_.erase(settled.begin(), settled.end());
  return ready;
}

std::vector<span> call_spans::take_all() { return std::exchange(held_, {}); }

void call_spans::begin_with_children(span& call) const {
  const wall_time created = call.origin->created_at;
  wall_time first = wall_time::max();
  for (const reaches* known : {&before_, &now_}) {
    const auto found = known->find(call.origin->id);
    if (found != known->end()) first = std::min(first, found->second.from);
  }
  if (first >= created && first - created < tunables::creation_tick) call.from = first;
}

void call_spans::end_with_children(span& call) const {
  const auto found = now_.find(call.origin->id);
  if (found != now_.end()) call.to = std::max(call.to, found->second.to);
}

}  // namespace longhaul::telemetry
