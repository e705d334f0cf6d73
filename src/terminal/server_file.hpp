// SPDX-License-Identifier: Apache-2.0
// One file that names servers, whoever's format it has, and one server in it.
//
// Threads: pure functions but for the files they read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/raw_json.hpp"
#include "terminal/server_names.hpp"

namespace longhaul::terminal {

/// Claude Code's `.mcp.json`, VS Code's `.vscode/mcp.json`, our `servers.toml`.
enum class server_format : std::uint8_t { claude, vscode, own };

struct server_file {
  std::string path;
  server_format format;
  std::string folder;  ///< that the file is for: where its commands run
};

/// The files there are, those first that go first.
std::vector<server_file> server_files(const surroundings& around);

/// The object of a file that has a member for each server. Throws `no_such_server`: it cannot be
/// read, is somebody else's, or is malformed.
raw_json servers_in(const server_file& file, const surroundings& around);

/// The server `name` of a file, as its member `entry` says. Throws `no_such_server`.
server_spec read_server(const server_file& file, const std::string& name, const raw_json& entry,
                        const variables& environment);
/// Its URL or command as it is written; empty: it has none.
std::string written_address(const raw_json& entry);

/// `servers.toml` as JSON: the object of its table `servers`. Throws `std::runtime_error`, `what()`
/// begins with `LINE:COLUMN: `.
raw_json read_servers_toml(std::string_view text);

}  // namespace longhaul::terminal
