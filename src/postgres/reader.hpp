// SPDX-License-Identifier: Apache-2.0
// Look-ups of single tasks: those that have come while connections were busy go into one query
// together.
//
// Threads: `find` any; the rest is the database thread's.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.hpp"
#include "base/sleeper.hpp"
#include "postgres/database.hpp"

namespace longhaul::postgres {

class reader {
 public:
  reader(database& home, detail wanted) : home_(home), wanted_(wanted) {}

  /// Null: there is none. Throws `stores::store_error`.
  awaitable<task_ptr> find(std::string_view id);
  void close();
  bool idle() const;

 private:
  struct look_up {
    std::string_view id;
    task_ptr found = nullptr;
    std::exception_ptr error = nullptr;
    sleeper caller = {};
  };
  using batch = std::vector<look_up*>;

  void submit(look_up& mine);
  awaitable<void> run();
  awaitable<void> carry_out(const batch& work);

  database& home_;
  const detail wanted_;
  mutable guarded_mutex mutex_;
  batch queue_ LONGHAUL_GUARDED_BY(mutex_);
  std::size_t running_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  bool closed_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace longhaul::postgres
