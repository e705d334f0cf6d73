// SPDX-License-Identifier: Apache-2.0
// Tells those who listen to captured output that it has grown, at most once a second, and once more
// when it has ended. One thread looks at all outputs that somebody listens to, at their sizes
// alone; it sleeps while there are none.
//
//   hold ──► begin ──► looked at, once a second ──► resource_watch: whoever listens to the address
//                          │
//                          ├─ it grew, or another attempt began ──► told
//                          ├─ its task has ended, and no program of it is left ──► told, forgotten
//                          └─ nobody has a hold any more ──► forgotten
//
// Invariants: an output is looked at after its listener was registered, and what is there then is
// news: whoever subscribes and reads, in whatever order, misses nothing. The end of a task is known
// before its output is looked at for the last time.
//
// Threads: any. Listeners are called without a lock held.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/mutex.hpp"
#include "server/outputs.hpp"
#include "server/requests.hpp"
#include "server/resource_source.hpp"
#include "server/resource_watch.hpp"
#include "tasks/engine.hpp"

namespace longhaul::serving {

class output_watch {
 public:
  /// All must outlive it.
  output_watch(output_source& outputs, tasks::engine& engine, resource_watch& listeners,
               logger log = {});
  ~output_watch();
  output_watch(const output_watch&) = delete;
  output_watch& operator=(const output_watch&) = delete;

  /// From now on it looks by itself. At most once. Throws `std::system_error`.
  void start();
  /// As `resource_source::hold`. Throws `std::invalid_argument` for an address with a query, too:
  /// output is followed as a whole.
  awaitable<resource_hold_ptr> hold(const caller& who, std::string_view uri);
  /// Looks once at everything that somebody listens to. On one thread at a time.
  void look();

 private:
  class held_output;
  /// Of one address.
  struct watched {
    std::vector<std::weak_ptr<held_output>> holds;
    std::optional<output_source::extent> told = std::nullopt;
  };

  void begin(const std::shared_ptr<held_output>& hold);
  std::vector<std::shared_ptr<held_output>> looked_at();
  void look_at(const held_output& one);
  void run();
  bool closing();

  output_source& outputs_;
  tasks::engine& engine_;
  resource_watch& listeners_;
  const logger log_;
  guarded_mutex mutex_;
  condition changed_;
  bool closing_ LONGHAUL_GUARDED_BY(mutex_) = false;
  std::map<std::string, watched> watched_ LONGHAUL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace longhaul::serving
