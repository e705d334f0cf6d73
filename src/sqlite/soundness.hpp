// SPDX-License-Identifier: Apache-2.0
// The one list of what a sound store file is: a server refuses to open what has a fault here, and
// `longhaul store check` tells the same faults, beside those that only a reader of all rows finds.
//
// Threads: those of the connection.
#pragma once

#include <string>
#include <vector>

#include "sqlite/connection.hpp"

namespace longhaul::sqlite {

/// Bytes of the secret: as many as the keys that are derived from it have.
inline constexpr std::size_t secret_bytes = 32;

/// What forbids to use the file: tables, triggers or views that are not those of its version, a
/// damaged secret or clock, rows of states that do not exist. A sentence each, with what to do.
/// Requires: it is a store of a version that we know (`version_of`). Throws `sqlite_error`.
std::vector<std::string> faults_of(connection& file);

/// Who may touch the file and what belongs to it: a sentence each. Reads nothing of it; a file that
/// does not exist has no fault. `tighten` takes the rights of others away where the file is ours.
enum class rights : std::uint8_t { looked_at, tightened };
std::vector<std::string> faults_of_rights(const std::string& path, rights treatment);

/// Throws `std::runtime_error` with the first of them, if there is one.
void refuse_faults(const std::string& path, const std::vector<std::string>& faults);

}  // namespace longhaul::sqlite
