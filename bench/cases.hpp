// SPDX-License-Identifier: Apache-2.0
// What is measured over HTTP, and one measurement of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bench/load.hpp"
#include "bench/options.hpp"
#include "bench/server.hpp"

namespace longhaul::bench {

struct bench_case {
  std::string_view name;
  std::string_view description;  ///< for people
  served server;
  double target = 0;        ///< least share of the echo, by CPU a request; 0: none
  std::size_t threads = 0;  ///< transport threads of the server; 0: as the options say
  /// Prepares the server (population, sessions) and makes what is then measured.
  /// Throws `std::runtime_error` if the server does not answer as it should.
  std::function<std::unique_ptr<conversation>(load_generator&, const options&)> prepare;
  watched how = watched::no;
  /// The same case that nobody looks at: what looking costs is compared with it. Empty: none.
  std::string_view base = {};
};

/// The most that looking may cost, as a share of the CPU of the base.
inline constexpr double watching_target = 0.03;

/// In the order in which they run. Each is compared with the echo of as many threads.
std::span<const bench_case> all_cases();

/// One measurement of one case.
struct measurement {
  load_result load;
  std::chrono::nanoseconds server_cpu{0};  ///< user and system, until the server was idle again
  double system_share = 0;                 ///< of it
  double client_busy = 0;                  ///< share of the time that the generator was on its CPU
  std::optional<double> instructions;      ///< of the server, user mode
  bool settled = true;                     ///< false: the server still worked when we looked
};

/// `progress` gets a line about what goes on; may be empty.
measurement measure(const bench_case& measured, const options& with,
                    const std::function<void(const std::string&)>& progress);

}  // namespace longhaul::bench
