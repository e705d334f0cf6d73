// SPDX-License-Identifier: Apache-2.0
// The lines of the log about tasks: each begin, each end, refusals, and what goes wrong in the
// background.
//
// Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/log.hpp"
#include "longhaul/task.hpp"

namespace longhaul::tasks {

class task_log {
 public:
  explicit task_log(logger log) : log_(std::move(log)) {}

  const logger& lines() const noexcept { return log_; }
  void begin(const task_record& task) const noexcept;
  void change(const task_record& task) const noexcept;
  /// An attempt is over, and another one follows after `pause`.
  void retry(const task_record& task, std::string_view why, milliseconds pause) const noexcept;
  void refusal(const task_origin& origin, std::string_view bound) const noexcept;
  /// `id` of a task, or empty.
  void trouble(std::string_view event, const std::string& text, std::string_view id = {}) const;

 private:
  const logger log_;
};

}  // namespace longhaul::tasks
