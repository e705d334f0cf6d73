// SPDX-License-Identifier: Apache-2.0
// Names of the configuration entries that a `create` may be refused by (`create_result::bound`).
#pragma once

#include <string_view>

namespace longhaul::stores::bound_names {

inline constexpr std::string_view open_per_quota = "tasks.open_per_owner";
inline constexpr std::string_view open_total = "tasks.open_total";
inline constexpr std::string_view stored_per_quota = "tasks.stored_per_owner";
inline constexpr std::string_view stored_total = "tasks.stored_total";
inline constexpr std::string_view store_bytes = "store.max_bytes";

}  // namespace longhaul::stores::bound_names
