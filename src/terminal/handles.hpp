// SPDX-License-Identifier: Apache-2.0
// What was started from here, so that it is found again: the tasks extension has no list, and ids
// are long. A file of the user's own, one JSON object a line, the newest last:
// `$XDG_STATE_HOME/longhaul/handles`. Anything in it that is none of ours is skipped, and gone with
// the next change.
//
// Every change reads, changes and replaces the file under a lock (`private_folder.hpp`): processes
// that write at once lose nothing, and one that is killed leaves the file as it was.
//
// Threads: any, also of other processes.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/clock.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/task.hpp"
#include "terminal/variables.hpp"

namespace longhaul::terminal {

/// A task somewhere. `id` and `server` together name it.
struct handle {
  std::string id;
  std::string server;  ///< as the user gave it: a URL, a name, a file, a command
  std::string tool;
  std::string era;    ///< the protocol revision that it was made by
  std::string label;  ///< what the user calls it
  timestamp created{};
  std::optional<timestamp> expires = std::nullopt;  ///< null: `created` and 30 days
  std::optional<task_status> last_status = std::nullopt;
  /// How to reach the server: `{"url":…}`, `{"command":[…],"directory":…}`, `{"file":…}` or
  /// `{"name":…}`. Only these members are kept, and no password in a URL: never keys or headers.
  raw_json server_spec;
};

/// No handle has such an id, or several have; the text says which there are.
class no_such_handle : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `longhaul` in the state folder of the user. Throws `std::runtime_error` if neither
/// XDG_STATE_HOME nor HOME says where that is.
std::string handles_folder(const variables& environment);

/// Ids as they are shown in a list: each as short as `find` takes it, 8 characters at least.
std::vector<std::string> short_ids(const std::vector<handle>& handles);

class handle_book {
 public:
  /// Nothing is made before there is something to remember. Requires: `clock` outlives this.
  handle_book(std::string folder, const clock_source& clock)
      : folder_(std::move(folder)), clock_(clock) {}

  /// Adds a handle, or replaces that of the same id and server. The oldest beyond 1,000 go, as do
  /// those that have expired. Throws `std::invalid_argument`: it has no id, or is too long for a
  /// line; `std::runtime_error`: the file cannot be written, or is not the user's own.
  void remember(handle next) const;
  /// Changes one, as it is now; `id` and `server` stay. False: it is not there. Throws as
  /// `remember`.
  bool update(std::string_view id, std::string_view server,
              const std::function<void(handle&)>& change) const;
  /// False: it is not there. Throws `std::runtime_error`.
  bool forget(std::string_view id, std::string_view server) const;

  /// All that have not expired, the one first that was remembered last; `server`, unless empty, is
  /// the only one that counts. Throws `std::runtime_error`: the file is not the user's own, or
  /// cannot be read.
  std::vector<handle> all(std::string_view server = {}) const;
  /// The one whose id is `prefix`, or begins so; `last` is the first of `all`. `server`, unless
  /// empty, is the only one that counts. Throws `no_such_handle`; `std::runtime_error` as `all`.
  handle find(std::string_view prefix, std::string_view server = {}) const;

 private:
  bool change(const std::function<bool(std::vector<handle>&)>& edit) const;

  std::string folder_;
  const clock_source& clock_;
};

}  // namespace longhaul::terminal
