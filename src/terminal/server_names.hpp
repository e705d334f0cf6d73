// SPDX-License-Identifier: Apache-2.0
// What a user means by the word SERVER, in this order: a URL, a file of `longhaul serve`, or a name
// from `.mcp.json` or `.vscode/mcp.json` in this folder or the nearest above, or from
// `longhaul/servers.toml` in the user's configuration folder; `$LONGHAUL_SERVER` where nothing is
// said.
//
// A file that is neither the user's, nor root's, nor of whoever owns the current folder is refused:
// it names programs to be run, and anybody can put one into /tmp.
//
// Threads: pure functions but for the files they read.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "terminal/variables.hpp"

namespace longhaul::terminal {

/// How one server is reached: one of `url`, `command` and `file` is not empty.
struct server_spec {
  std::string name;                  ///< as the user said it
  std::string url;                   ///< `http://…` or `https://…`
  std::vector<std::string> command;  ///< a program to start, with its arguments
  std::string file;                  ///< a file of `longhaul serve`, absolute
  std::vector<std::pair<std::string, std::string>> environment;  ///< besides what is inherited
  std::vector<std::pair<std::string, std::string>> headers;
  std::string bearer;     ///< a key for `Authorization: Bearer`; never shown
  std::string directory;  ///< where the command runs; empty: here
  std::string origin;     ///< the file that says so; `$LONGHAUL_SERVER`; empty: the user
};

/// What decides where names are looked for.
struct surroundings {
  variables environment;
  std::string folder;  ///< the current one, absolute
};

/// No server can be meant, or what is written of it cannot be used; the text says where and why.
class no_such_server : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The server that `word` means; empty: that of `$LONGHAUL_SERVER`. Throws `no_such_server`: there
/// is none of that name (with those there are), a file in the way is malformed (with its line), a
/// variable in it is not set (with its name), or the server speaks the old SSE transport only.
server_spec find_server(std::string_view word, const surroundings& around);

/// A name that `find_server` knows.
struct known_server {
  std::string name;
  std::string description;  ///< its URL or command as it is written, variables and all
  std::string origin;
};
/// All names, those first that would be found first, and what is wrong with files on the way.
struct known_list {
  std::vector<known_server> servers;
  std::vector<std::string> faults;
};
known_list known_servers(const surroundings& around);

}  // namespace longhaul::terminal
