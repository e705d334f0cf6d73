// SPDX-License-Identifier: Apache-2.0
// The numbers that a store keeps, as whoever looks often reads them: asked for at most about once a
// second for all of them together. While the store is in trouble, or slow to answer, they are the
// last ones that were known: whoever looks at a server in trouble is not kept waiting for it.
//
//   read ──► fresh enough ────────────────────────────────────► the last ones
//     └────► a look is under way, or begins ── done in time ──► the new ones
//                                           └─ or not ────────► the last ones; it goes on
//
// Threads: any.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>

#include "longhaul/stores/store.hpp"

namespace longhaul::operating {

class kept_numbers {
 public:
  struct all {
    stores::counts_by_tool counts;
    std::size_t bytes = 0;
    std::optional<stores::paused_tools> paused = std::nullopt;  ///< null: not known yet
    task_ptr oldest;      ///< of the tasks that wait for a slot; null: none does
    bool is_new = false;  ///< the store has answered just now
  };

  kept_numbers();
  ~kept_numbers();
  /// Never throws `stores::store_error`. The store must outlive the caller's executor's work.
  boost::asio::awaitable<all> read(stores::store& store);

 private:
  struct state;
  static void begin_look(const boost::asio::any_io_executor& here,
                         const std::shared_ptr<state>& mine, stores::store& store);
  const std::shared_ptr<state> state_;
};

}  // namespace longhaul::operating
