// SPDX-License-Identifier: Apache-2.0
// What the kernel says of this process, as all clients of Prometheus show it.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>

namespace longhaul::operating {

struct process_figures {
  std::optional<double> cpu_seconds = std::nullopt;
  std::optional<double> start_time = std::nullopt;  ///< seconds since 1970
  std::optional<std::uint64_t> resident_bytes = std::nullopt, virtual_bytes = std::nullopt;
  std::optional<std::uint64_t> open_files = std::nullopt, max_files = std::nullopt;
};

/// What cannot be read is left out.
process_figures read_process_figures();

}  // namespace longhaul::operating
