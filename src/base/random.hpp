// SPDX-License-Identifier: Apache-2.0
// Unpredictable bytes. Each thread keeps a small pool filled by getrandom(2), because a system call
// an identifier costs twenty times as much. Bytes leave the pool once and are wiped; a child of
// fork() never sees bytes that its parent may hand out too.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "longhaul/task.hpp"

namespace longhaul {

/// Fills `out`. Thread-safe. Throws `std::system_error` if the kernel has no randomness to give.
void fill_random(std::span<std::byte> out);

/// So many random bytes.
std::string random_bytes(std::size_t count);

/// 128 random bits in the alphabet of task ids, 26 characters: tokens of external tasks.
std::string random_token();

/// A UUID of version 4 (RFC 9562, section 5.4), in its usual form.
std::string random_uuid();

/// The identity of one boot of one process.
process_id new_process_id();

}  // namespace longhaul
