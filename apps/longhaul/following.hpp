// SPDX-License-Identifier: Apache-2.0
// Calls that are under way, shown while they are: lines that change in place on a terminal, else a
// line for each change; with --json --follow an object for each.
//
// Threads: one; what callbacks tell is kept under a lock.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "answering.hpp"
#include "longhaul/tool_call.hpp"
#include "remote.hpp"
#include "seat.hpp"
#include "terminal/progress_view.hpp"

namespace longhaul {

class following {
 public:
  /// `each_as_json`: changes go to standard output.
  following(seat& at, bool each_as_json) : at_(at), each_as_json_(each_as_json) {}

  /// For a call that is about to begin: its callbacks. `server` and `book` are where its task is
  /// remembered, once it is one.
  call_options options_for(const std::string& label, const remote_server& server,
                           const answering_options& answering);
  /// The call that has begun with the last options.
  void add(tool_call call);
  /// Shows them until all have ended.
  void run();
  /// Of the only one. Throws what the call threw.
  call_outcome outcome() const { return calls_.front()->call->wait(); }
  std::vector<tool_call> calls() const;

 private:
  struct one {
    std::string label;
    remote_server server;
    std::optional<tool_call> call;
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
    std::mutex mutex;
    call_state state;
    std::string told;  // the last line
    bool remembered = false;
  };

  void changed(one& which, const call_state& state);
  void remember(one& which, const call_state& state);
  void draw();
  static terminal::progress_shown shown(one& which);

  seat& at_;
  const bool each_as_json_;
  std::size_t frame_ = 0;
  std::vector<std::shared_ptr<one>> calls_;
};

/// Writes the end of a call: its result to standard output, else to standard error; the exit code.
int tell_end(const call_outcome& end, const std::string& word, bool json);
/// The same as one JSON object.
std::string end_json(const call_outcome& end, const std::string& server);
/// The state of a task as JSON, one line.
std::string state_json(const call_state& state);

/// A task of which no more than this is known, remembered.
terminal::handle remembered(const task_handle& task, const remote_server& server);

}  // namespace longhaul
