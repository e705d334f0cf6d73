// SPDX-License-Identifier: Apache-2.0
// Where the user sits: the terminal, its lines, and Ctrl-C.
//
// Threads: `say`, `ask` and `draw` any, one at a time each; what stands on the terminal has one
// lock.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/descriptor.hpp"
#include "base/wake_event.hpp"
#include "terminal/live_lines.hpp"
#include "terminal/tty_console.hpp"
#include "terminal/variables.hpp"

namespace longhaul {

/// The environment of this process.
terminal::variables process_variables();

class seat {
 public:
  /// Blocks SIGINT, SIGTERM and SIGHUP, for all threads that are started from then on. `quiet`:
  /// nothing is drawn or said but errors and questions.
  explicit seat(bool quiet);
  ~seat();
  seat(const seat&) = delete;
  seat& operator=(const seat&) = delete;

  /// What a signal does: gets their number so far, on a thread of its own. The third ends the
  /// process at once.
  void on_interrupt(std::function<void(int)> react);
  bool interrupted() const noexcept { return count_ > 0; }

  /// Returns early on Ctrl-C.
  void pause(std::chrono::milliseconds time) const;

  bool quiet() const noexcept { return quiet_; }
  bool interactive() const { return console_.interactive(); }
  /// Lines can change in place.
  bool draws() const { return !quiet_ && console_.redraws() && console_.interactive(); }
  terminal::look looks() const { return console_.looks(); }
  /// Of standard output: where that is no terminal, without colours, and tables as wide as they
  /// are.
  terminal::look looks_of_output() const;
  std::size_t rows() const { return console_.rows(); }

  /// A line on standard error, above what is drawn. Plain already.
  void say(std::string_view line);
  void draw(const std::vector<std::string>& lines);
  void clear();
  /// Has the terminal for itself meanwhile: nothing is drawn. Ends early on Ctrl-C.
  template <class Ask>
  auto ask(const Ask& conversation) {
    const std::lock_guard lock(mutex_);
    lines_.clear();
    return conversation(static_cast<terminal::console&>(console_));
  }

 private:
  void wait_for_signals();

  const bool quiet_;
  wake_event interrupt_, end_;
  descriptor input_, signals_;
  terminal::tty_console console_;
  std::mutex mutex_;
  terminal::live_lines lines_;
  std::mutex react_mutex_;
  std::function<void(int)> react_;
  std::atomic<int> count_{0};
  std::thread thread_;
};

}  // namespace longhaul
