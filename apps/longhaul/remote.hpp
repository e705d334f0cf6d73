// SPDX-License-Identifier: Apache-2.0
// A server somewhere, as the command line names it, and the client that speaks to it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "longhaul/client.hpp"
#include "seat.hpp"
#include "terminal/handles.hpp"
#include "terminal/server_names.hpp"

namespace longhaul {

/// What the commands for clients share.
struct remote_options {
  std::string server;                ///< URL, file, name; empty: $LONGHAUL_SERVER
  std::vector<std::string> command;  ///< behind `--`: a server to start
  std::vector<std::string> headers;  ///< "Name: value"
  std::string key_file, ca_file, protocol;
  std::vector<std::string> roots;  ///< folders that servers may be told of
  bool json = false, quiet = false, verbose = false;
};

struct remote_server {
  std::string word;         ///< as the user names it
  std::string behind = {};  ///< of a command: how the command line ends, ` -- COMMAND ARGS`
  raw_json reach;           ///< for `terminal::handle`
  bool is_program = false;  ///< started by us, and gone with us
  question_handler roots;   ///< which folders the user names; or empty
  std::shared_ptr<client> connection;
};

/// Throws `terminal::no_such_server`, `std::invalid_argument`, `std::runtime_error`.
remote_server open_server(const remote_options& options, seat& at);
/// The server of a task that was remembered.
remote_server open_server(const terminal::handle& task, const remote_options& options, seat& at);

terminal::handle_book open_book();

task_handle handle_of(const terminal::handle& remembered);

/// Remembers how a task of `server`, as the user names it, has ended.
void note_end(const std::string& task, const std::string& server, task_status status);

/// Says what went wrong, as JSON on standard output if that is wanted, and gives the exit code.
int tell_trouble(const std::exception& why, bool json);

/// Runs a command, whose exceptions are told.
template <class Command>
int guarded(bool json, const Command& command) {
  try {
    return command();
  } catch (const std::exception& e) {
    return tell_trouble(e, json);
  }
}

}  // namespace longhaul
