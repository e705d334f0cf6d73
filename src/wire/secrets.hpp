// SPDX-License-Identifier: Apache-2.0
// What the server signs and seals with, so that it recognises what it handed to clients, on any
// process: `question_ids.hpp` and `request_state.hpp` use it.
//
// Keys come from secrets that all processes of one service share. The first secret signs and seals;
// all of them verify and open, so that secrets can rotate without breaking what is on its way.
//
// Threads: any. Cryptography is OpenSSL's.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "longhaul/task.hpp"

namespace longhaul::wire {

/// A key of 32 bytes derived from a secret for one purpose.
using derived_key = std::array<std::uint8_t, 32>;
derived_key derive_key(std::string_view secret, std::string_view purpose);

/// SHA-256 of a JSON text without white space outside strings, so that a client that writes the
/// same arguments with other spacing is recognised. Absent arguments are `{}`.
digest hash_of_json(std::string_view text);

}  // namespace longhaul::wire
