// SPDX-License-Identifier: Apache-2.0
// The command lines of `longhaul`, one function a command. CLI11 stays in their files.
#pragma once

#include <string>
#include <vector>

#include "admin.hpp"
#include "call.hpp"
#include "serve.hpp"
#include "store.hpp"
#include "tasks.hpp"

namespace CLI {
class App;
}

namespace longhaul {

void add_admin(CLI::App& app, admin_command& command);
void add_serve(CLI::App& app, serve_command& command);
void add_store_verbs(CLI::App& app, store_command& command);

/// `words` are all that stands behind the command's name.
void add_call(CLI::App& app, call_command& command, std::vector<std::string>& words);
void add_tools(CLI::App& app, tools_command& command, std::vector<std::string>& words);
void add_tasks(CLI::App& app, tasks_command& command);
/// SERVER TOOL ARGUMENTS…, or without SERVER where a command or $LONGHAUL_SERVER says it.
void split_words(std::vector<std::string> words, remote_options& remote, std::string& tool,
                 std::vector<std::string>& rest);

}  // namespace longhaul
