// SPDX-License-Identifier: Apache-2.0
// What a client gets: a result or an error, as values that a test looks at.
//
// Threads: plain values.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "longhaul/raw_json.hpp"
#include "longhaul/schema.hpp"
#include "longhaul/task.hpp"

namespace longhaul::testkit {

/// `R"({"n":1})"_json`. Throws `invalid_json`.
inline raw_json operator""_json(const char* text, std::size_t size) {
  return raw_json::parse(std::string_view(text, size));
}

/// The error of a JSON-RPC reply.
struct rpc_error {
  int code = 0;
  std::string message = {};
  raw_json data = {};  ///< or absent
};

/// There is no result, but this error: for tests that looked for a result only.
class unexpected_error : public std::runtime_error {
 public:
  explicit unexpected_error(rpc_error why)
      : std::runtime_error("error " + std::to_string(why.code) + ": " + why.message),
        error_(std::make_shared<const rpc_error>(std::move(why))) {}
  const rpc_error& error() const noexcept { return *error_; }

 private:
  std::shared_ptr<const rpc_error> error_;  // shared: copying an exception must not throw
};

/// A `T`, or why there is none.
template <class T>
class reply {
 public:
  reply(T value) : value_(std::move(value)) {}
  reply(rpc_error why) : value_(std::move(why)) {}

  bool ok() const noexcept { return std::holds_alternative<T>(value_); }
  explicit operator bool() const noexcept { return ok(); }
  /// They throw `unexpected_error` if there is none.
  const T& value() const {
    if (const auto* why = std::get_if<rpc_error>(&value_)) throw unexpected_error(*why);
    return std::get<T>(value_);
  }
  const T& operator*() const { return value(); }
  const T* operator->() const { return &value(); }

  /// Throws `std::logic_error` if there is a result.
  const rpc_error& error() const {
    if (ok()) throw std::logic_error("this reply is a result, no error");
    return std::get<rpc_error>(value_);
  }
  /// 0: it is a result.
  int code() const noexcept { return ok() ? 0 : std::get<rpc_error>(value_).code; }

 private:
  std::variant<T, rpc_error> value_;
};

/// The result of a request, as it came.
class result {
 public:
  result() = default;
  explicit result(raw_json json) : json_(std::move(json)) {}

  const raw_json& json() const noexcept { return json_; }
  /// All texts of `content`, `contents` or `messages`, a line each.
  std::string text() const;
  /// A tool said that it failed.
  bool is_error() const;
  /// What stands at a JSON pointer (RFC 6901): `/tools/0/name`. Throws `std::out_of_range` if there
  /// is nothing.
  raw_json at(std::string_view pointer) const;
  bool has(std::string_view pointer) const;
  /// The same as a `T`. Throws `invalid_arguments` too.
  template <class T>
  T get(std::string_view pointer) const {
    return from_json<T>(at(pointer), pointer);
  }
  template <class T>
  T structured() const {
    return get<T>("/structuredContent");
  }

 private:
  raw_json json_;
};

/// A question that is open.
struct open_question {
  std::string key;     ///< 2026-07-28: that of the handler; before, the id of the request
  std::string method;  ///< `elicitation/create`, `sampling/createMessage`, `roots/list`
  raw_json params;
};

/// A task as its client sees it.
struct task_state {
  std::string id = {};  ///< empty: the server has answered at once, without a task
  task_status status = task_status::working;
  std::string message = {};
  std::optional<std::chrono::milliseconds> ttl = std::nullopt;  ///< since its creation; null: none
  std::optional<std::chrono::milliseconds> poll_interval = std::nullopt;
  std::vector<open_question> questions = {};
  /// Once it has ended, or, before 2026-07-28, only from `wait_task` on.
  std::optional<testkit::result> result = std::nullopt;
  std::optional<rpc_error> error = std::nullopt;
  raw_json json = {};  ///< as it came

  bool ended() const noexcept { return is_terminal(status); }
};

/// Something that the server told without being asked.
struct notification {
  std::string method;
  raw_json params;  ///< or absent
};

}  // namespace longhaul::testkit
