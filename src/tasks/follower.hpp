// SPDX-License-Identifier: Apache-2.0
// Whoever wants to hear of a task while it changes: open requests, subscriptions, waiters.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "longhaul/task.hpp"
#include "longhaul/task_context.hpp"

namespace longhaul::tasks {

/// Progress as the handler reported it, before it is coalesced into the store.
struct progress_event {
  progress_state state;
  std::string message;
  std::uint64_t epoch = 0;  ///< of the run that reported it: figures grow within one
};

struct log_event {
  log_level level = log_level::info;
  std::string message;
};

/// News of a question that was asked.
struct question_event {
  enum class news : std::uint8_t {
    again,    ///< the answer did not fit: it is put again
    url_done  ///< what the user was sent to is done
  };
  std::string key;
  int round = 0;  ///< of `again`; 0: the first time that it is asked
  news kind = news::again;
};

/// The handler lets the connections of its callers go: they are to come again.
struct close_event {
  std::chrono::milliseconds retry{0};
};

/// Functions are called on any thread, must not block, and may come late, twice, or (for `on_task`)
/// out of order: compare `rev`.
class follower {
 public:
  virtual ~follower() = default;
  virtual void on_task(const task_ptr& task) = 0;
  virtual void on_progress(const std::string&, const progress_event&) {}
  virtual void on_log(const std::string&, const log_event&) {}
  virtual void on_question(const std::string&, const question_event&) {}
  virtual void on_close(const std::string&, const close_event&) {}
  /// It stands for a caller, who waits.
  virtual bool is_caller() const noexcept { return false; }
  /// The clock was moved by hand (tests): what is due by now is due.
  virtual void on_clock() {}
  /// The engine has drained: what has not ended by now does not end here.
  virtual void on_drained() {}
};

}  // namespace longhaul::tasks
