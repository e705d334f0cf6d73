// SPDX-License-Identifier: Apache-2.0
// How a store of ours counts what its writes cost.
//
// Threads: any.
#pragma once

#include <array>

#include "base/meters.hpp"
#include "longhaul/stores/write_figures.hpp"

namespace longhaul::stores {

struct write_meters {
  static constexpr std::array times = {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                                       0.05,   0.1,    0.2,    0.5,   1.0,   2.0,   5.0,  10.0};
  static constexpr std::array sizes = {1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0};

  histogram seconds{times}, commit_seconds{times}, operations{sizes};
  counter failed;

  write_figures read() const {
    return {seconds.read(), commit_seconds.read(), operations.read(), failed.value()};
  }
};

}  // namespace longhaul::stores
