// SPDX-License-Identifier: Apache-2.0
// Store and engine without HTTP, in this process.
//
// Threads: called from one; the engine brings its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

namespace longhaul::bench {

struct engine_measurement {
  std::size_t operations = 0;
  std::size_t wrong = 0;  ///< operations that did not do what they must
  std::chrono::nanoseconds time{0};
  std::chrono::nanoseconds cpu{0};  ///< of the whole process
};

struct engine_case {
  std::string_view name;
  std::string_view description;
  std::function<engine_measurement()> run;
};

std::span<const engine_case> engine_cases();

}  // namespace longhaul::bench
