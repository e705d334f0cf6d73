// SPDX-License-Identifier: Apache-2.0
// Sessions of the legacy revisions (MCP 2025-11-25 "Session Management") and the requests that are
// open in them. A session holds what `initialize` said and nothing about tasks: those belong to
// their owner and outlive it.
//
// Threads: everything here is thread-safe. Locks are never held while anything else is called.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "longhaul/clock.hpp"
#include "server/dispatcher.hpp"
#include "wire/endpoint.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {

class legacy_dialect;

/// What came of opening a request: it is open, its id is in use, or too many are open.
enum class opening : std::uint8_t { opened, in_use, full };

/// The requests of one session, or one pipe, that have no reply yet, by `id_key`.
class open_requests {
 public:
  /// What happened to a request while it was open.
  struct entry {
    std::shared_ptr<serving::exchange> exchange;  ///< null while nothing can be cancelled
    bool cancelled = false;
    bool left = false;  ///< nobody waits for it any more
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
  };

  /// `urgent` requests end at once and may free places: a few of them are taken beyond the bound.
  opening open(const std::string& key, bool urgent = false);
  /// From now on `cancel` abandons the exchange (at once, if it came before).
  void attach(const std::string& key, const std::shared_ptr<serving::exchange>& exchange);
  /// Ends a request. True: it was cancelled, and nothing more may be sent for it.
  bool close(const std::string& key);
  /// Cancels the request if it is open.
  void cancel(const std::string& key);
  /// Abandons all that were opened at `opened_by` or before.
  void leave(std::chrono::steady_clock::time_point opened_by);
  bool empty() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, entry> entries_;
};

/// Holds an id open for the time of a request.
class open_request {
 public:
  /// `in` may be null: ids are scoped to their exchange then, and everything is allowed.
  open_request(std::shared_ptr<open_requests> in, std::string key, bool urgent = false);
  open_request(const open_request&) = delete;
  open_request& operator=(const open_request&) = delete;
  ~open_request() { close(); }

  bool accepted() const noexcept { return state_ == opening::opened; }
  opening state() const noexcept { return state_; }
  void attach(const std::shared_ptr<serving::exchange>& exchange);
  /// True: it was cancelled meanwhile.
  bool close();

 private:
  std::shared_ptr<open_requests> in_;
  std::string key_;
  opening state_ = opening::opened;
};

class session {
 public:
  session(std::string id, const serving::caller& of, const legacy_dialect& dialect,
          serving::question_modes modes, monotonic_time now = {});

  const std::string& id() const noexcept { return id_; }
  const std::string& owner() const noexcept { return owner_; }
  /// Against whose share it counts.
  const std::string& quota() const noexcept { return quota_; }
  monotonic_time used() const noexcept { return used_.load(std::memory_order_relaxed); }
  void use(monotonic_time now) noexcept { used_.store(now, std::memory_order_relaxed); }
  /// Nothing is open in it: it may be lost.
  bool idle() const { return requests_->empty(); }
  const legacy_dialect& dialect() const noexcept { return dialect_; }
  /// What the client declared that it can show.
  serving::question_modes modes() const noexcept { return modes_; }
  const std::shared_ptr<open_requests>& requests() const noexcept { return requests_; }

  bool initialized() const noexcept { return initialized_.load(std::memory_order_acquire); }
  /// `notifications/initialized` came: sends what was held back.
  void set_initialized();
  /// Sends a message that must not come before `initialized`, or keeps it until then.
  /// False: it was dropped.
  bool send_when_initialized(const std::shared_ptr<outlet>& out, std::string message);

  /// Of several open streams about one task only one gets its messages: true if `holder` is that
  /// one (and it becomes it, if there is none).
  bool hold_stream(const std::string& task, const void* holder);
  void release_stream(const std::string& task, const void* holder);
  /// True if `done` is above what was last sent for this task, in any stream; notes it then.
  bool advance_progress(const std::string& task, double done);
  /// What was last sent for this task, in any stream; null: nothing that is remembered.
  std::optional<double> told_progress(const std::string& task);

 private:
  struct held_message {
    std::weak_ptr<outlet> out;
    std::string text;
  };

  const std::string id_;
  const std::string owner_, quota_;
  std::atomic<monotonic_time> used_;
  const legacy_dialect& dialect_;
  const serving::question_modes modes_;
  const std::shared_ptr<open_requests> requests_ = std::make_shared<open_requests>();
  std::atomic<bool> initialized_{false};

  std::mutex mutex_;
  std::vector<held_message> held_;
  std::unordered_map<std::string, const void*> streams_;
  std::unordered_map<std::string, double> progress_;
};

/// How many sessions there may be, and how long an unused one is kept.
struct session_bounds {
  std::size_t total = tunables::max_sessions;
  std::size_t per_caller = tunables::max_sessions_per_caller;  ///< by `caller::quota`
  milliseconds idle = tunables::session_idle;
};

class session_table {
 public:
  session_table(const session_bounds& bounds, const clock_source& clock);

  /// A caller that has its share loses the one of its own idle sessions that was unused the
  /// longest. Null: all of them have open requests, or there are too many sessions in all, none of
  /// them idle enough to go.
  std::shared_ptr<session> create(const serving::caller& who, const legacy_dialect& dialect,
                                  serving::question_modes modes);
  /// The session if it lives and belongs to this owner: to anybody else it does not exist.
  std::shared_ptr<session> find(std::string_view id, std::string_view owner);
  /// Ends a session. What it has open goes on. False: there is none.
  bool end(std::string_view id, std::string_view owner);
  std::size_t size() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  struct shard {
    std::mutex mutex;
    std::unordered_map<std::string, std::shared_ptr<session>> by_id;
  };
  using share = std::vector<std::shared_ptr<session>>;

  shard& shard_of(std::string_view id);
  bool make_room();
  bool make_room_in(share& of);
  std::size_t drop_idle(milliseconds limit, std::size_t at_most);
  void forget(const std::shared_ptr<session>& ended);

  const session_bounds bounds_;
  const clock_source& clock_;
  std::atomic<std::size_t> count_{0};
  std::array<shard, 16> shards_;
  std::mutex shares_mutex_;  // taken before that of a shard
  std::unordered_map<std::string, share> shares_;
};

}  // namespace longhaul::wire
