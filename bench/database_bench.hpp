// SPDX-License-Identifier: Apache-2.0
// The PostgreSQL store by itself, in a schema of its own that goes afterwards, beside a ceiling
// taken in the same run: a bare pipelined loop over the very same statements, as many in a
// transaction.
//
// Threads: called from one; the store brings its own.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace longhaul::bench {

struct database_row {
  std::string name;
  std::size_t in_flight = 1;
  double per_second = 0;
  double raw_per_second = 0;  ///< of the bare loop; 0: there is none
  double p50_us = 0, p99_us = 0;
  double share() const { return raw_per_second > 0 ? per_second / raw_per_second : 0; }
};

struct database_report {
  std::string server;
  std::vector<database_row> rows;
  double finish_to_waiter_p50_ms = 0, finish_to_waiter_p99_ms = 0;  ///< on another process
  bool right = true;
};

/// `url`: for libpq; who it names must be allowed to make a schema.
database_report measure_database(const std::string& url,
                                 const std::function<void(const std::string&)>& progress);

void print_database(std::ostream& out, const database_report& report);
void print_database_json(std::ostream& out, const database_report& report);

}  // namespace longhaul::bench
