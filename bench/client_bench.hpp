// SPDX-License-Identifier: Apache-2.0
// What the client library costs: calls of a tool that answers at once, beside a bare Beast client
// which sends the same requests and reads nothing of the replies; and what one client takes that
// follows many tasks.
//
// Threads: called from one; the server is another process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "bench/options.hpp"

namespace longhaul::bench {

struct client_row {
  std::size_t connections = 1;
  double per_second = 0, bare_per_second = 0;  ///< calls
  double cpu_us = 0, bare_cpu_us = 0;          ///< of this process, a call
  double share() const { return cpu_us > 0 ? bare_cpu_us / cpu_us : 0; }
};

struct client_report {
  std::vector<client_row> rows;
  std::size_t followed = 0;        ///< tasks, by one client, all at once
  double mib_before = 0, mib = 0;  ///< resident: without any, at most with all
  double busy = 0;                 ///< CPUs of this process meanwhile
  double seconds_to_end = 0;       ///< from `cancel` of all to the last end
  std::uint64_t wrong = 0;         ///< answers
};

/// Over one connection and over `with.connections`; `with.population` tasks. Throws
/// `std::runtime_error` if the server does not come up.
client_report measure_client(const options& with,
                             const std::function<void(const std::string&)>& progress);

void print_client(std::ostream& out, const client_report& all);
void print_client_json(std::ostream& out, const client_report& all);

}  // namespace longhaul::bench
