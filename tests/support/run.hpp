// SPDX-License-Identifier: Apache-2.0
// Runs an awaitable to its end on the calling thread: `auto task = run(store.get(owner, id));`
// What users get (longhaul/testing/run.hpp), but that Asio's part of it is compiled once, in
// run.cpp: it costs seconds in every file otherwise.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace longhaul::test {

namespace detail {

/// Beside each other, to the end of all. The first exception is passed on.
void run_all(std::vector<boost::asio::awaitable<void>> all);

template <class T>
boost::asio::awaitable<void> keep_result(boost::asio::awaitable<T> work, std::optional<T>& result) {
  result.emplace(co_await std::move(work));
}

}  // namespace detail

/// Throws what it throws. Not from inside another `run` on the same thread.
void run(boost::asio::awaitable<void> work);
/// Its result or exception.
template <class T>
T run(boost::asio::awaitable<T> work) {
  std::optional<T> result;
  run(detail::keep_result(std::move(work), result));
  return *std::move(result);
}

/// Runs `make(0)` … `make(count − 1)` beside each other on the calling thread, to the end of all.
/// The first exception is passed on.
template <class Make>
void run_together(int count, Make make) {
  std::vector<boost::asio::awaitable<void>> all;
  for (int i = 0; i < count; ++i) all.push_back(make(i));
  detail::run_all(std::move(all));
}

}  // namespace longhaul::test
