// SPDX-License-Identifier: Apache-2.0
// Where a server listens: what `--http` and `listen` say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace longhaul {

struct http_address {
  std::string host;  ///< an address, without brackets
  std::uint16_t port = 0;
};

/// Reads `HOST:PORT`, `[::1]:PORT` or `PORT` (of 127.0.0.1); `localhost` is 127.0.0.1. Whether the
/// address is one of this machine shows when it is used.
/// Throws `std::invalid_argument` with what to write.
http_address parse_http_address(std::string_view text);

}  // namespace longhaul
