// SPDX-License-Identifier: Apache-2.0
// What the copies of a `task_access` share: the engine they mean, while there is one. It does not
// end while a blocking call uses it; who waits is woken. A server may be served again: then there
// is another one.
//
// Threads: any.
#pragma once

#include <atomic>
#include <memory>
#include <shared_mutex>
#include <stop_token>

#include "tasks/engine.hpp"

namespace longhaul::tasks {

class engine_link {
 public:
  /// False: another engine, or this one, is served, or about to be. Until `close`.
  bool reserve(const engine& starting) noexcept;
  /// `use` gives this engine from now on. Requires: it was reserved.
  void open(std::shared_ptr<engine> running);
  /// Ends all waits for this engine, and waits for those who use it. Nothing if it is another one
  /// that is open, or none; what it reserved is free.
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
  void end_use_of(const engine& ended);

  mutable std::shared_mutex mutex_;
  std::shared_ptr<engine> engine_;
  std::stop_source closing_;
  std::atomic<const engine*> served_{nullptr};
};

}  // namespace longhaul::tasks
