// SPDX-License-Identifier: Apache-2.0
// What a listener has counted since it began.
//
// Threads: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace longhaul::wire {

struct http_figures {
  std::size_t connections = 0, streams = 0;   ///< open ones
  std::map<int, std::uint64_t> replies = {};  ///< by status; a stream counts when it begins
};

}  // namespace longhaul::wire
