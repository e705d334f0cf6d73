// SPDX-License-Identifier: Apache-2.0
// A handle as a line of its file.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "terminal/handles.hpp"

namespace longhaul::terminal {

/// `scheme://user:password@host/…` without what stands before the host; any other text as it is.
std::string without_password(std::string_view url);
/// One JSON object with a line break behind it. Leaves out of `server_spec` what must not be kept.
std::string handle_line(const handle& shown);
/// Null: it is none of ours, or damaged.
std::optional<handle> read_handle(std::string_view line);

}  // namespace longhaul::terminal
