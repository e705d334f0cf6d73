// SPDX-License-Identifier: Apache-2.0
// One run of a program under `longhaul-run`, for whatever feature it is: started with the values of
// a call, heard while it runs (what it prints, what it says on its channel), ended with the task.
//
// Threads: what is `runnable` is immutable and may be used on any; each run is one coroutine (with
// two more beside it) on the handler's thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "command/arguments.hpp"
#include "command/line_progress.hpp"
#include "command/parameter.hpp"
#include "command/program_meters.hpp"
#include "command/result.hpp"
#include "command/spec.hpp"
#include "longhaul/task_context.hpp"
#include "server/outputs.hpp"

namespace longhaul::command {

class output_folder;

/// What all programs of a server share.
struct program_host {
  std::string helper;                     ///< path of `longhaul-run`
  std::shared_ptr<output_folder> output;  ///< required
  std::vector<std::string> environment;   ///< of the server, `NAME=value`: what may be passed on
  /// Requested once the server is about to end: runs that are stopped are left to their helpers
  /// then.
  std::stop_token leaving = {};
  /// Concurrency keys count at other servers too, so that a run with one counts until its program
  /// has ended: it is not left.
  bool keys_are_shared = false;
  logger log = {};                               ///< is told what callers are not: paths
  serving::output_listener* listener = nullptr;  ///< hears of programs of tasks; null: nobody does
  std::shared_ptr<program_meters> meters = std::make_shared<program_meters>();
};

/// What is the same for all runs of one program.
struct runnable {
  program_spec spec;
  std::string called;  ///< how messages call it
  std::shared_ptr<const program_host> host;
  parameter_set parameters;
  argument_template arguments;
  progress_patterns patterns;
  /// Of the task. Where there is one, what the program prints is told as a sign of life.
  std::optional<std::chrono::milliseconds> stall_limit = std::nullopt;

  /// Throws `std::invalid_argument` for a description that does not hold together.
  runnable(program_spec given, std::string name, std::shared_ptr<const program_host> shared,
           const std::vector<progress_pattern>& progress = {});
};

/// How a run ended, and what is kept of its output.
struct program_outcome {
  program_end end = {};
  captured_output out = {}, err = {};
  std::string lost = {};  ///< why output was lost; empty: none was
};

/// Runs it until nothing of it is left. `program` outlives the run. It does not begin beside what
/// an earlier server has started with the same `key`, unless that is empty. Throws `task_stopped`
/// if the task was stopped meanwhile. What was printed stays in the folder of the task.
boost::asio::awaitable<program_outcome> run_program(const runnable& program, task_context& task,
                                                    parameter_values values, std::string key = {});

/// Removes what a run left in the folder of its task, for features whose output nobody can read
/// afterwards. In a server that ends it does nothing: a helper may still write there, and the next
/// server removes it.
class output_removal {
 public:
  output_removal(const program_host& host, const task_context& task)
      : host_(host), task_(task.id()) {}
  output_removal(const output_removal&) = delete;
  output_removal& operator=(const output_removal&) = delete;
  ~output_removal();

 private:
  const program_host& host_;
  const std::string task_;
};

}  // namespace longhaul::command
