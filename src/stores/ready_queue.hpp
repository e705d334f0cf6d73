// SPDX-License-Identifier: Apache-2.0
// The order in which waiting tasks are claimed: one quota after the other, oldest first in each, so
// that a caller who floods the queue delays himself only.
//
// Threads: none of its own; whoever owns it locks. Size: what was removed is gone at once.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "longhaul/task.hpp"

namespace longhaul::stores {

class ready_queue {
 public:
  using origin_ptr = std::shared_ptr<const task_origin>;
  using names = std::set<std::string, std::less<>>;
  using room_by_tool = std::map<std::string, std::size_t, std::less<>>;

  /// `origin` waits, and may start from `run_at` on.
  void add(origin_ptr origin, monotonic_time run_at);
  /// It does not wait any more. `run_at` as it was added with. Nothing happens if it is not here.
  void remove(const task_origin& origin, monotonic_time run_at);
  /// From now on `pop` also gives what was to start by `now`.
  void advance(monotonic_time now);
  /// Takes the next one whose tool has room and whose quota is not in `saturated`; null: none.
  origin_ptr pop(const room_by_tool& tools, const names& saturated);

  std::size_t size() const noexcept;

 private:
  struct older {
    using is_transparent = void;
    bool operator()(const origin_ptr& a, const origin_ptr& b) const { return a->id < b->id; }
    bool operator()(const origin_ptr& a, std::string_view b) const { return a->id < b; }
    bool operator()(std::string_view a, const origin_ptr& b) const { return a < b->id; }
  };
  using line = std::set<origin_ptr, older>;
  using lines_by_tool = std::map<std::string, line, std::less<>>;

  static origin_ptr take_oldest(lines_by_tool& lines, const room_by_tool& tools);

  // A task is in one of the two.
  std::map<std::pair<monotonic_time, std::string_view>, origin_ptr> delayed_;
  std::map<std::string, lines_by_tool, std::less<>> ready_;  // by quota
  std::string served_;                                       // the quota that had its turn last
};

}  // namespace longhaul::stores
