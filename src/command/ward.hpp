// SPDX-License-Identifier: Apache-2.0
// A helper (`longhaul-run`) under the warden: what whoever started it sees, and how it is watched.
// The states are drawn in `warden.hpp`.
//
// Threads: the members that are public may be called on any; the rest belongs to the warden's.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/descriptor.hpp"

namespace longhaul::command {

struct helper_end {
  bool known = false;  ///< false: somebody else collected its status
  int code = 0;
  int signal = 0;  ///< 0: it exited with `code`
  /// It did its work to the end: nothing of its program is left.
  bool clean() const noexcept { return known && code == 0 && signal == 0; }
};

/// Shared by the warden with whoever started the helper.
class ward {
 public:
  ward(std::chrono::milliseconds grace, std::string mark);

  pid_t id() const noexcept { return id_; }
  /// From now on it has `grace` and a little patience to be gone. Any thread; once is enough.
  void stop_asked() noexcept;
  /// A descriptor that is readable once nothing is left of the helper and its program, and its
  /// status is collected. As long as the ward lives.
  int gone() const noexcept { return gone_.get(); }
  /// Makes `gone` readable before it is true, for whoever does not want to wait any longer.
  void call_gone() noexcept;
  /// How it ended. Requires: `gone` is readable.
  const helper_end& end() const noexcept { return end_; }
  /// The warden ended it. Requires: `gone` is readable.
  bool forced() const noexcept { return forced_; }

 private:
  friend class warden;
  enum class kind : std::uint8_t { child, stranger, none };
  using clock = std::chrono::steady_clock;

  /// Watching: sees whether it has ended, wakes it if it is held, and ends it if it has to be.
  void watch(clock::time_point now);
  /// The end of this process: a helper that was ever held is not trusted to do its work alone.
  void suspect();
  /// From now on the warden ends what is left.
  void force();
  void begin_clearing();
  /// After a round of clearing that left something.
  void pause();
  /// Null: it has not ended. Its status stays where it is.
  std::optional<helper_end> look_at_end() const noexcept;
  void kill_helper() noexcept;
  /// Takes the status of a child that has ended; its id may be anybody's afterwards.
  void collect() const noexcept;
  /// Wakes a helper that a program has stopped.
  void look();

  const std::chrono::milliseconds grace_;
  const std::string mark_;  // NAME=value; empty: none
  kind helper_ = kind::child;
  pid_t id_ = -1;
  std::uint64_t started_ = 0;
  int warden_ = -1;  // its event
  descriptor pidfd_, gone_;
  std::atomic<clock::rep> asked_{0};  // when, 0: not yet
  // The warden's alone until `gone`:
  helper_end end_;
  bool forced_ = false;
  bool clearing_ = false;
  bool suspect_ = false;  // it was seen held
  int held_ = 0;          // looks in a row
  int rounds_ = 0;        // of clearing
  clock::time_point next_{};
};

/// Makes an event readable.
void raise_event(int event) noexcept;
/// Throws `std::system_error`.
[[noreturn]] void cannot(const char* task, int error);

}  // namespace longhaul::command
