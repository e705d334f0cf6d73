// SPDX-License-Identifier: Apache-2.0
// One session of a legacy client: what `initialize` said, and what was sent in it that must not be
// sent twice. It holds nothing about tasks: those belong to their owner and outlive it.
//
// Threads: any. Locks are never held while anything else is called.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/clock.hpp"
#include "longhaul/task_context.hpp"
#include "server/requests.hpp"
#include "wire/client_news.hpp"
#include "wire/endpoint.hpp"
#include "wire/open_requests.hpp"
#include "wire/revisions.hpp"
#include "wire/session_streams.hpp"

namespace longhaul::wire {

class session {
 public:
  /// `budget`: of what it keeps of its streams; null: it has none (a pipe). `first_stream`: numbers
  /// before it may have been given by another process, which began the session.
  session(std::string id, const serving::caller& who, const revision_look& look,
          serving::question_modes modes, monotonic_time now = {},
          std::shared_ptr<event_budget> budget = nullptr, stream_number first_stream = 1);

  const std::string& id() const noexcept { return id_; }
  const std::string& owner() const noexcept { return owner_; }
  /// Against whose share it counts.
  const std::string& quota() const noexcept { return quota_; }
  monotonic_time begun() const noexcept { return begun_; }
  monotonic_time used() const noexcept { return used_.load(std::memory_order_relaxed); }
  void use(monotonic_time now) noexcept { used_.store(now, std::memory_order_relaxed); }
  /// Nothing is open in it: it may be lost.
  bool idle() const { return requests_->empty() && !streams_.listening(); }
  const revision_look& look() const noexcept { return look_; }
  /// What the client declared that it can show.
  serving::question_modes modes() const noexcept { return modes_; }
  const std::shared_ptr<open_requests>& requests() const noexcept { return requests_; }

  /// Another process began it, or this one before it was started again: what it had sent is not
  /// known here.
  bool restored() const noexcept { return restored_; }
  bool initialized() const noexcept { return initialized_.load(std::memory_order_acquire); }
  /// `notifications/initialized` came: sends what was held back.
  void set_initialized();
  /// Over HTTP it has an id.
  bool on_pipe() const noexcept { return id_.empty(); }
  /// On a pipe: sends a message that must not come before `initialized`, or keeps it until then.
  /// False: it was dropped.
  bool send_when_initialized(const std::shared_ptr<outlet>& out, std::string message);

  /// Of several requests on a pipe about one task only one gets its messages: true if `holder` is
  /// that one (and it becomes it, if there is none).
  bool hold_stream(const std::string& task, const void* holder);
  void release_stream(const std::string& task, const void* holder);
  /// Some request has it.
  bool stream_is_held(const std::string& task);
  /// True if `done` is above what was last sent for this task, in any stream; notes it then.
  bool advance_progress(const std::string& task, double done);
  /// What was last sent for this task, in any stream; null: nothing that is remembered.
  std::optional<double> told_progress(const std::string& task);

  /// What it has to hear without having asked. Set before anybody else knows the session.
  void follow(std::shared_ptr<client_news> news) { news_ = std::move(news); }
  client_news& news() noexcept { return *news_; }

  /// The least level of log messages that it wants (`logging/setLevel`); null: it said nothing, and
  /// gets none.
  std::optional<log_level> least_log() const noexcept {
    const int level = least_log_.load(std::memory_order_relaxed);
    return level < 0 ? std::nullopt : std::optional(static_cast<log_level>(level));
  }
  void set_least_log(log_level level) noexcept { least_log_ = static_cast<int>(level); }
  /// Of a pipe the pipe is one, which carries questions of tasks.
  session_streams& streams() noexcept { return streams_; }

 private:
  struct held_message {
    std::weak_ptr<outlet> out;
    std::string text;
  };

  const std::string id_;
  const std::string owner_, quota_;
  const monotonic_time begun_;
  const bool restored_;
  std::atomic<monotonic_time> used_;
  const revision_look& look_;
  const serving::question_modes modes_;
  const std::shared_ptr<open_requests> requests_ = std::make_shared<open_requests>();
  std::atomic<bool> initialized_{false};
  std::shared_ptr<client_news> news_;
  std::atomic<int> least_log_{-1};
  session_streams streams_;

  guarded_mutex mutex_;
  std::vector<held_message> held_ LONGHAUL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, const void*> holders_ LONGHAUL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, double> progress_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::wire
