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
//   any ──── the store says: declared dead ──► dead (for good)
//
//   state    | claims new tasks | goes on with its own           | may declare others dead
//   trusted  | yes              | yes                            | once it was so for a whole lease
//   silent   | no               | yes, until a write says        | no
//            |                  | `superseded`                   |
//   dead     | no               | no write of it is accepted     | no
//
// Why the trust window ends early: the renewal that the store wrote began before the answer came,
// so by the store's time the lease may run out `trust_margin` before we would notice. Why a whole
// lease: after an outage of the store everybody's lease has run out, and nobody is dead. Only who
// was heard for one lease since knows that the others could have been heard as well.
//
// Threads: `may_claim` any; the rest one at a time.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <optional>

#include "longhaul/clock.hpp"
#include "tasks/engine_core.hpp"

namespace longhaul::tasks {

class lease {
 public:
  explicit lease(engine_core& core) : core_(core) {}

  /// Renews if it is time to. Never throws for what the store cannot do.
  boost::asio::awaitable<void> keep();
  /// Trusted, or starting.
  bool may_claim() const noexcept { return may_claim_; }
  /// Trusted for a whole lease.
  bool may_declare_dead(monotonic_time now) const;

 private:
  void lose_trust();

  engine_core& core_;
  std::atomic<bool> may_claim_{true};
  std::optional<monotonic_time> renewed_at_;     // the last answer, by the time it was asked for
  std::optional<monotonic_time> trusted_since_;  // null: silent, or dead
};

}  // namespace longhaul::tasks
