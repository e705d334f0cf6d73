// SPDX-License-Identifier: Apache-2.0
// The parameters of `tools/call`, for all revisions.
#pragma once

#include "server/requests.hpp"
#include "wire/context.hpp"
#include "wire/fault.hpp"

namespace longhaul::wire {

/// Reads them into a neutral request. Requires: `params.name` is a string.
result<serving::call_request> read_call(const context& shared, const incoming& request);

}  // namespace longhaul::wire
