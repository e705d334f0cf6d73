// SPDX-License-Identifier: Apache-2.0
// Where a server keeps its tasks if nobody says: `$XDG_STATE_HOME/longhaul/<server name>.db`.
#pragma once

#include <string>

namespace longhaul {

/// The folder, from the environment. Throws `std::runtime_error` if neither XDG_STATE_HOME nor HOME
/// tells. Before any thread.
std::string default_state_folder();

/// The file for a server of this name in `folder`; what a file name should not have becomes '_'.
std::string default_store_file(const std::string& folder, const std::string& server);

}  // namespace longhaul
