// SPDX-License-Identifier: Apache-2.0
// The sessions of legacy clients over HTTP (MCP 2025-11-25 "Session Management"), bounded in all
// and for each caller.
//
// Threads: any. Locks are never held while anything but the sessions themselves is called.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/clock.hpp"
#include "longhaul/limits.hpp"
#include "wire/session.hpp"
#include "wire/session_ids.hpp"
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
  /// All must outlive it. Who makes and reads the same ids restores the sessions of others.
  session_table(const session_bounds& bounds, const clock_source& clock, const session_ids& ids);

  /// What is done with a session before anybody else knows it.
  using preparation = std::function<void(const std::shared_ptr<session>&, const session_facts&)>;

  /// A caller that has its share loses the one of its own idle sessions that was unused the
  /// longest. Null: all of them have open requests, or there are too many sessions in all, none of
  /// them idle enough to go. `wanted`: revision, modes and extensions.
  std::shared_ptr<session> create(const serving::caller& who, session_facts wanted,
                                  const preparation& prepare);
  /// The session if it lives and belongs to this owner: to anybody else it does not exist.
  std::shared_ptr<session> find(std::string_view id, std::string_view owner);
  /// A session that another process began, as its id says; as if `initialized` had come. Null: it
  /// began too long ago, it was ended here, it is somebody else's, there is no room, or it is none.
  std::shared_ptr<session> restore(std::string_view id, const serving::caller& who,
                                   const preparation& prepare);
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
  std::shared_ptr<session> add(const std::shared_ptr<session>& one);
  bool ended_here(std::string_view id);
  bool make_room();
  bool make_room_in(share& mine);
  std::size_t drop_idle(milliseconds limit, std::size_t at_most);
  void forget(const std::shared_ptr<session>& ended);

  const session_bounds bounds_;
  const clock_source& clock_;
  const session_ids& ids_;
  const std::uint64_t boot_;
  const std::shared_ptr<event_budget> events_ = std::make_shared<event_budget>();
  std::atomic<std::size_t> count_{0};
  std::array<shard, 16> shards_;
  guarded_mutex shares_mutex_;  // taken before that of a shard
  std::unordered_map<std::string, share> shares_ LONGHAUL_GUARDED_BY(shares_mutex_);
  guarded_mutex ended_mutex_;
  std::deque<std::string> ended_ LONGHAUL_GUARDED_BY(ended_mutex_);  // of others, the newest
};

}  // namespace longhaul::wire
