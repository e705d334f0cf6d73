// SPDX-License-Identifier: Apache-2.0
// The order in which waiting tasks are claimed: one quota after the other, oldest first in each, so
// that a caller who floods the queue delays only himself.
//
//   add ──► delayed ──advance (its run_at has come)──► ready: quota, tool, line ──serve──► claimed
//              └──────────────── remove ──────────────────┘
//
// A line whose concurrency key is full is closed when it is met, in every quota in which it is, and
// opened again by `open`: what waits behind a full key costs one look, not one a task.
//
// Threads: none of its own; whoever owns it locks. Size: what was removed is gone at once.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/stores/store.hpp"
#include "stores/index_keys.hpp"
#include "stores/run_counts.hpp"
#include "stores/waiting_lines.hpp"

namespace longhaul::stores {

class ready_queue {
 public:
  /// `runs`: what may begin. It must outlive the queue.
  explicit ready_queue(run_counts& runs) : runs_(runs) {}

  /// `origin` waits, and may start from `run_at` on.
  void add(origin_ptr origin, monotonic_time run_at);
  /// It does not wait any more. `run_at` as it was added with. Nothing happens if it is not here.
  void remove(const task_origin& origin, monotonic_time run_at);
  /// A task of this tool and concurrency key does not run any more.
  void open(std::string_view tool, std::string_view key);
  /// From now on `serve` also gives what was to start by `now`.
  void advance(monotonic_time now);
  /// Serves a claim: `take` is called with one task after the other, for which a place among those
  /// that run is taken, and returns false for one that does not count, because it has ended
  /// meanwhile.
  template <class Take>
  void serve(const claim_request& request, monotonic_time now, Take take);

  /// Tasks of the same quota and tool that are ready and older, counted up to `most`.
  std::size_t before(const task_origin& task, std::size_t most) const;
  std::size_t size() const noexcept;
  /// Tasks that claims have looked at, whether they could begin or not: for tests.
  std::size_t looked_at() const noexcept { return looked_at_; }

 private:
  using lines_by_tool = by_name<waiting_lines>;
  using tool_and_line = std::pair<std::string, std::string>;

  /// Of the tools that have room, the oldest task of an open line; null: none.
  static origin_ptr oldest(const lines_by_tool& lines, const by_name<std::size_t>& tools);
  /// A claim under way.
  struct demand {
    const claim_request& request;
    by_name<std::size_t> tools = {};         ///< that have room
    handlers_by_key handlers = {};           ///< that run, with those that this claim begins
    std::vector<tool_and_line> closed = {};  ///< lines that are full because of these
  };
  demand begin_claim(const claim_request& request) const;
  /// Takes the next task that may begin; null: none.
  origin_ptr pop(demand& wanted);
  bool may_begin(const task_origin& task, demand& wanted);
  void take_out(const task_origin& task);
  void close(const std::string& quota, const task_origin& task);

  run_counts& runs_;
  // A task is in one of the two.
  std::map<std::pair<monotonic_time, std::string_view>, origin_ptr> delayed_;
  by_name<lines_by_tool> ready_;  // by quota
  // In which quotas a line is closed.
  std::map<tool_and_line, std::set<std::string>> closed_;
  std::string served_;  // the quota that had its turn last
  std::size_t looked_at_ = 0;
};

template <class Take>
void ready_queue::serve(const claim_request& request, monotonic_time now, Take take) {
  advance(now);
  demand wanted = begin_claim(request);
  for (std::size_t taken = 0; taken < request.count;) {
    const origin_ptr origin = pop(wanted);
    if (!origin) break;
    if (!take(*origin)) {
      runs_.end(*origin);
      open(origin->tool, line_of(*origin));
      continue;
    }
    ++taken;
    --wanted.tools.find(origin->tool)->second;
  }
  // Nobody tells the queue when these handlers return.
  for (const auto& [tool, line] : wanted.closed) open(tool, line);
}

}  // namespace longhaul::stores
