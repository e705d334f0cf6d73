// SPDX-License-Identifier: Apache-2.0
// Where a server keeps its tasks if nobody says: `$XDG_STATE_HOME/longhaul/<server name>.db`.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "longhaul/store.hpp"

namespace longhaul {

/// The folder, from the environment. Throws `std::runtime_error` if neither XDG_STATE_HOME nor HOME
/// tells. Before any thread.
std::string default_state_folder();

/// The file for a server of this name in `folder`; what a file name should not have becomes '_'.
std::string store_file_for(const std::string& folder, const std::string& server);

/// Opens that file. Every host that runs a server over stdio starts its own: with `several`, one
/// that finds the file in use takes the next of `name.db`, `name-2.db`, …, and says so with `tell`.
/// Throws as `sqlite_store`. `path` becomes the file that was opened.
std::shared_ptr<stores::store> open_default_store(
    const std::string& folder, const std::string& server, bool several,
    const std::function<void(const std::string&)>& tell, std::string& path);

}  // namespace longhaul
