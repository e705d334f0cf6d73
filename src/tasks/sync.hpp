// SPDX-License-Identifier: Apache-2.0
// The bridge from blocking code to coroutines: runs an awaitable to its end on the calling thread.
// Never called on an I/O thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace longhaul::tasks {

/// Blocks until `work` is done; its result or exception. Not reentrant on one thread from inside a
/// coroutine that `sync` itself runs.
template <class T>
T sync(boost::asio::awaitable<T> work) {
  boost::asio::io_context context(1);
  std::exception_ptr error;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(context, std::move(work),
                          [&](const std::exception_ptr& e) { error = e; });
    context.run();
    if (error) std::rethrow_exception(error);
  } else {
    std::optional<T> result;
    boost::asio::co_spawn(context, std::move(work), [&](const std::exception_ptr& e, T value) {
      error = e;
      if (!e) result.emplace(std::move(value));
    });
    context.run();
    if (error) std::rethrow_exception(error);
    return std::move(*result);
  }
}

}  // namespace longhaul::tasks
