// SPDX-License-Identifier: Apache-2.0
// Stores by name: what `--store` and configuration files say.
//
//   memory:        in memory, gone with the process
//   sqlite:PATH    one SQLite file
//   postgres://…   a database that many servers share, as libpq takes it; beside libpq's own
//                  parameters `schema=NAME` (longhaul), `notify=off`, `synchronous_commit=off`
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace longhaul {

/// What a store's URL says.
struct store_url {
  enum class kind : std::uint8_t { memory, file, database };
  kind is = kind::memory;
  std::string path = {};  ///< of the SQLite file
  // Of a database:
  std::string where = {};  ///< for libpq
  std::string schema = "longhaul";
  bool notify = true;
  bool may_lose = false;  ///< what was acknowledged a moment ago, when the machine fails
};

/// It is the URL of a database, sound or not.
bool names_database(std::string_view text) noexcept;

/// Throws `std::invalid_argument` with what to write instead.
store_url parse_store_url(std::string_view text);

/// The URL of a database as it may be shown.
std::string without_password(std::string_view url);

}  // namespace longhaul
