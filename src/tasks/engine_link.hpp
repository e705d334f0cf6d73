// SPDX-License-Identifier: Apache-2.0
// What the copies of a `task_access` share: the engine they mean, while there is one. It does not
// end while a blocking call uses it; who waits is woken. A server may be served again: then there
// is another one.
//
// Threads: any.
#pragma once

#include <memory>
#include <shared_mutex>
#include <stop_token>

#include "tasks/engine.hpp"

namespace longhaul::tasks {

class engine_link {
 public:
  /// `use` gives this engine from now on.
  void open(std::shared_ptr<engine> running);
  /// Ends all waits for this engine, and waits for those who use it. Nothing if it is another one
  /// that is open, or none.
  void close(const engine& ended);

  struct access {
    std::shared_ptr<tasks::engine> engine;
    std::stop_token closing;  ///< nothing more will come
  };
  struct blocking_access : access {
    std::shared_lock<std::shared_mutex> busy;
  };
  /// For one call, on one thread. Throws `not_running`.
  blocking_access use() const;
  /// For a coroutine that only reads and watches `closing`: nobody waits for it. Throws the same.
  access follow() const;
  bool is_open() const;
  /// It is open, or was.
  bool was_open() const;

 private:
  access look() const;

  mutable std::shared_mutex mutex_;
  std::shared_ptr<engine> engine_;
  std::stop_source closing_;
};

}  // namespace longhaul::tasks
