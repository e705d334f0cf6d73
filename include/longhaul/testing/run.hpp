// SPDX-License-Identifier: Apache-2.0
// Runs awaitables to their end on the calling thread, for tests of what has no server yet:
// `auto task = run(store.get(owner, id));`
//
// Threads: any; each has a context of its own.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace longhaul::testkit {

/// Beside each other, to the end of all. The first exception is passed on. Throws
/// `std::logic_error` if one of them waits for something that is not on this thread's context, and
/// so never completes. Not from inside another `run` on the same thread.
inline void run_all(std::vector<boost::asio::awaitable<void>> all) {
  // One context a thread: making one costs more than most operations that tests run.
  thread_local boost::asio::io_context context(1);
  context.restart();
  std::exception_ptr first;
  std::size_t left = all.size();
  for (auto& work : all) {
    boost::asio::co_spawn(context, std::move(work), [&](const std::exception_ptr& error) {
      --left;
      if (error && !first) first = error;
    });
  }
  context.run();
  if (first) std::rethrow_exception(first);
  if (left > 0) throw std::logic_error("an awaitable never completed");
}

/// Throws what it throws; else as `run_all`.
inline void run(boost::asio::awaitable<void> work) {
  std::vector<boost::asio::awaitable<void>> all;
  all.push_back(std::move(work));
  run_all(std::move(all));
}

namespace detail {

template <class T>
boost::asio::awaitable<void> keep_result(boost::asio::awaitable<T> work, std::optional<T>& result) {
  result.emplace(co_await std::move(work));
}

}  // namespace detail

/// Its result or exception.
template <class T>
T run(boost::asio::awaitable<T> work) {
  std::optional<T> result;
  run(detail::keep_result(std::move(work), result));
  return *std::move(result);
}

/// Runs `make(0)` … `make(count − 1)` beside each other, as `run_all`.
template <class Make>
void run_together(int count, Make make) {
  std::vector<boost::asio::awaitable<void>> all;
  for (int i = 0; i < count; ++i) all.push_back(make(i));
  run_all(std::move(all));
}

}  // namespace longhaul::testkit
