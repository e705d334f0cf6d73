// SPDX-License-Identifier: Apache-2.0
// Creations and changes of single tasks. All that has come while the database was busy goes into
// its next transaction together, so many callers share one commit:
//
//   callers ──► queue ──► read what is not known ──► decide (`stores/transitions`) ──► write, if it
//                 ▲                                             is still as it was read ──► publish
//                 └───── others were faster: read again, decide anew ◄───┘
//
// Nothing is acknowledged before its commit. A batch that the database refuses is repeated, each
// operation alone; one whose outcome is unknown fails so, and is safe to repeat.
//
// Threads: `change`, `end_run`, `create` and `close` any; the rest is the database thread's.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "postgres/database.hpp"
#include "postgres/work_queue.hpp"
#include "postgres/write_attempt.hpp"
#include "stores/write_meters.hpp"

namespace longhaul::postgres {

class writer {
 public:
  explicit writer(database& home);

  /// All throw `stores::store_error`. `bytes`: of what the change brings, roughly.
  /// `repeated`: set if an attempt before may have done it.
  awaitable<stores::change_result> change(std::string_view id,
                                          std::optional<std::string_view> owner, transition next,
                                          growth allowed = growth::free, std::size_t bytes = 0,
                                          bool* repeated = nullptr);
  /// By the worker of a run that is over with it, unless others were faster.
  awaitable<stores::change_result> end_run(std::string_view id, stores::writer worker,
                                           transition next, std::size_t bytes = 0);
  awaitable<stores::create_result> create(const stores::new_task& task);
  /// What transactions cost; any thread.
  stores::write_figures figures() const {
    stores::write_figures all = meters_.read();
    all.commit_seconds = {};  // it has no way of its own
    return all;
  }
  /// What is queued is carried out, and all that comes later refused.
  void close() { queue_.close(); }

 private:
  awaitable<void> carry_out(batch work);
  /// Without those that are done, whose callers it wakes.
  static void leave_undone(batch& work);

  database& home_;
  work_queue<operation> queue_;
  stores::write_meters meters_;
};

}  // namespace longhaul::postgres
