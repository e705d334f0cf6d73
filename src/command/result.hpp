// SPDX-License-Identifier: Apache-2.0
// From how a program ended and what it printed to the result of the call, or to why it has none.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "command/spec.hpp"
#include "longhaul/result.hpp"

namespace longhaul::command {

/// How a program ended.
struct program_end {
  enum class kind : std::uint8_t { exited, killed, not_started, lost };

  kind how = kind::exited;
  int code = 0;             ///< exit code, or number of the signal
  std::string reason = {};  ///< not_started, lost: why

  static program_end exited(int code) { return {kind::exited, code, {}}; }
  static program_end killed(int signal) { return {kind::killed, signal, {}}; }
  static program_end not_started(std::string reason) {
    return {kind::not_started, 0, std::move(reason)};
  }
  static program_end lost(std::string reason) { return {kind::lost, 0, std::move(reason)}; }
};

/// What is known of one stream when the program has ended.
struct captured_output {
  std::string bytes = {};   ///< the newest kept; `result_limit` of them, if there are so many
  std::uint64_t total = 0;  ///< printed in all
  std::uint64_t end = 0;    ///< behind the newest kept, as an offset in all that was printed
  std::string lost = {};    ///< why the bytes from `end` on could not be stored; empty: they were
  bool unreadable = false;  ///< what was stored cannot be read: nothing of the above is known
};

/// "SIGKILL"; empty for numbers without a name.
std::string_view signal_name(int signal) noexcept;

/// The result of one run. A run that failed (not started, killed, lost, an exit code that is not
/// among `tool.success`, JSON wanted and not printed) has `isError: true`, a sentence that says
/// what happened, and the last lines that the program printed. Output that was left out is
/// mentioned. Each stream with output is linked as `longhaul://tasks/<task_id>/stdout` or
/// `…/stderr`; an empty `task_id` links none.
tool_result program_result(const tool_spec& tool, const program_end& end,
                           const captured_output& out, const captured_output& err,
                           std::string_view task_id);

/// Why a program failed that is no tool, and what it said last, in a text for its caller; empty: it
/// did not. `called`: how the text names it.
std::string program_failure(const program_spec& program, std::string_view called,
                            const program_end& end, const captured_output& out,
                            const captured_output& err);

}  // namespace longhaul::command
