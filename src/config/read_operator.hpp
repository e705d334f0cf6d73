// SPDX-License-Identifier: Apache-2.0
// The table [operator] of the file, and what it shares with others: keys and addresses.
#pragma once

#include <set>
#include <string>

#include "auth/api_keys.hpp"
#include "config/table_reader.hpp"
#include "longhaul/server.hpp"

namespace longhaul::config {

/// Keys of one list: names and digests come once.
class key_reader {
 public:
  /// Reads `name` and `sha256` of a table.
  api_key read(table_reader& from);

 private:
  std::set<std::string> names_;
  std::set<auth::key_digest> digests_;
};

/// Reads `listen` into its place. `example`: an address, for the fault.
void read_address(table_reader& from, std::string& listen, const std::string& example);

operator_options read_operator(const toml::table& table, fault_list& faults);

}  // namespace longhaul::config
