// SPDX-License-Identifier: Apache-2.0
// The lease of this process: how processes that share a store know of each other who is alive.
//
// Every boot of a process has a random id and one row in the store, which it renews every
// `renew_every` for `lease`. Whoever has not renewed for a whole lease is dead: another process may
// take its tasks (`recovery.hpp`). Times are the store's; what a process concludes for itself it
// counts on its own monotonic clock, from before the renewal was asked for, and with a margin.
//
//                      renewed                       renewed
//            ┌─────────────────────────┐   ┌───────────────────────────┐
//            │                         ▼   ▼                           │
//   starting ┴─ no answer ──► silent   trusted ──── no answer for ─────┴──► silent
//                               │        │ ▲        lease − trust_margin      │
//                               │        └─┘ renewed                          │
//                               └───────── renewed ──► trusted ◄──────────────┘
//   any ──── the store says: declared dead ──► starting, under a new id (`process_name`)
//
//   state    | claims new tasks | goes on with its own           | may declare others dead
//   trusted  | yes              | yes                            | once it was so for a whole lease
//   silent   | no               | yes, until a write says        | no
//            |                  | `superseded`                   |
//
// What it held when it was declared dead is somebody else's, or failed: no write of the former runs
// is accepted, and they are stopped when it hears of that.
//
// Why the trust window ends early: the renewal that the store wrote began before the answer came,
// so by the store's time the lease may run out `trust_margin` before we would notice. Why a whole
// lease: after an outage of the store everybody's lease has run out, and nobody is dead. Only who
// was heard for one lease since knows that the others could have been heard as well.
//
// Threads: `may_claim` and `age` any; the rest one at a time.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <optional>

#include "base/clock_arithmetic.hpp"
#include "longhaul/clock.hpp"
#include "tasks/engine_core.hpp"

namespace longhaul::tasks {

class lease {
 public:
  explicit lease(engine_core& core) : core_(core) {}

  /// Renews if it is time to. Never throws for what the store cannot do.
  boost::asio::awaitable<void> keep();
  /// Trusted, or starting.
  bool may_claim() const { return core_.monotonic() < claims_until_.load(); }
  /// How long ago the renewal was asked for that was answered last; null: none was. Any thread.
  std::optional<milliseconds> age() const {
    const monotonic_time at = answered_at_;
    if (at == monotonic_time::min()) return std::nullopt;
    return elapsed(at, core_.monotonic());
  }
  /// Trusted for a whole lease.
  bool may_declare_dead(monotonic_time now) const;

 private:
  void lose_trust();
  boost::asio::awaitable<void> begin_anew();

  engine_core& core_;
  // Looked at, not told: whoever was frozen for longer than that knows it at once.
  std::atomic<monotonic_time> claims_until_{monotonic_time::max()};
  std::atomic<monotonic_time> answered_at_{monotonic_time::min()};
  std::optional<monotonic_time> renewed_at_;     // the last answer, by the time it was asked for
  std::optional<monotonic_time> trusted_since_;  // null: silent, or dead
};

}  // namespace longhaul::tasks
