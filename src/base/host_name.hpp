// SPDX-License-Identifier: Apache-2.0
// What this machine is called.
#pragma once

#include <unistd.h>

#include <array>
#include <string>

namespace longhaul {

/// Empty: it has no name. Cut to 255 bytes.
inline std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace longhaul
