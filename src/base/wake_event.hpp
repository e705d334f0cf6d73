// SPDX-License-Identifier: Apache-2.0
// Wakes a thread that polls a descriptor.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul {

class wake_event {
 public:
  /// Throws `std::system_error`.
  wake_event();
  ~wake_event();
  wake_event(const wake_event&) = delete;
  wake_event& operator=(const wake_event&) = delete;

  /// Any thread; stays set.
  void set() const noexcept;
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

enum class readiness { ready, woken, late };
/// Blocks until `fd` is ready for `events` (of poll), or `wake` is set, which goes first.
readiness wait_for(int fd, short events, const wake_event& wake) noexcept;
/// … or the time is over.
readiness wait_for(int fd, short events, std::chrono::milliseconds at_most) noexcept;

/// What POSIX promises to take in one piece once poll says that a pipe is writable: such a write
/// never blocks, without changing the descriptor's flags, which others may share.
inline constexpr std::size_t pipe_piece = 4096;

/// For the life of the calling thread a reader that has gone is an error of `write`, not a signal.
void block_broken_pipe() noexcept;

}  // namespace longhaul
