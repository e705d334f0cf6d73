// SPDX-License-Identifier: Apache-2.0
// What was measured, as a table for people or one JSON object for programs.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/cases.hpp"
#include "bench/engine_bench.hpp"
#include "bench/options.hpp"

namespace longhaul::bench {

/// All rounds of one HTTP case.
struct case_report {
  const bench_case* subject = nullptr;
  std::vector<measurement> rounds;
};
/// All rounds of one engine case.
struct engine_report {
  const engine_case* subject = nullptr;
  std::vector<engine_measurement> rounds;
};
struct report {
  std::vector<case_report> cases;
  std::vector<engine_report> engine;
};

/// What a case comes to: medians over its rounds, latencies over all of them together.
struct summary {
  double per_second = 0;  ///< operations
  double requests_per_second = 0;
  double requests_per_operation = 1;
  double p50_us = 0, p99_us = 0;
  double cpu_us = 0;  ///< of the server, an operation
  double system_share = 0;
  double client_busy = 0;
  std::optional<double> instructions;  ///< an operation
  std::uint64_t errors = 0;
  std::string first_error;
  bool settled = true;
};
summary summarize(const case_report& numbers);

/// Share of the ceiling: what the echo costs for as many requests, over what this costs.
double share_by_cpu(const summary& echo, const summary& numbers);
double share_by_rate(const summary& echo, const summary& numbers);

/// What looking at a case costs: its CPU over that of its base, less one. Null: nobody looks at
/// it, or its base was not measured.
std::optional<double> cost_of_watching(const report& all, const case_report& looked_at);

/// Errors of all cases, and targets that were missed.
std::size_t errors_of(const report& all);
std::size_t missed_targets(const report& all);

void print_table(std::ostream& out, const report& all, const options& with);
void print_json(std::ostream& out, const report& all, const options& with);

}  // namespace longhaul::bench
