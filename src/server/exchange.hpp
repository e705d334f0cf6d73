// SPDX-License-Identifier: Apache-2.0
// One open request: a mailbox between whatever happens to tasks (any thread) and the coroutine that
// answers the request (its own executor). Producers never block and never lose the last state: task
// snapshots replace older ones of the same task, progress and logs are bounded and drop the oldest.
//
// Threads: producers (`follower` functions, `abandon`, `shut_down`) on any thread; `wait` and
// `take` only on the exchange's executor.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/task.hpp"
#include "server/extensions.hpp"
#include "server/feature_set.hpp"
#include "server/resource_watch.hpp"
#include "tasks/follower.hpp"
#include "tasks/hub.hpp"

namespace longhaul::serving {

class exchange final : public tasks::follower,
                       public list_listener,
                       public update_listener,
                       public notice_listener,
                       public std::enable_shared_from_this<exchange> {
 public:
  using clock = std::chrono::steady_clock;

  explicit exchange(boost::asio::any_io_executor executor);

  // --- producers
  void on_task(const task_ptr& task) override;
  void on_progress(const std::string& id, const tasks::progress_event& event) override;
  void on_log(const std::string& id, const tasks::log_event& event) override;
  void on_question(const std::string& id, const tasks::question_event& event) override;
  void on_close(const std::string& id, const tasks::close_event& event) override;
  void on_clock() override;
  void on_drained() override { shut_down(); }
  bool is_caller() const noexcept override { return true; }
  void on_list_changed(list_kind kind) override;
  void on_resource_updated(const std::string& uri) override;
  void on_notice(const notice_ptr& notice) override;
  /// The caller left, or cancelled this request.
  void abandon();
  /// The same, but only its connection is gone: it may come again.
  void lose();
  /// The consumer is to look whether there is something to do.
  void wake() { on_clock(); }
  /// The server stops: open waits and subscriptions end gracefully.
  void shut_down();

  // --- the one consumer
  struct batch {
    std::vector<task_ptr> tasks;                   ///< the newest snapshot of each that changed
    std::vector<tasks::progress_event> progress;   ///< in order
    std::vector<tasks::log_event> logs;            ///< in order
    std::vector<tasks::question_event> questions;  ///< in order
    std::optional<tasks::close_event> close = std::nullopt;  ///< the newest
    std::array<bool, list_kinds> lists_changed = {};         ///< by `list_kind`
    std::vector<std::string> updated;                        ///< addresses of resources, each once
    std::vector<notice_ptr> notices;                         ///< in order
    bool abandoned = false;
    bool lost = false;  ///< abandoned, but it may come again
    bool shutting_down = false;
  };
  /// Waits until `take` would not be empty, until the deadline, or until a test moved the clock.
  boost::asio::awaitable<void> wait(clock::time_point deadline = clock::time_point::max());
  /// The consumer's own notes: what it follows, and the newest `rev` it dealt with of each.
  std::vector<tasks::hub::subscription> following;
  std::unordered_map<std::string, std::uint64_t> seen;

  /// `take` would not be empty.
  bool has_news() const;
  /// The consumer is done: from now on nothing of its executor is touched, whoever still holds
  /// this.
  void close();
  /// What happened since the last call. `abandoned`, `lost` and `shutting_down` stay set.
  batch take();

 private:
  void signal() LONGHAUL_REQUIRES(mutex_);
  bool ready() const LONGHAUL_REQUIRES(mutex_);

  mutable guarded_mutex mutex_;
  std::optional<boost::asio::steady_timer> timer_;  // empty once closed
  std::vector<task_ptr> tasks_ LONGHAUL_GUARDED_BY(mutex_);
  // Up to twice their bound, of which the newest half is handed on.
  std::vector<tasks::progress_event> progress_ LONGHAUL_GUARDED_BY(mutex_);
  std::vector<tasks::log_event> logs_ LONGHAUL_GUARDED_BY(mutex_);
  std::vector<tasks::question_event> questions_ LONGHAUL_GUARDED_BY(mutex_);
  std::array<bool, list_kinds> lists_changed_ LONGHAUL_GUARDED_BY(mutex_) = {};
  // At most what it watches.
  std::vector<std::string> updated_ LONGHAUL_GUARDED_BY(mutex_);
  std::vector<notice_ptr> notices_ LONGHAUL_GUARDED_BY(mutex_);  // as progress
  std::optional<tasks::close_event> close_ LONGHAUL_GUARDED_BY(mutex_);
  bool clock_moved_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool abandoned_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool lost_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool abandon_seen_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool stopping_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool stopping_seen_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool signalled_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

using exchange_ptr = std::shared_ptr<exchange>;

}  // namespace longhaul::serving
