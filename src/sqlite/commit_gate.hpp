// SPDX-License-Identifier: Apache-2.0
// Between a commit and its publication a reader of the file may see what the cache does not know
// yet. Readers pass the gate after they have read, before they answer: what they saw is published
// then, and nobody who reads again goes back in time.
//
//   writer:  close ── COMMIT ── cache, observer ── open
//   reader:              read the file ─────────── pass ── answer
//
// Whoever saw the rows of a commit passes later than its gate was closed, so the turn that he reads
// is that of the closed gate, and he waits for its end, or a later one, and it has ended. The order
// of all turns is one (sequentially consistent), and SQLite's locks order the rows with them.
//
// Threads: `closed` is the writer's, `pass` any but I/O threads (it may wait for a commit).
#pragma once

#include <atomic>
#include <cstdint>

namespace longhaul::sqlite {

class commit_gate {
 public:
  /// The gate is closed as long as this lives.
  class closed {
   public:
    explicit closed(commit_gate& gate) noexcept : gate_(gate) { ++gate_.turns_; }
    ~closed() {
      ++gate_.turns_;
      gate_.turns_.notify_all();
    }
    closed(const closed&) = delete;
    closed& operator=(const closed&) = delete;

   private:
    commit_gate& gate_;
  };

  /// Waits while the gate is closed, for this commit: not for the next one that closes it again.
  void pass() const noexcept {
    const std::uint64_t turn = turns_.load();
    if (turn % 2 == 1) turns_.wait(turn);
  }

 private:
  std::atomic<std::uint64_t> turns_{0};  // odd: closed
};

}  // namespace longhaul::sqlite
