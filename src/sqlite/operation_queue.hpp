// SPDX-License-Identifier: Apache-2.0
// What callers want done, on its way to the writer's thread, which takes all that has come for one
// transaction. Commits cost the same for one operation and for a thousand, so the queue waits where
// that brings company and never where it does not:
//
//   nobody there ──► sleep ──submit──► take: a batch ──► carried out ──► join: who came meanwhile,
//        ▲                                                               who shared the last batch
//        └── (after a crowd's commit: stay awake a moment) ◄── commit ◄──┘ and is about to come
//
// Callers that were woken together come back one after the other, while the first of them are
// carried out: an open transaction waits for them for microseconds. A caller without company never
// waits, because the last batch was one as well.
//
// Threads: `submit` and `close` any; the rest is the writer's own.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <vector>

#include "base/mutex.hpp"
#include "base/sleeper.hpp"
#include "sqlite/ledger.hpp"

namespace longhaul::sqlite {

/// Something to be done in a transaction, for a coroutine that waits.
class operation {
 public:
  operation() = default;
  operation(const operation&) = delete;
  operation& operator=(const operation&) = delete;
  virtual ~operation() = default;
  virtual void apply(ledger& book) = 0;

  std::exception_ptr error = nullptr;
  sleeper caller;
};

/// They live in the frames of their callers until these are resumed.
using batch = std::vector<operation*>;

class operation_queue {
 public:
  /// False: it is closed, and takes nothing any more.
  bool submit(operation& work);
  /// What has come; waits for it `patience` long at most, then it is empty. Null: nothing will
  /// come.
  std::optional<batch> take(std::chrono::steady_clock::duration patience);
  /// Adds to the batch that is being carried out; false: nobody came.
  bool join(batch& work);
  /// So many share the commit that is made now: how many may come back.
  void shared_by(std::size_t callers) noexcept { last_batch_ = callers; }
  /// What is here will be taken, and nothing more.
  void close();

 private:
  void stay_awake();
  bool move_to(batch& work) LONGHAUL_REQUIRES(mutex_);

  std::size_t last_batch_ = 0;  // the writer's

  guarded_mutex mutex_;
  condition news_;
  batch queue_ LONGHAUL_GUARDED_BY(mutex_);
  bool closing_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace longhaul::sqlite
