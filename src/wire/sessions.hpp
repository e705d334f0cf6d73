// SPDX-License-Identifier: Apache-2.0
// The sessions of legacy clients over HTTP (MCP 2025-11-25 "Session Management"), bounded in all
// and for each caller.
//
// Threads: any. Locks are never held while anything but the sessions themselves is called.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/clock.hpp"
#include "longhaul/limits.hpp"
#include "wire/session.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {

/// How many sessions there may be, and how long an unused one is kept.
struct session_bounds {
  std::size_t total = defaults::max_sessions;
  std::size_t per_caller = defaults::max_sessions_per_caller;  ///< by `caller::quota`
  milliseconds idle = tunables::session_idle;
};

class session_table {
 public:
  session_table(const session_bounds& bounds, const clock_source& clock);

  /// A caller that has its share loses the one of its own idle sessions that was unused the
  /// longest. Null: all of them have open requests, or there are too many sessions in all, none of
  /// them idle enough to go.
  std::shared_ptr<session> create(const serving::caller& who, const revision_look& look,
                                  serving::question_modes modes);
  /// The session if it lives and belongs to this owner: to anybody else it does not exist.
  std::shared_ptr<session> find(std::string_view id, std::string_view owner);
  /// Ends a session, and its GET streams. What else it has open goes on. False: there is none.
  bool end(std::string_view id, std::string_view owner);
  /// Lets go what sessions keep of streams that have ended, if there was no room for others.
  void make_room_for_events();
  std::size_t size() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  struct shard {
    guarded_mutex mutex;
    std::unordered_map<std::string, std::shared_ptr<session>> by_id LONGHAUL_GUARDED_BY(mutex);
  };
  using share = std::vector<std::shared_ptr<session>>;

  shard& shard_of(std::string_view id);
  bool make_room();
  bool make_room_in(share& mine);
  std::size_t drop_idle(milliseconds limit, std::size_t at_most);
  void forget(const std::shared_ptr<session>& ended);

  const session_bounds bounds_;
  const clock_source& clock_;
  const std::shared_ptr<event_budget> events_ = std::make_shared<event_budget>();
  std::atomic<std::size_t> count_{0};
  std::array<shard, 16> shards_;
  guarded_mutex shares_mutex_;  // taken before that of a shard
  std::unordered_map<std::string, share> shares_ LONGHAUL_GUARDED_BY(shares_mutex_);
};

}  // namespace longhaul::wire
