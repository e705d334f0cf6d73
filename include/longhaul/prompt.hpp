// SPDX-License-Identifier: Apache-2.0
// Prompts: messages that a person chooses, filled in with arguments. MCP "Prompts".
//
// Threads: a handler may run many times at once; the function object is shared by all of them.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/completion.hpp"
#include "longhaul/content.hpp"
#include "longhaul/feature.hpp"
#include "longhaul/result.hpp"
#include "longhaul/tool.hpp"
#include "longhaul/typed_tool.hpp"

namespace longhaul {

/// One argument of a prompt, where no struct says it.
struct prompt_argument {
  std::string name = {};
  std::string title = {};        ///< for people; may be empty
  std::string description = {};  ///< may be empty
  bool required = false;
};

struct prompt_options {
  std::string name = {};         ///< 1–128 of [A-Za-z0-9_.-], unique among prompts
  std::string title = {};        ///< for people; may be empty
  std::string description = {};  ///< what it is for
  std::vector<icon> icons = {};
  raw_json meta = {};  ///< `_meta`, an object, or absent
  visibility visible_to = {};
  /// How long a handler may take; null: as long as it wants.
  std::optional<std::chrono::milliseconds> limit = std::nullopt;
  /// Suggestions while arguments are typed. Members with `choices`, and enums, suggest those.
  completers complete = {};
  /// Overrides and descriptions of single members of the argument struct.
  std::vector<field_options> fields = {};
  /// For handlers of `raw_json`: what the arguments are. They come as an object of strings.
  std::vector<prompt_argument> arguments = {};
};

/// One message of a prompt.
class prompt_message {
 public:
  /// Of the user.
  prompt_message(content_item content) : prompt_message(message_role::user, std::move(content)) {}
  prompt_message(message_role role, content_item content)
      : role_(role), content_(std::move(content)) {}

  message_role role() const noexcept { return role_; }
  const content_item& content() const noexcept { return content_; }

 private:
  message_role role_;
  content_item content_;
};
/// Text of the user, and of the assistant.
prompt_message user(std::string_view text);
prompt_message assistant(std::string_view text);

/// All messages, with a description of this very filling.
struct prompt_result {
  std::vector<prompt_message> messages = {};
  std::string description = {};  ///< may be empty
};

/// A prompt as the server keeps it.
struct prompt_definition {
  prompt_options options = {};
  std::vector<prompt_argument> arguments = {};
  tool_definition run = {};  ///< its handler, as one of a tool
};

namespace detail {

outcome prompt_outcome(const prompt_result& result);

struct prompt_results {
  template <class R>
  static constexpr bool takes() {
    return text_like<R> || std::convertible_to<R, prompt_message> ||
           std::convertible_to<R, std::vector<prompt_message>> || std::same_as<R, prompt_result>;
  }
  static raw_json arguments(const call_arguments& given) { return given.json(); }
  static handler_result nothing(const call_arguments&) { return prompt_outcome({}); }
  template <class R>
  static handler_result result(R&& value, const call_arguments&) {
    using type = std::remove_cvref_t<R>;
    prompt_result all;
    if constexpr (std::same_as<type, prompt_result>) {
      return prompt_outcome(value);
    } else if constexpr (text_like<type>) {
      all.messages.push_back(user(value));
    } else if constexpr (std::convertible_to<type, prompt_message>) {
      all.messages.push_back(std::forward<R>(value));
    } else {
      all.messages = std::forward<R>(value);
    }
    return prompt_outcome(all);
  }
};

/// Checks the options and fills in the arguments. `schema` is null for raw JSON.
/// Throws `std::invalid_argument`.
prompt_definition define_prompt(prompt_options options, const std::optional<typed_schema>& schema);

}  // namespace detail

/// Makes a prompt of a function:
///   R(task_context&, const Args&), R(const Args&), R(task_context&), R()
/// where `Args` is a described struct whose members are strings, numbers, booleans or enums
/// (clients send strings, which are read as what the member wants), or `raw_json` with
/// `prompt_options::arguments`, and `R` is a text (one message of the user), a `prompt_message`, a
/// vector of them, or a `prompt_result`, or an `awaitable` of one (a coroutine).
/// What the handler throws ends the request with a JSON-RPC error; of a `tool_error` it has the
/// text.
/// Throws `std::invalid_argument` for a name that is not allowed, for options that do not fit the
/// struct, and for members that no string can be read as.
template <class F>
prompt_definition make_prompt(prompt_options options, F handler) {
  using check = detail::handler_check<F, detail::prompt_results>;
  if constexpr (detail::check_handler<check>()) {
    using traits = detail::handler_traits<F>;
    std::optional<detail::typed_schema> schema;
    if constexpr (!traits::is_raw) {
      schema.emplace(detail::node_of<typename traits::arguments>(), options.fields);
    }
    prompt_definition prompt = detail::define_prompt(std::move(options), schema);
    prompt.run.handler =
        detail::untyped_handler(std::move(handler), schema, detail::prompt_results());
    if constexpr (!traits::is_raw) {
      prompt.run.accept = [schema](const raw_json& given, const argument_leniency&) {
        return traits::accept(*schema, given, {});
      };
    }
    return prompt;
  } else if constexpr (check::knows_arguments() && !check::knows_result()) {
    static_assert(check::knows_result(),
                  "longhaul: a prompt's handler returns text, a prompt_message, a vector of them, "
                  "or a prompt_result, or an awaitable of one");
  }
  if constexpr (!check::passed) return {};
}

}  // namespace longhaul
