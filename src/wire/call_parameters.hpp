// SPDX-License-Identifier: Apache-2.0
// The parameters of requests that run a handler, for all revisions.
#pragma once

#include "server/requests.hpp"
#include "wire/context.hpp"
#include "wire/fault.hpp"

namespace longhaul::wire {

/// Those of `tools/call`. Requires: `params.name` is a string.
result<serving::call_request> read_tool_call(const context& shared, const incoming& request);
/// Those of a request that runs `callable` with `arguments`; it makes no task.
result<serving::call_request> read_run(const context& shared, const incoming& request,
                                       const serving::entry_ptr& callable, raw_json arguments);

}  // namespace longhaul::wire
