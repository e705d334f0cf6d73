// SPDX-License-Identifier: Apache-2.0
// How a coroutine waits for work that another thread does, and how many of them are woken with one
// post for each executor.
//
// Threads: a `sleeper` is filled by its coroutine, then belongs to whoever does the work.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace longhaul {

/// A coroutine that waits. Must be resumed once, on its executor.
class sleeper {
 public:
  sleeper() = default;
  template <class Handler>
  explicit sleeper(Handler handler)
      : executor_(boost::asio::get_associated_executor(handler)),
        resumption_(std::make_unique<typed<Handler>>(std::move(handler))) {}

  const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
  void resume() { std::exchange(resumption_, nullptr)->run(); }

 private:
  struct resumption {
    virtual ~resumption() = default;
    virtual void run() = 0;
  };
  template <class Handler>
  struct typed final : resumption {
    explicit typed(Handler waiting) : handler(std::move(waiting)) {}
    void run() override { std::move(handler)(); }
    Handler handler;
  };

  boost::asio::any_io_executor executor_;
  std::unique_ptr<resumption> resumption_;
};

/// Suspends the caller, then hands its sleeper to `pass_on`.
template <class PassOn>
boost::asio::awaitable<void> sleep_until_resumed(PassOn pass_on) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      [pass_on = std::move(pass_on)](auto handler) mutable {
        pass_on(sleeper(std::move(handler)));
      },
      boost::asio::use_awaitable);
}

/// Wakes all, with one post for each executor.
void wake(std::vector<sleeper> sleepers);

}  // namespace longhaul
