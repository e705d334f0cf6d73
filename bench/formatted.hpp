// SPDX-License-Identifier: Apache-2.0
#pragma once
/// Text as printf makes it, for the tables of the reports.

#include <string>

namespace longhaul::bench {

/// At most 511 bytes; what is longer is cut.
[[gnu::format(printf, 1, 2)]] std::string formatted(const char* format, ...);

}  // namespace longhaul::bench
