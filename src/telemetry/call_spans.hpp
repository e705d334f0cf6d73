// SPDX-License-Identifier: Apache-2.0
// Makes the span of a call reach as far as its children do. It is noted at the end of its task,
// with the time of the record, which has milliseconds; the write of that end is told of a moment
// later, and the first children began less than a millisecond after the creation. So a call is held
// back until it is `tunables::settling` old, and what is told of it meanwhile makes it longer:
//
//   take: create ─ attempt ─ call                    call is held
//   take: finish ─ …                                 call, up to the end of finish, goes on
//
// Children of the last two takes are remembered: the first of them may say when a call of
// microseconds began. What still runs when its task has ended (a handler that is being stopped)
// does not make the call longer.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "telemetry/span.hpp"

namespace longhaul::telemetry {

class call_spans {
 public:
  /// What can be sent now, of `fresh` and of what was held. Throws `std::bad_alloc`.
  std::vector<span> take(std::vector<span> fresh, wall_time now);
  /// All that is held.
  std::vector<span> take_all();
  std::size_t held() const noexcept { return held_.size(); }

 private:
  using beginnings = std::unordered_map<std::string, wall_time>;  // of children, by the task's id

  void begin_with_children(span& call) const;

  std::unordered_map<std::string, span> held_;
  beginnings now_, before_;
};

}  // namespace longhaul::telemetry
