// SPDX-License-Identifier: Apache-2.0
// The requests of one session, or one pipe, that have no reply yet: their ids must not be used
// twice, and `notifications/cancelled` names them.
//
// Threads: any. Locks are never held while anything else is called.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/mutex.hpp"
#include "server/exchange.hpp"

namespace longhaul::wire {

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
  mutable guarded_mutex mutex_;
  std::unordered_map<std::string, entry> entries_ LONGHAUL_GUARDED_BY(mutex_);
};

/// Holds an id open for the time of a request.
class open_request {
 public:
  /// `requests` may be null: ids are scoped to their exchange then, and everything is allowed.
  open_request(std::shared_ptr<open_requests> requests, std::string key, bool urgent = false);
  open_request(const open_request&) = delete;
  open_request& operator=(const open_request&) = delete;
  ~open_request() { close(); }

  bool accepted() const noexcept { return state_ == opening::opened; }
  opening state() const noexcept { return state_; }
  void attach(const std::shared_ptr<serving::exchange>& exchange);
  /// True: it was cancelled meanwhile.
  bool close();

 private:
  std::shared_ptr<open_requests> requests_;
  std::string key_;
  opening state_ = opening::opened;
};

}  // namespace longhaul::wire
