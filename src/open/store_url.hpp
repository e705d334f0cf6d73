// SPDX-License-Identifier: Apache-2.0
// Stores by name: what `--store` and configuration files say.
//
//   memory:        in memory, gone with the process
//   sqlite:PATH    one SQLite file
#pragma once

#include <string>
#include <string_view>

namespace longhaul {

/// What a store's URL says.
struct store_url {
  bool in_memory = false;
  std::string path = {};  ///< of the SQLite file, unless `in_memory`
};

/// Throws `std::invalid_argument` with what to write instead.
store_url parse_store_url(std::string_view text);

}  // namespace longhaul
