// SPDX-License-Identifier: Apache-2.0
#include "store.hpp"

#include <iostream>

namespace longhaul {

bool names_database(const std::string& store) {
  return store.starts_with("postgres://") || store.starts_with("postgresql://");
}

int run_store(const store_command& command) {
  if (command.file == "memory:") {
    std::cerr << "longhaul: memory: is gone with its server: name a file, or postgres://…"
              << std::endl;
    return 2;
  }
  return names_database(command.file) ? run_store_database(command) : run_store_file(command);
}

}  // namespace longhaul
