// SPDX-License-Identifier: Apache-2.0
// The project's own JSON-RPC error codes: what ended a task or refused a request, in words that
// JSON-RPC and MCP have no code for. All lie outside the reserved range −32768…−32000.
#pragma once

namespace longhaul::error_codes {

/// A running time or a question's time has passed; `data` names the limit.
inline constexpr int time_limit = 31001;
/// The process that ran the task is gone, and so is what the work has come to.
inline constexpr int executor_lost = 31002;
/// The task was cancelled; told to whoever waits for its result.
inline constexpr int cancelled = 31003;
/// A bound is reached; `data` names it. Nothing was created.
inline constexpr int busy = 31004;
/// The idempotency key was used with other arguments.
inline constexpr int idempotency_conflict = 31005;
/// A handler asked another question under a key it had used before.
inline constexpr int input_key_reused = 31006;
/// The task's result has more bytes than `max_result` allows; `data` has both numbers.
inline constexpr int result_too_large = 31007;
/// Middleware of the server refuses this request; the message says why.
inline constexpr int declined = 31008;
/// A call that is repeated is not known (any more): it may have been carried out by a process that
/// has ended, or its result is gone. Nothing was done now.
inline constexpr int not_repeatable = 31009;

}  // namespace longhaul::error_codes
