// SPDX-License-Identifier: Apache-2.0
// The numbers of the protocol's envelope, with unit and reason.
#pragma once

#include <cstddef>

namespace longhaul::protocol::tunables {

/// Messages in one array (2025-03-26).
inline constexpr std::size_t batch_messages = 100;

}  // namespace longhaul::protocol::tunables
