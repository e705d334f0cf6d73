// SPDX-License-Identifier: Apache-2.0
// Load on a store by itself: tasks that are created, and finished, so many at a time. What the
// benchmarks of all stores share.
//
// Threads: called from one; stores bring their own.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/stores/store.hpp"

namespace longhaul::bench {

using stores::awaitable;

double microseconds(std::chrono::steady_clock::duration time);
double to_seconds(std::chrono::steady_clock::duration time);
double quantile(std::vector<double>& values, double q);

/// A task as servers have them: arguments of 400 bytes, claimed for `process` when it is created.
stores::new_task new_task(const std::string& owner, process_id process, on_crash policy);
const outcome& result();

struct load_figures {
  double per_second = 0;          ///< tasks (a life is two writes)
  double p50_us = 0, p99_us = 0;  ///< of a task, from its first write to the end of its last
  bool right = true;              ///< everything did what it must
};
/// `in_flight` callers, one task after the other each, for as long as `measured`.
load_figures load_store(stores::store& store, std::size_t in_flight, bool whole_life,
                        std::chrono::steady_clock::duration measured);

template <class T>
T sync(awaitable<T> work) {
  boost::asio::io_context context(1);
  std::optional<T> value;
  std::exception_ptr error;
  boost::asio::co_spawn(context, std::move(work), [&](const std::exception_ptr& e, T got) {
    error = e;
    if (!e) value = std::move(got);
  });
  context.run();
  if (error) std::rethrow_exception(error);
  return std::move(*value);
}

}  // namespace longhaul::bench
