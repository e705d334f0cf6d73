// SPDX-License-Identifier: Apache-2.0
// Suggestions for the argument of a prompt, or the variable of a resource template, while somebody
// types it. MCP "Completion".
//
// Threads: a completer may run many times at once.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "longhaul/typed_tool.hpp"

namespace longhaul {

/// What is typed.
struct completion_request {
  std::string argument;  ///< its name
  std::string value;     ///< as far as it is typed; may be empty
  /// Other arguments, as they are known already (from 2025-06-18 on).
  std::map<std::string, std::string> arguments;
};
BOOST_DESCRIBE_STRUCT(completion_request, (), (argument, value, arguments))

/// Suggestions, the best first. At most 100 are sent: of more, the first 100, and `hasMore`.
struct completion {
  std::vector<std::string> values = {};
  std::optional<std::size_t> total = {};  ///< how many there are in all, if that is known
  bool has_more = false;                  ///< there are more than these
};

namespace detail {

/// The result of `completion/complete`, without what the wire adds.
outcome completion_outcome(const completion& suggestions);

struct completion_results {
  template <class R>
  static constexpr bool takes() {
    return std::same_as<R, completion> || std::same_as<R, std::vector<std::string>>;
  }
  static raw_json arguments(const call_arguments& given) { return given.json(); }
  static handler_result nothing(const call_arguments&) { return completion_outcome({}); }
  template <class R>
  static handler_result result(R&& found, const call_arguments&) {
    if constexpr (std::same_as<std::remove_cvref_t<R>, completion>) {
      return completion_outcome(found);
    } else {
      completion all;
      all.values = std::forward<R>(found);
      return completion_outcome(all);
    }
  }
};

}  // namespace detail

/// Suggests values. Made of a function:
///   R(const completion_request&), R(task_context&, const completion_request&), R(), …
/// where `R` is `std::vector<std::string>` or `completion`, or an `awaitable` of one (a coroutine).
/// It is stopped after `defaults::completion_limit`. Values that begin with what is typed are for
/// it to choose: nothing is filtered here.
class completer {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, completer>)
  completer(F function) {  // NOLINT(google-explicit-constructor): a function is one
    using check = detail::handler_check<F, detail::completion_results>;
    if constexpr (detail::check_handler<check>()) {
      const detail::typed_schema schema(detail::node_of<completion_request>());
      handler_ = detail::untyped_handler(std::move(function), schema, detail::completion_results());
    } else if constexpr (check::knows_arguments() && !check::knows_result()) {
      static_assert(check::knows_result(),
                    "longhaul: a completer returns std::vector<std::string> or "
                    "longhaul::completion, or an awaitable of one");
    }
  }
  /// Of these, those that begin with what is typed, without regard to case (ASCII).
  static completer among(std::vector<std::string> values);

  const std::variant<blocking_handler, coroutine_handler>& handler() const noexcept {
    return handler_;
  }

 private:
  std::variant<blocking_handler, coroutine_handler> handler_;
};

/// By name of the argument or variable.
using completers = std::map<std::string, completer, std::less<>>;

}  // namespace longhaul
