// SPDX-License-Identifier: Apache-2.0
// The parameters of `tools/call`, for all revisions.
#pragma once

#include <string>

#include "server/requests.hpp"
#include "wire/context.hpp"

namespace longhaul::wire {

/// Reads them into a neutral request. A fault is returned as its words (of a −32602), else empty.
/// Requires: `params.name` is a string.
std::string read_call(const context& shared, const incoming& request, serving::call_request& call);

}  // namespace longhaul::wire
