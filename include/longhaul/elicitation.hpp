// SPDX-License-Identifier: Apache-2.0
// A question to whoever called, and the answer. Neutral: the wire decides how it travels.
// MCP 2025-11-25 and 2026-07-28, "Elicitation".
//
// Threads: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/question_error.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/schema.hpp"

namespace longhaul {

/// A question. A form must never ask for secrets (passwords, keys, tokens, payment data): what is
/// typed passes through the client and its model. Send the user to a page of yours for those
/// (`elicitation::url`), and bind that page to the user's identity.
struct elicitation {
  enum class mode : std::uint8_t { form, url };

  // No aggregate: g++ 12 destroys those twice where they are made inside a co_await expression.
  elicitation() = default;

  mode how = mode::form;
  std::string message = {};        ///< for a person: why this is asked
  raw_json requested_schema = {};  ///< form: a flat object of primitive members
  std::string address = {};        ///< url: where the user is sent

  /// A form whose members are those of `T`: strings, numbers, booleans, described enums and
  /// sequences of enums, or of strings with `choices`; formats are `email`, `uri`, `date` and
  /// `date-time`. Throws `std::invalid_argument` for every other shape.
  template <detail::described_struct T>
  static elicitation form(std::string message, const std::vector<field_options>& fields = {}) {
    return from_schema(
        std::move(message),
        detail::typed_schema(detail::node_of<T>(), fields).text(detail::schema_use::form));
  }
  /// A form of a schema written by hand. Throws `std::invalid_argument` if it is not a flat object
  /// of primitive members.
  static elicitation form(std::string message, raw_json schema);
  /// Sends the user to a page. Throws `std::invalid_argument` if `address` is not an absolute URL.
  static elicitation url(std::string message, std::string address);

  /// `{"method":"elicitation/create","params":{…}}`. `elicitationId`, which only 2025-11-25 has for
  /// URLs, is added by the wire.
  raw_json request() const;

 private:
  static elicitation from_schema(std::string message, raw_json schema);
};

/// What came back.
struct answer {
  /// accept: submitted (a URL: opened); decline: refused; cancel: dismissed without a choice.
  enum class action : std::uint8_t { accept, decline, cancel };

  action chosen = action::cancel;
  raw_json content = {};  ///< accepted forms: an object; else absent

  bool accepted() const noexcept { return chosen == action::accept; }

  /// What `co_await task.ask(…)` comes to in Asio: says what to write instead.
  template <class Coroutine>
  auto operator()(Coroutine*) const {
    static_assert(std::is_void_v<Coroutine>,
                  "longhaul: ask() blocks and cannot be awaited: in a coroutine handler write "
                  "co_await task.async_ask(key, question)");
    return nullptr;
  }

  /// The content of an accepted form; members that were not asked for are ignored.
  /// Throws `question_error` if it was not accepted, `invalid_arguments` if it does not fit.
  template <class T>
  T as(const std::vector<field_options>& fields = {}) const {
    T result{};
    read(detail::typed_schema(detail::node_of<T>(), fields), &result);
    return result;
  }

  /// Reads an `ElicitResult`. Throws `question_error` if it is not one.
  static answer parse(const raw_json& elicit_result);

 private:
  void read(const detail::typed_schema& schema, void* object) const;
};

}  // namespace longhaul
