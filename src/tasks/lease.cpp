// SPDX-License-Identifier: Apache-2.0
#include "tasks/lease.hpp"

#include <exception>

#include "base/random.hpp"

namespace longhaul::tasks {

bool lease::may_declare_dead(monotonic_time now) const {
  return trusted_since_ && now - *trusted_since_ >= core_.options.lease;
}

void lease::lose_trust() {
  claims_until_ = monotonic_time::min();
  trusted_since_.reset();
}

// Nobody may claim under an id that has no lease yet.
boost::asio::awaitable<void> lease::begin_anew() {
  lose_trust();
  renewed_at_.reset();
  const process_id next = new_process_id();
  co_await core_.options.store->renew(next, core_.options.lease);
  core_.process.replace(next);
  core_.log.trouble("lease.lost",
                    "this process was declared dead (its lease had run out): what it was running "
                    "is not its own any more, and it goes on under a new id");
}

boost::asio::awaitable<void> lease::keep() {
  const engine_options& options = core_.options;
  const monotonic_time now = core_.monotonic();
  if (renewed_at_ && now - *renewed_at_ < options.renew_every) co_return;
  stores::renew_result result;
  try {
    result = co_await options.store->renew(core_.process.get(), options.lease);
    if (!result.alive) co_await begin_anew();
  } catch (const std::exception& e) {
    // What we hold stays ours until a write says otherwise; we only claim nothing new.
    if (!renewed_at_ || now - *renewed_at_ > options.lease - options.trust_margin) lose_trust();
    if (!core_.in_trouble()) core_.log.trouble("lease.not_renewed", e.what());
    co_return;
  }
  // A new trust begins where the old one may have ended unseen.
  const bool unbroken = trusted_since_ && now - *renewed_at_ <= options.lease;
  renewed_at_ = now;
  answered_at_ = now;
  if (!unbroken) trusted_since_ = now;
  claims_until_ = now + options.lease - options.trust_margin;
}

}  // namespace longhaul::tasks
