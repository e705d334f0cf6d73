// SPDX-License-Identifier: Apache-2.0
// Threads: a pure function.
#pragma once

#include <string_view>

#include "longhaul/raw_json.hpp"

namespace longhaul::detail {

/// Throws `std::invalid_argument` that names it, unless `json` is an object.
void need_object(const raw_json& json, std::string_view name);

}  // namespace longhaul::detail
