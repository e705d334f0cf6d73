// SPDX-License-Identifier: Apache-2.0
// What a coroutine comes to, for another thread: a value or an error that is its own. An exception
// that two threads share is freed by whichever is the last, which only the runtime library sees:
// ThreadSanitizer calls it a race.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "longhaul/client_error.hpp"

namespace longhaul::remote {

template <class T>
struct told {
  std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value = std::nullopt;
  std::optional<client_error> failed = std::nullopt;
};

/// Shares nothing with it, not even the text.
inline client_error own_copy(const client_error& e) {
  return {e.why(), std::string(e.what()), e.code(), e.data()};
}

/// `work` gives an awaitable. Errors that are no `client_error` are thrown.
template <class Work, class T = typename std::invoke_result_t<Work&>::value_type>
boost::asio::awaitable<told<T>> told_by(Work work) {
  told<T> result;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await work();
      result.value.emplace();
    } else {
      auto value = co_await work();
      result.value.emplace(std::move(value));
    }
  } catch (const client_error& e) {
    result.failed.emplace(own_copy(e));
  }
  co_return result;
}

}  // namespace longhaul::remote
