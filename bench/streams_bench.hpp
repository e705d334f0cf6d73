// SPDX-License-Identifier: Apache-2.0
// What streams cost that are open and quiet: GET streams of sessions, and subscriptions, each with
// a connection of its own.
//
// Threads: called from one; the server is another process.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "bench/options.hpp"

namespace longhaul::bench {

struct streams_row {
  std::string name;
  std::size_t streams = 0;
  double mib_before = 0, mib = 0;  ///< resident: the server without any, and with all
  std::size_t threads = 0;         ///< of the server, with all
  double per_stream_kib() const {
    return streams > 0 ? (mib - mib_before) * 1024 / static_cast<double>(streams) : 0;
  }
};

/// `with.streams` of each kind. Throws `std::runtime_error` if the server does not answer as it
/// should, `std::system_error` if there are not so many sockets.
std::vector<streams_row> measure_streams(const options& with,
                                         const std::function<void(const std::string&)>& progress);

void print_streams(std::ostream& out, const std::vector<streams_row>& rows);
void print_streams_json(std::ostream& out, const std::vector<streams_row>& rows);

}  // namespace longhaul::bench
