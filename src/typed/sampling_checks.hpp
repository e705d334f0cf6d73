// SPDX-License-Identifier: Apache-2.0
// What of sampling is right before anybody is asked, and what an answer must be. MCP "Sampling":
// "Message Content Guidelines", "Tool Result Messages", "Tool Use and Result Balance".
//
// Threads: pure functions.
#pragma once

#include "longhaul/raw_json.hpp"
#include "longhaul/sampling.hpp"

namespace longhaul::detail {

/// Throws `std::invalid_argument` for a request that no client takes.
void check_sampling(const sampling_request& request);

/// An answer (a `CreateMessageResult`) in the form that is stored: role, content, model and stop
/// reason; other members are dropped. `request` is the question as it is stored. Throws
/// `question_error`, whose text begins with the place.
raw_json fitting_sampling(const raw_json& request, const raw_json& given);

}  // namespace longhaul::detail
