// SPDX-License-Identifier: Apache-2.0
// An unknown outcome is not a failure: the operations of the store contract are safe to repeat, and
// the repetition tells what happened.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "longhaul/stores/store.hpp"
#include "tasks/tunables.hpp"

namespace longhaul::tasks {

/// Runs `operation` (a callable that starts a store operation) until its outcome is known, with a
/// growing delay; gives up after `retry_attempts`, or `retry_for`, and lets the last `store_error`
/// through.
template <class Operation>
auto certain(Operation operation) -> decltype(operation()) {
  auto delay = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::milliseconds(tunables::retry_delay));
  const auto end = std::chrono::steady_clock::now() + tunables::retry_for;
  for (int attempt = 0;; ++attempt) {
    try {
      co_return co_await operation();
    } catch (const stores::store_error& error) {
      const bool last =
          attempt == tunables::retry_attempts || std::chrono::steady_clock::now() >= end;
      if (!error.outcome_unknown() || last) throw;
    }
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, delay);
    co_await timer.async_wait(boost::asio::use_awaitable);
    delay *= tunables::retry_growth;
  }
}

}  // namespace longhaul::tasks
