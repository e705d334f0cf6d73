// SPDX-License-Identifier: Apache-2.0
// Look-ups of single tasks: those that have come while connections were busy go into one query
// together.
//
// Threads: `find` any; the rest is the database thread's.
#pragma once

#include <exception>
#include <string_view>

#include "base/sleeper.hpp"
#include "postgres/database.hpp"
#include "postgres/work_queue.hpp"

namespace longhaul::postgres {

class reader {
 public:
  reader(database& home, detail wanted);

  /// Null: there is none. Throws `stores::store_error`.
  awaitable<task_ptr> find(std::string_view id);
  void close() { queue_.close(); }

 private:
  struct look_up {
    std::string_view id;
    task_ptr found = nullptr;
    std::exception_ptr error = nullptr;
    sleeper caller = {};
  };
  using batch = work_queue<look_up>::batch;

  awaitable<void> carry_out(batch work);
  awaitable<void> read(const batch& work);

  database& home_;
  const detail wanted_;
  work_queue<look_up> queue_;
};

}  // namespace longhaul::postgres
