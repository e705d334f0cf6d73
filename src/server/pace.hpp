// SPDX-License-Identifier: Apache-2.0
// How often a stream hears of a task, and what. Two rules for every stream of every dialect: at
// most five notifications a second, and the last one always; and while work runs that was asked for
// its progress, one at least every heartbeat, because hosts take silence for death.
//
// Figures only grow (MCP "Progress"). Where the tool gives none, the seconds that passed are the
// figure; where it gave one and is silent, a hair is added to it, so small that its next figure is
// above. A figure that is not above what was told already (seconds, before the tool's first figure)
// is told in words.
//
// Threads: values of one coroutine. Time is passed in, so tests own it.
#pragma once

#include <boost/container/static_vector.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "longhaul/clock.hpp"
#include "longhaul/task.hpp"
#include "server/tunables.hpp"
#include "tasks/follower.hpp"

namespace longhaul::serving {

/// Five notifications in any second at most; the first three of them may come together.
class notify_window {
 public:
  /// The earliest time, not before `now`, at which one more may be sent.
  monotonic_time allowed_at(monotonic_time now);
  void note(monotonic_time at);

 private:
  // Of the last second, the oldest first.
  boost::container::static_vector<monotonic_time, tunables::notifications_per_second> sent_;
};

class progress_pace {
 public:
  /// `heartbeat`: zero: none.
  explicit progress_pace(milliseconds heartbeat) : heartbeat_(heartbeat) {}

  /// The wait begins: the heartbeat counts from here, and the task has its figure so far.
  void begin(monotonic_time now, const task_record& task);
  /// The tool reported. Another attempt begins its figures anew; what comes late from the one
  /// before is no news.
  void offer(const tasks::progress_event& event);

  struct moment {
    monotonic_time now;
    milliseconds elapsed;        ///< since the task was created
    const task_record& task;     ///< as it is known
    std::optional<double> told;  ///< the highest figure sent for its token, in whatever stream
    std::string waits = {};      ///< why nothing moves, if it is not the work itself
  };
  /// What is to be sent now; null: nothing yet.
  std::optional<tasks::progress_event> due(const moment& at);
  /// What the tool reported and was not sent, whatever the time: before the last reply.
  std::optional<tasks::progress_event> rest(const moment& at);
  /// It was sent; not `taken`: it cannot be now, and is tried again a second later.
  void note(const moment& at, const tasks::progress_event& event, bool taken);
  /// When `due` may have something; `monotonic_time::max()`: not before the next `offer`.
  monotonic_time next(monotonic_time now);

 private:
  tasks::progress_event figure(const moment& at) const;
  tasks::progress_event beat(const moment& at) const;
  std::optional<double> told(const moment& at) const;
  monotonic_time next_beat() const;

  const milliseconds heartbeat_;
  notify_window window_;
  std::optional<tasks::progress_event> known_;  // the tool's newest
  bool unsent_ = false;                         // known_ is news
  std::optional<monotonic_time> quiet_since_;   // null: not begun
  std::optional<monotonic_time> try_again_at_;  // it was not taken
  std::optional<double> told_;
};

/// The smallest figure that every reader tells apart from `figure`, and no tool steps over.
double hair_above(double figure);
/// "20 s", "1 m 20 s", "2 h 5 m".
std::string in_words(milliseconds length);

}  // namespace longhaul::serving
