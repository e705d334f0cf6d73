// SPDX-License-Identifier: Apache-2.0
// Parameters of a tool that the command line left out, asked for on a console.
//
// Threads: as the console.
#pragma once

#include <optional>

#include "longhaul/raw_json.hpp"
#include "terminal/arguments.hpp"
#include "terminal/console.hpp"

namespace longhaul::terminal {

/// The arguments with everything that is missing, each asked for until it fits. Null: the user gave
/// up. Blocks.
std::optional<raw_json> ask_arguments(console& at, const raw_json& input_schema,
                                      const read_words& read);

}  // namespace longhaul::terminal
