// SPDX-License-Identifier: Apache-2.0
// Who hears of every run before its end is written, and of every end: the middleware of a server.
//
// Threads: any.
#pragma once

#include "longhaul/task.hpp"

namespace longhaul::tasks {

class handler_run;

class call_hooks {
 public:
  virtual ~call_hooks() = default;
  /// The handler has returned, or what it threw means `given`, which may be changed. May throw, as
  /// the handler may.
  virtual void on_result(handler_run& run, outcome& given) = 0;
  /// It has ended; this is committed, and is told once.
  virtual void on_end(const task_record& task) noexcept = 0;
};

}  // namespace longhaul::tasks
