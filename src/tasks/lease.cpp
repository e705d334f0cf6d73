// SPDX-License-Identifier: Apache-2.0
#include "tasks/lease.hpp"

#include <exception>

namespace longhaul::tasks {

bool lease::may_declare_dead(monotonic_time now) const {
  return trusted_since_ && now - *trusted_since_ >= core_.options.lease;
}

void lease::lose_trust() {
  may_claim_ = false;
  trusted_since_.reset();
}

boost::asio::awaitable<void> lease::keep() {
  const engine_options& options = core_.options;
  const monotonic_time now = core_.monotonic();
  if (renewed_at_ && now - *renewed_at_ < options.renew_every) co_return;
  stores::renew_result result;
  try {
    result = co_await options.store->renew(core_.process, options.lease);
  } catch (const std::exception& e) {
    // What we hold stays ours until a write says otherwise; we only claim nothing new.
    if (!renewed_at_ || now - *renewed_at_ > options.lease - options.trust_margin) lose_trust();
    if (!core_.in_trouble()) core_.log.trouble("lease.not_renewed", e.what());
    co_return;
  }
  // A new trust begins where the old one may have ended unseen.
  const bool unbroken = trusted_since_ && now - *renewed_at_ <= options.lease;
  renewed_at_ = now;
  if (!result.alive) {  // asked again, and said again, with the next renewal only
    lose_trust();
    core_.log.trouble(
        "lease.lost",
        "this process was declared dead (its lease had run out): it claims nothing any more");
    co_return;
  }
  if (!unbroken) trusted_since_ = now;
  may_claim_ = true;
}

}  // namespace longhaul::tasks
