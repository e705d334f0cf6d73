// SPDX-License-Identifier: Apache-2.0
// Subscriptions: who hears of which tasks, and whether the list of tools changed, until the caller
// leaves or the server stops.
//
//   follow (registered, then read) ──► the caller is told the states ──► listen: changes as they
//   come
//
// Of each task the newest state is kept until it is told, so a slow peer loses none that counts.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "server/audience.hpp"
#include "server/context.hpp"
#include "server/exchange.hpp"

namespace longhaul::serving {

class subscriptions {
 public:
  explicit subscriptions(const context& server) : server_(server) {}

  /// Those of `ids` that this caller may see, in their order, without repetition, with their state.
  /// They are followed by `mailbox` from before they were read. Refused as a whole if one of them
  /// has as many followers as it may have.
  awaitable<reply<std::vector<task_view>>> follow(const caller& who,
                                                  std::span<const std::string> ids,
                                                  exchange_ptr mailbox) const;
  /// Reports changes of followed tasks, and of the list of tools if the mailbox listens to it, to
  /// `listener` until the exchange is abandoned or the server stops.
  /// True: the server stops (end it gracefully).
  awaitable<bool> listen(exchange_ptr mailbox, audience& listener) const;

 private:
  const context& server_;
};

}  // namespace longhaul::serving
