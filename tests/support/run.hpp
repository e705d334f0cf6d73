// SPDX-License-Identifier: Apache-2.0
// Runs an awaitable to its end on the calling thread: `auto task = run(store.get(owner, id));`
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace longhaul::test {

namespace detail {

// One context a thread: making one costs more than most operations that tests run.
inline boost::asio::io_context& run_context() {
  thread_local boost::asio::io_context context(1);
  return context;
}

}  // namespace detail

/// Its result or exception. Not from inside another `run` on the same thread.
template <class T>
T run(boost::asio::awaitable<T> work) {
  boost::asio::io_context& context = detail::run_context();
  context.restart();
  std::exception_ptr error;
  bool done = false;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr e) {
      error = e;
      done = true;
    });
    context.run();
    if (error) std::rethrow_exception(error);
    if (!done) throw std::logic_error("the awaitable never completed");
  } else {
    std::optional<T> result;
    boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr e, T value) {
      error = e;
      done = true;
      if (!e) result.emplace(std::move(value));
    });
    context.run();
    if (error) std::rethrow_exception(error);
    if (!done) throw std::logic_error("the awaitable never completed");
    return std::move(*result);
  }
}

/// Runs `make(0)` … `make(count − 1)` beside each other on the calling thread, to the end of all.
/// The first exception is passed on.
template <class Make>
void run_together(int count, Make make) {
  boost::asio::io_context& context = detail::run_context();
  context.restart();
  std::exception_ptr first;
  for (int i = 0; i < count; ++i) {
    boost::asio::co_spawn(context, make(i), [&first](const std::exception_ptr& e) {
      if (e && !first) first = e;
    });
  }
  context.run();
  if (first) std::rethrow_exception(first);
}

}  // namespace longhaul::test
