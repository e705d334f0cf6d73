// SPDX-License-Identifier: Apache-2.0
// What callers want, on its way to the database thread. All that has come while that was busy is
// taken together, so many callers share one way there and back.
//
//   callers ──► queue ──take──► a batch ──► carried out ──► the next, until none is left
//
// Threads: `perform` and `close` any; the rest is the database thread's.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "base/sleeper.hpp"
#include "longhaul/stores/values.hpp"
#include "postgres/connection.hpp"

namespace longhaul::postgres {

/// An `Item` has a `sleeper caller`, and an `std::exception_ptr error`.
template <class Item>
class work_queue {
 public:
  using batch = std::vector<Item*>;
  /// How many of these are taken together, from the front: one at least if there is one.
  using measure = std::function<std::size_t(const batch&)>;
  /// Does them, and wakes each caller. Must not throw.
  using worker = std::function<awaitable<void>(batch)>;

  /// `together`: batches that are carried out at the same time.
  work_queue(boost::asio::io_context& context, std::size_t together, measure next_batch,
             worker carry_out)
      : context_(context),
        together_(together),
        next_batch_(std::move(next_batch)),
        carry_out_(std::move(carry_out)) {}

  /// Returns when it is done; throws its error, and `stores::store_error` once this is closed.
  awaitable<void> perform(Item& mine) {
    auto waiting = sleep_until_resumed([this, &mine](sleeper caller) {
      mine.caller = std::move(caller);
      submit(mine);
    });
    co_await std::move(waiting);
    if (mine.error) std::rethrow_exception(mine.error);
  }
  /// What is here is carried out, and all that comes later refused.
  void close() {
    const guard lock(mutex_);
    closed_ = true;
  }
  static void wake_all(const batch& done) {
    std::vector<sleeper> callers;
    for (Item* each : done) callers.push_back(std::move(each->caller));
    wake(std::move(callers));
  }

 private:
  void submit(Item& mine) {
    {
      const guard lock(mutex_);
      if (!closed_) {
        queue_.push_back(&mine);
        if (running_ == together_) return;
        ++running_;
        // Under the lock: who closes this finds the context at work.
        boost::asio::post(
            context_, [this] { boost::asio::co_spawn(context_, run(), boost::asio::detached); });
        return;
      }
    }
    mine.error = std::make_exception_ptr(stores::store_error("the store is closed", false));
    wake_all({&mine});
  }
  awaitable<void> run() {
    for (;;) {
      batch work = take();
      if (work.empty()) co_return;
      co_await carry_out_(std::move(work));
    }
  }
  /// Empty: there is nothing, and this runner is no more.
  batch take() {
    const guard lock(mutex_);
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(next_batch_(queue_));
    batch work(queue_.begin(), end);
    queue_.erase(queue_.begin(), end);
    if (work.empty()) --running_;
    return work;
  }

  boost::asio::io_context& context_;
  const std::size_t together_;
  const measure next_batch_;
  const worker carry_out_;
  guarded_mutex mutex_;
  batch queue_ LONGHAUL_GUARDED_BY(mutex_);
  std::size_t running_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  bool closed_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace longhaul::postgres
