// SPDX-License-Identifier: Apache-2.0
#include "store.hpp"

#include <iostream>

#include "open/store_url.hpp"

namespace longhaul {

int run_store(const store_command& command) {
  if (command.file == "memory:") {
    std::cerr << "longhaul: memory: is gone with its server: name a file, or postgres://…"
              << std::endl;
    return 2;
  }
  return names_database(command.file) ? run_store_database(command) : run_store_file(command);
}

}  // namespace longhaul
