// SPDX-License-Identifier: Apache-2.0
// Questions and attempts as the JSON text in which a row of `bodies` has them: an array of objects,
// whose members have the names of `stores/record_fields`. Who reads skips names that it does not
// know, so a later version may add some.
//
// Pure functions.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "longhaul/task.hpp"

namespace longhaul::postgres {

std::string packed(const task_inputs& inputs);
std::string packed(const task_attempts& attempts);
std::shared_ptr<const task_inputs> unpacked_inputs(std::string_view text);
std::shared_ptr<const task_attempts> unpacked_attempts(std::string_view text);

}  // namespace longhaul::postgres
