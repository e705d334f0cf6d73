// SPDX-License-Identifier: Apache-2.0
// Calls that are under way, shown while they are: lines that change in place on a terminal, else a
// line for each change; with --json --follow an object for each.
//
// Threads: one; what callbacks tell is kept under a lock. They come on a thread of the client,
// which may be behind: what comes when all is over, or when this is gone, is dropped.
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
  ~following() { close(); }
  following(const following&) = delete;
  following& operator=(const following&) = delete;

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

  /// Ctrl-C, for the first time: tasks are left, on a terminal after a moment in which it may be
  /// pressed again. Any thread.
  void leave_tasks();
  /// All are cancelled, also those about to be left. Any thread.
  void cancel();

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

  // Whether callbacks still have somewhere to go.
  struct gate {
    std::mutex mutex;
    bool closed = false;
  };

  void close();
  void leave_if_due();
  void changed(one& which, const call_state& state);
  void remember(one& which, const call_state& state);
  void draw();
  static terminal::progress_shown shown(one& which);

  seat& at_;
  const bool each_as_json_;
  std::size_t frame_ = 0;
  std::vector<std::shared_ptr<one>> calls_;
  std::shared_ptr<gate> gate_ = std::make_shared<gate>();
  std::mutex leave_mutex_;
  std::optional<std::chrono::steady_clock::time_point> leave_at_;
};

/// Writes the end of a call: its result to standard output, else to standard error; the exit code.
/// What has ended is remembered as that.
int tell_end(const call_outcome& end, const remote_server& server, bool json);
/// The same as one JSON object.
std::string end_json(const call_outcome& end, const std::string& server);
/// The state of a task as JSON, one line.
std::string state_json(const call_state& state);

/// A task of which no more than this is known, remembered.
terminal::handle remembered(const task_handle& task, const remote_server& server);

}  // namespace longhaul
