// SPDX-License-Identifier: Apache-2.0
// How measured values are spread.
//
// Threads: plain values.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace longhaul {

/// A histogram, as it was when it was read.
struct distribution {
  std::span<const double> bounds = {};     ///< upper ones, each included, growing; live for ever
  std::vector<std::uint64_t> counts = {};  ///< one more than bounds; empty: nobody measures this
  double sum = 0;                          ///< of all values
};

}  // namespace longhaul
