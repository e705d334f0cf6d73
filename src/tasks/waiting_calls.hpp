// SPDX-License-Identifier: Apache-2.0
// The work behind plain calls that waits for a slot, with the definition that each call was looked
// up with: a caller is there, so such work does not wait for the return of a tool, a prompt or a
// resource that is removed meanwhile, as tasks do.
//
//   in memory ─► it runs with the definition that it came with
//   durable ───► the same as long as there is one of its name, for claims go by name; else it ends,
//                because tasks of this name wait in the same queue, and they go on waiting
//
// An entry is there from before its row until that has ended, or became a task that is seen: work
// that runs may wait again, for its next attempt.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "tasks/tool_source.hpp"

namespace longhaul::tasks {

/// The reason with which a call ends whose tool was removed.
inline constexpr std::string_view removed_reason = "removed before the call could begin";

class waiting_calls {
 public:
  struct call {
    std::string id, owner;
    tool_ptr tool;
  };

  /// Nothing happens if there is one of this id.
  void add(call waiting);
  /// Nothing happens if there is none of this id.
  void remove(std::string_view id) noexcept;
  /// Null: none of this id waits.
  tool_ptr definition_of(std::string_view id) const;
  /// Of the calls in memory, each once.
  std::vector<tool_ptr> in_memory() const;
  /// The durable ones whose name `tools` does not have.
  std::vector<call> without_tool(const tool_source& tools) const;

 private:
  std::vector<tool_ptr> definitions(bool in_memory) const;
  void discount(const tool_ptr& tool) noexcept LONGHAUL_REQUIRES(mutex_);

  mutable guarded_mutex mutex_;
  // The keys are the ids of the calls.
  std::unordered_map<std::string_view, std::unique_ptr<const call>> by_id_
      LONGHAUL_GUARDED_BY(mutex_);
  // How many wait of each definition.
  std::map<tool_ptr, std::size_t> definitions_ LONGHAUL_GUARDED_BY(mutex_);
  std::atomic<std::size_t> size_{0};
};

/// An entry on its way: it goes again unless its row was made.
class waiting_hold {
 public:
  explicit waiting_hold(waiting_calls& all) : all_(all) {}
  waiting_hold(const waiting_hold&) = delete;
  waiting_hold& operator=(const waiting_hold&) = delete;
  ~waiting_hold() {
    if (!id_.empty()) all_.remove(id_);
  }
  void add(waiting_calls::call waiting) {
    std::string id = waiting.id;
    all_.add(std::move(waiting));
    id_ = std::move(id);
  }
  void keep() noexcept { id_.clear(); }

 private:
  waiting_calls& all_;
  std::string id_;
};

}  // namespace longhaul::tasks
