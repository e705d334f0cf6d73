// SPDX-License-Identifier: Apache-2.0
// CLI11 stays in this translation unit.
#include "bench/options.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <thread>

namespace longhaul::bench {

std::optional<options> parse_options(int argc, char** argv, int& exit_code) {
  options result;
  CLI::App app(
      "longhaul-bench: requests per second, latency and CPU a request of the server, beside "
      "an echo over the same HTTP stack");
  double seconds = 3, warm_up = 0.5;
  // Pinned apart where there are two CPUs, or the scheduler's moves are measured.
  const bool apart = std::thread::hardware_concurrency() >= 2;
  int server_cpu = apart ? 0 : -1, client_cpu = apart ? 1 : -1;
  app.add_option("--connections", result.connections,
                 "Keep-alive connections, one request at a "
                 "time on each")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--seconds", seconds, "Measured time of a case in a round")
      ->check(CLI::Range(0.05, 3600.0))
      ->capture_default_str();
  app.add_option("--warm-up", warm_up, "Seconds before it that are not counted")
      ->check(CLI::Range(0.0, 60.0))
      ->capture_default_str();
  app.add_option("--rounds", result.rounds, "Runs every case so often, in turn; medians are shown")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--population", result.population, "Tasks that tasks/get is spread over")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--server-threads", result.server_threads, "Transport threads of the server")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--server-cpu", server_cpu, "Pins the server, all its threads; -1: not pinned")
      ->check(CLI::Range(-1, 4095))
      ->capture_default_str();
  app.add_option("--client-cpu", client_cpu, "Pins the load generator; -1: not pinned")
      ->check(CLI::Range(-1, 4095))
      ->capture_default_str();
  app.add_option("--filter", result.filter,
                 "Regular expression: only cases whose name it finds "
                 "(and the echo, which they are compared with)");
  app.add_flag("--durable", result.durable,
               "The SQLite store by itself instead of the cases, beside fdatasync and a bare loop");
#if LONGHAUL_POSTGRES
  app.add_option("--postgres", result.postgres,
                 "The PostgreSQL store by itself instead of the cases, in a schema of its own that "
                 "goes afterwards, beside a bare loop: postgres://USER@HOST/DATABASE")
      ->type_name("URL");
#endif
  app.add_option(
      "--streams", result.streams,
      "What so many open and quiet streams cost, instead of the cases: of GET in sessions, "
      "and subscriptions");
  app.add_flag("--client", result.client,
               "The client library instead of the cases, beside a bare Beast client; and what one "
               "client takes that follows --population tasks");
  app.add_option("--folder", result.folder,
                 "Where files of durable stores are made: a folder on the disk to be measured")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_flag("--json", result.json, "One JSON object on standard output instead of the table");
  app.add_flag("--list", result.list, "Names the cases and ends");
  app.add_flag("--compare-instructions", result.compare_instructions,
               "Counts instructions a request too, where the machine lets us (perf_event_open)");
  app.add_flag("--check-targets", result.check_targets, "Exit code 1 if a target is missed");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    exit_code = app.exit(e, std::cout, std::cerr) == 0 ? 0 : 2;
    return std::nullopt;
  }
  const auto milliseconds = [](double s) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(s * 1000));
  };
  result.time = milliseconds(seconds);
  result.warm_up = milliseconds(warm_up);
  if (server_cpu >= 0) result.server_cpu = static_cast<std::size_t>(server_cpu);
  if (client_cpu >= 0) result.client_cpu = static_cast<std::size_t>(client_cpu);
  return result;
}

}  // namespace longhaul::bench
