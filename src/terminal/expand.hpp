// SPDX-License-Identifier: Apache-2.0
// Variables in files that name servers: `${NAME}` and `${NAME:-otherwise}` as Claude Code has them,
// `${env:NAME}`, `${workspaceFolder}`, `${workspaceFolderBasename}`, `${userHome}` and
// `${pathSeparator}` as VS Code has them. A `$` without a brace is itself.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "terminal/variables.hpp"

namespace longhaul::terminal {

/// `text` with values in the places of its variables; values are not expanded again. `workspace`:
/// the folder that an editor would have open. Throws `std::runtime_error`, which names the
/// variable: it is not set, is one that only an editor can ask for, or has no end.
std::string expanded(std::string_view text, const variables& environment,
                     const std::string& workspace);

}  // namespace longhaul::terminal
