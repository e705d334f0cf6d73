// SPDX-License-Identifier: Apache-2.0
// How a run ends: what an exception means for its task, what is too large to be kept, and the
// sentences about work that was lost.
//
// Pure functions, but for the log; any thread.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "longhaul/tool.hpp"

namespace longhaul::tasks {

class handler_run;

/// What the exception that a handler let through means; null: it was stopped, its end is written.
/// One that wants another attempt is noted with the run.
handler_result outcome_of_exception(handler_run& run, const logger& log);
/// A failure whose text was not written for callers: they get `sentence` and the id of a log line.
outcome hidden_failure(const handler_run& run, std::string_view sentence,
                       const std::exception_ptr& failure, const logger& log);
/// A handler that returned without an outcome although nobody stopped it.
outcome no_result();
/// The executor is gone, or goes, and nobody knows how far it came.
inline constexpr std::string_view executor_lost_message = "executor lost, outcome unknown";
outcome lost(std::string_view message);

/// Why it is a failure, in a line: the error's message, or the first line of the result's text.
std::string why_failed(const outcome& failure);

/// The outcome, or the error that it has more than `most` bytes; 0: no bound.
outcome bounded(outcome result, std::size_t most);
/// The line that people read beside the status.
std::string message_of(const outcome& result);

}  // namespace longhaul::tasks
