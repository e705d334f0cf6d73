// SPDX-License-Identifier: Apache-2.0
// The order in which waiting tasks are claimed: one quota after the other, oldest first in each, so
// that a caller who floods the queue delays only himself.
//
//   add ──► delayed ──advance (its run_at has come)──► ready, by quota and tool ──pop──► claimed
//              └──────────────── remove ──────────────────┘
//
// Threads: none of its own; whoever owns it locks. Size: what was removed is gone at once.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "longhaul/stores/store.hpp"
#include "stores/index_keys.hpp"

namespace longhaul::stores {

class ready_queue {
 public:
  using names = std::set<std::string, std::less<>>;
  using room_by_tool = by_name<std::size_t>;

  /// `origin` waits, and may start from `run_at` on.
  void add(origin_ptr origin, monotonic_time run_at);
  /// It does not wait any more. `run_at` as it was added with. Nothing happens if it is not here.
  void remove(const task_origin& origin, monotonic_time run_at);
  /// From now on `pop` also gives what was to start by `now`.
  void advance(monotonic_time now);
  /// Takes the next one whose tool has room and whose quota is not in `saturated`; null: none.
  origin_ptr pop(const room_by_tool& tools, const names& saturated);
  /// Serves a claim of `request.count` tasks at most: `take` is called with one after the other,
  /// and returns false for one that does not count, because it has ended meanwhile.
  template <class Take>
  void serve(const claim_request& request, monotonic_time now, Take take);

  std::size_t size() const noexcept;

 private:
  using lines_by_tool = by_name<oldest_first>;

  static origin_ptr take_oldest(lines_by_tool& lines, const room_by_tool& tools);

  // A task is in one of the two.
  std::map<std::pair<monotonic_time, std::string_view>, origin_ptr> delayed_;
  by_name<lines_by_tool> ready_;  // by quota
  std::string served_;            // the quota that had its turn last
};

template <class Take>
void ready_queue::serve(const claim_request& request, monotonic_time now, Take take) {
  advance(now);
  room_by_tool tools = request.tools;
  for (std::size_t taken = 0; taken < request.count;) {
    const origin_ptr origin = pop(tools, request.saturated);
    if (!origin) return;
    if (!take(*origin)) continue;
    ++taken;
    --tools.find(origin->tool)->second;
  }
}

}  // namespace longhaul::stores
