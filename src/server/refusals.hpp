// SPDX-License-Identifier: Apache-2.0
// The refusals that several parts of the server say. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/requests.hpp"
#include "tasks/engine.hpp"

namespace longhaul::serving {

refused refuse(refusal why, std::string message);
refused unknown_task();
refused unknown_resource();
/// To be tried again a little later.
refused busy(std::string message);
/// `bound` is the setting that refuses (`stores::bound_names`).
refused busy_at(std::string_view bound);
/// Names the place, as `inputResponses.left.content.color: expected a string, got 5`.
refused refuse_answer(const tasks::unfit_answer& why);
/// Why a create made no task, or null if there is one.
std::optional<refused> refusal_of(const stores::create_result& created);

}  // namespace longhaul::serving
