// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace longhaul::auth {

/// True if a server that listens at `host` (an address without brackets, or `localhost`) is reached
/// from this machine alone.
bool is_loopback(const std::string& host);

}  // namespace longhaul::auth
