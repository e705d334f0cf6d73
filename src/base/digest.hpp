// SPDX-License-Identifier: Apache-2.0
// SHA-256, for comparing arguments and questions without keeping them twice.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "longhaul/task.hpp"

namespace longhaul {

/// Thread-safe. Throws `std::runtime_error` if the crypto library refuses.
digest sha256(std::string_view bytes);

/// Its first `bytes` bytes, two lower-case digits each.
std::string in_hex(const digest& whole, std::size_t bytes);

/// Compares secrets: the time depends on the lengths only.
bool same_secret(std::string_view a, std::string_view b) noexcept;

}  // namespace longhaul
