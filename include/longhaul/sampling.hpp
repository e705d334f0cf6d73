// SPDX-License-Identifier: Apache-2.0
// A question to the model of whoever called, and what it says. The client shows both to its user,
// who may change or refuse them. MCP 2025-11-25 and 2026-07-28, "Sampling".
//
// Threads: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "longhaul/content.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul {

/// One message of a conversation: texts, images, audio, uses of tools and their results.
struct sampling_message {
  sampling_message() = default;
  sampling_message(message_role who, content_item item) : role(who) {
    content.push_back(std::move(item));
  }
  sampling_message(message_role who, std::vector<content_item> items)
      : role(who), content(std::move(items)) {}

  message_role role = message_role::user;
  std::vector<content_item> content = {};
};

/// Which model would be good, for the client to weigh. Priorities are from 0 (not important) to 1.
struct model_preferences {
  std::vector<std::string> hints = {};  ///< parts of models' names; the first that fits counts
  std::optional<double> cost_priority = std::nullopt;
  std::optional<double> speed_priority = std::nullopt;
  std::optional<double> intelligence_priority = std::nullopt;
};

/// What of MCP servers the client adds to the prompt. Other than `none` needs a client that
/// declares `sampling.context`.
enum class context_inclusion : std::uint8_t { none, this_server, all_servers };

/// Whether the model uses the tools it is given.
enum class tool_choice : std::uint8_t { automatic, required, none };

/// A tool that the model may use; whoever asks carries it out.
struct sampling_tool {
  std::string name = {};         ///< as that of a tool of a server
  std::string description = {};  ///< for the model
  raw_json input_schema = {};    ///< an object schema, as `schema_of<Args>()`; absent: no arguments
};

struct sampling_request {
  // No aggregate: g++ 12 destroys those twice where they are made inside a co_await expression.
  sampling_request() = default;
  /// One message of the user.
  sampling_request(std::string_view prompt, std::int64_t tokens) : max_tokens(tokens) {
    messages.emplace_back(message_role::user, text(prompt));
  }

  std::vector<sampling_message> messages = {};  ///< at least one, none of them empty
  std::int64_t max_tokens = 0;                  ///< at most so many are written; at least 1
  model_preferences preferences = {};
  std::string system_prompt = {};
  context_inclusion context = context_inclusion::none;
  std::optional<double> temperature = std::nullopt;
  std::vector<std::string> stop_sequences = {};
  raw_json metadata = {};  ///< for the provider: an object, or absent
  /// A client that declares `sampling.tools` is needed for these, and for messages with uses of
  /// tools or their results.
  std::vector<sampling_tool> tools = {};
  std::optional<tool_choice> choice = std::nullopt;  ///< with tools; null: `automatic`

  /// `{"method":"sampling/createMessage","params":{…}}`. Throws `std::invalid_argument` for what no
  /// client takes: no messages, no tokens, figures out of range, content of another kind, tools
  /// without an object schema or of the same name, a use of a tool that the next message does not
  /// answer, results of tools beside other content.
  raw_json request() const;
};

/// What the model said.
struct sampling_response {
  /// A tool that it wants to use. `input` is an object, which `from_json<Args>` reads and checks.
  struct use {
    std::string id, name;
    raw_json input;
  };

  message_role role = message_role::assistant;
  std::vector<content_item> content = {};
  std::string model = {};        ///< its name
  std::string stop_reason = {};  ///< `endTurn`, `stopSequence`, `maxTokens`, `toolUse`, …; or empty

  /// Its texts, one after the other.
  std::string text() const;
  /// The tools that it wants to use, all of which the request offered.
  std::vector<use> tool_uses() const;
  /// To go on with: a message of the next request.
  sampling_message message() const { return {role, content}; }

  /// What `co_await task.sample(…)` comes to in Asio: says what to write instead.
  template <class Coroutine>
  auto operator()(Coroutine*) const {
    static_assert(std::is_void_v<Coroutine>,
                  "longhaul: sample() blocks and cannot be awaited: in a coroutine handler write "
                  "co_await task.async_sample(key, request)");
    return nullptr;
  }

  /// Reads a `CreateMessageResult`, as it is stored. Throws `question_error` if it is not one.
  static sampling_response parse(const raw_json& create_message_result);
};

}  // namespace longhaul
