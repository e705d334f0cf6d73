// SPDX-License-Identifier: Apache-2.0
// The refusals that several parts of the dispatcher say. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "server/dispatcher.hpp"

namespace longhaul::serving {

refused refuse(refusal why, std::string message);
/// To be tried again a little later.
refused busy(std::string message);
/// `bound` is the setting that refuses (`stores::bound_names`).
refused busy_at(std::string_view bound);
/// Names the place, as `inputResponses.left.content.color: expected a string, got 5`.
refused refuse_answer(const tasks::unfit_answer& why);

}  // namespace longhaul::serving
