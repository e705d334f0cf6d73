// SPDX-License-Identifier: Apache-2.0
// How long something is tried again that the database did not do: with pauses that grow, as long as
// its caller has patience (`tunables::operation_time`).
//
// Threads: the database thread.
#pragma once

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "postgres/database.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {

class patience {
 public:
  explicit patience(database& home) : timer_(home.context) {}

  /// The same may be tried again: it may pass, nothing of it has happened, and there is time left.
  bool allows(const database_error& why) const {
    return why.may_pass() && !why.outcome_unknown() && !over();
  }
  bool over() const { return std::chrono::steady_clock::now() >= end_; }
  awaitable<void> pause() {
    timer_.expires_after(pause_);
    pause_ = std::min<std::chrono::steady_clock::duration>(pause_ * 2, tunables::longest_pause);
    co_await timer_.async_wait(boost::asio::use_awaitable);
  }

 private:
  const std::chrono::steady_clock::time_point end_ =
      std::chrono::steady_clock::now() + tunables::operation_time;
  std::chrono::steady_clock::duration pause_ = tunables::first_pause;
  boost::asio::steady_timer timer_;
};

/// A write beside the writer is under way.
class write_mark {
 public:
  write_mark(database& home, bool writes) : home_(writes ? &home : nullptr) {
    if (home_ == nullptr) return;
    ++home_->writes;
    ++home_->writes_begun;
  }
  write_mark(const write_mark&) = delete;
  write_mark& operator=(const write_mark&) = delete;
  ~write_mark() {
    if (home_ != nullptr) --home_->writes;
  }

 private:
  database* const home_;
};

/// `reads`: nothing is written, or nothing that may not be written twice, so an unknown outcome is
/// none. `lease`: that as well, on the connection of the lease.
enum class purpose : std::uint8_t { reads, writes, lease };
/// Runs `work(connection&)` on a connection, again while that makes sense. Throws
/// `stores::store_error`.
template <class Work>
auto with_connection(database& home, purpose use, Work work)
    -> decltype(work(std::declval<connection&>())) {
  patience left(home);
  const write_mark mark(home, use == purpose::writes);
  connections& links = use == purpose::lease ? home.lease_link : home.links;
  for (;;) {
    std::optional<stores::store_error> failed;
    try {
      connections::loan link = co_await links.take();
      auto working = work(*link);
      auto result = co_await std::move(working);
      links.answered();
      co_return result;
    } catch (const database_error& e) {
      if (use == purpose::writes && e.outcome_unknown()) home.own_is_doubtful = true;
      if (e.has_no_room()) home.set_no_room(&e);
      const bool again = use != purpose::writes ? e.may_pass() && !left.over() : left.allows(e);
      if (!again) failed.emplace(store_error_of(e));
    }
    if (failed) throw *failed;
    co_await left.pause();
  }
}

}  // namespace longhaul::postgres
