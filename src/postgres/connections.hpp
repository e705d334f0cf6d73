// SPDX-License-Identifier: Apache-2.0
// The connections of a store: as many as it may have, opened when they are first needed and again
// after they were lost, with pauses that grow while nobody answers.
//
//   take ──► one that is free (or a place in the line) ──► open, if it is not ──► lent ──► back
//
// When one is given up because no answer came, those that were not heard since it was asked are
// opened anew before they are lent: what swallowed its question may have swallowed theirs, and each
// would be found out only by its own time-out, which together cost a lease.
//
// Threads: the database thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postgres/connection.hpp"

namespace longhaul::postgres {

class connections {
 public:
  /// `on_trouble` hears why nobody answers, and null once somebody does.
  connections(boost::asio::io_context& context, const std::string& where, std::size_t most,
              std::function<void(const database_error*)> on_trouble);

  /// A connection that belongs to its holder. Not one in the middle of a transaction goes back.
  class loan {
   public:
    loan(connections& home, connection& lent) : home_(&home), lent_(&lent) {}
    loan(loan&& other) noexcept : home_(std::exchange(other.home_, nullptr)), lent_(other.lent_) {}
    loan& operator=(loan&&) = delete;
    ~loan() {
      if (home_ != nullptr) home_->give_back(*lent_);
    }
    connection* operator->() const noexcept { return lent_; }
    connection& operator*() const noexcept { return *lent_; }

   private:
    connections* home_;
    connection* lent_;
  };

  /// Throws `database_error`, `refused`: nobody answers.
  awaitable<loan> take();
  /// One of them did what it was asked: there is no trouble.
  void answered();
  /// When a question was asked that was never answered, the last of them: what was not heard since
  /// may be dead, too.
  std::chrono::steady_clock::time_point silence() const noexcept { return silence_; }
  /// None is given from now on, and those that are free are closed.
  void close();

 private:
  friend class loan;
  void give_back(connection& lent) noexcept;
  awaitable<void> make_usable(connection& lent);
  bool trusted(const connection& one) const noexcept;

  boost::asio::io_context& context_;
  const std::function<void(const database_error*)> on_trouble_;
  std::vector<std::unique_ptr<connection>> all_;
  std::vector<connection*> free_;
  // Who waits, and what he was given.
  struct place {
    boost::asio::steady_timer timer;
    connection* given = nullptr;
  };
  std::deque<place*> line_;
  std::optional<database_error> why_not_;
  std::chrono::steady_clock::duration pause_{0};
  std::chrono::steady_clock::time_point not_before_{};
  std::chrono::steady_clock::time_point silence_{};  // the last began then, that we know of
  bool trouble_ = false, closed_ = false;
};

}  // namespace longhaul::postgres
