// SPDX-License-Identifier: Apache-2.0
// A question that sends the user to a page (MCP "Elicitation", mode `url`). The page is shown and
// never opened from here.
//
// Threads: as the console.
#pragma once

#include <string>
#include <string_view>

#include "longhaul/elicitation.hpp"
#include "longhaul/raw_json.hpp"
#include "terminal/console.hpp"

namespace longhaul::terminal {

/// The host that a browser goes to, with its port; empty: this is no address of a page (`https` or
/// `http`, visible ASCII).
std::string host_of_page(std::string_view address);

/// Shows the address whole, its host apart and what is odd about it, and asks whether to go on.
/// Declines what is no address of a page. Cancels when no more input comes. Blocks.
answer ask_page(console& at, const raw_json& params);

}  // namespace longhaul::terminal
