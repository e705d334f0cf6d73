// SPDX-License-Identifier: Apache-2.0
// What the caller of a task could be asked when it began: a member of what the task keeps of the
// call's `_meta`, so that a handler knows it after a restart as well.
//
// Pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "longhaul/question.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul::tasks {

/// `"longhaul.dev/can-be-asked":["elicitation.form",…]`.
std::string askable_member(std::span<const client_capability> all);
/// Requires: `kept` is an object with that member, or without, or absent.
bool may_ask(const raw_json& kept, client_capability asked_so);

}  // namespace longhaul::tasks
