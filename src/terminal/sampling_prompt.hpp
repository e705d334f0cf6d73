// SPDX-License-Identifier: Apache-2.0
// A prompt that a server has for a model (MCP "Sampling"), shown to a person who answers in its
// place.
//
// Threads: as the console.
#pragma once

#include <string_view>

#include "longhaul/question.hpp"
#include "longhaul/raw_json.hpp"
#include "terminal/console.hpp"

namespace longhaul::terminal {

/// The code that the specification has for a user who refuses sampling.
inline constexpr int refused_by_user = -1;
/// The `model` of a reply that a person typed.
inline constexpr std::string_view model_of_people = "human";

/// Shows the messages and reads the reply, which a line with a single dot ends. `:decline` and
/// `:cancel` as a line of their own, and input that ends before the dot, refuse. Blocks.
question_reply ask_sampling(console& at, const raw_json& params);

}  // namespace longhaul::terminal
