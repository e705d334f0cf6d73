// SPDX-License-Identifier: Apache-2.0
// What a client can be asked, as it is declared, and how a question of a server comes to its
// answer. MCP "ClientCapabilities".
//
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/messages.hpp"
#include "longhaul/client.hpp"

namespace longhaul::remote {

inline constexpr std::string_view tasks_extension = "io.modelcontextprotocol/tasks";

/// A `ClientCapabilities` object. `tasks`: replies may be tasks.
std::string capabilities_json(const std::vector<client_capability>& can, bool tasks);

/// An `Implementation`: who calls.
std::string implementation_json(const client_options& options);

/// What the handler answers; what it throws is a refusal.
std::optional<question_reply> ask_safely(const question_handler& handler,
                                         const asked_question& question);
/// What is sent for it; null is a refusal: of elicitations `decline`, else an error. An answer of
/// another kind is an error too.
answer_text answer_of(const asked_question& question, const std::optional<question_reply>& given);

}  // namespace longhaul::remote
