// SPDX-License-Identifier: Apache-2.0
// What a store's writes cost.
//
// Threads: plain values.
#pragma once

#include <cstdint>

#include "longhaul/figures.hpp"

namespace longhaul::stores {

/// Of the transactions of one process; those that failed are counted apart, and only there.
struct write_figures {
  distribution seconds = {};         ///< from the first operation to its end
  distribution commit_seconds = {};  ///< of these, what the disk took; empty: nobody knows
  distribution operations = {};      ///< that shared one
  std::uint64_t failed = 0;
};

}  // namespace longhaul::stores
