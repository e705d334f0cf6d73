// SPDX-License-Identifier: Apache-2.0
// longhaul-bench: what the server costs, beside an echo over the same HTTP stack. See
// docs/performance.md. Exit codes: 0 done, 1 wrong answers (or a missed target, if asked), 2 wrong
// use.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <regex>

#include "bench/cases.hpp"
#include "bench/client_bench.hpp"
#if LONGHAUL_POSTGRES
#include "bench/database_bench.hpp"
#endif
#include "bench/durable_bench.hpp"
#include "bench/engine_bench.hpp"
#include "bench/options.hpp"
#include "bench/probe.hpp"
#include "bench/report.hpp"
#include "bench/streams_bench.hpp"

namespace longhaul::bench {
namespace {

// One line on a terminal, rewritten; nothing where nobody watches.
class progress_line {
 public:
  void show(const std::string& text) {
    if (!on_terminal_) return;
    std::cerr << "\r\033[K" << text << std::flush;
  }
  ~progress_line() {
    if (on_terminal_) std::cerr << "\r\033[K" << std::flush;
  }

 private:
  const bool on_terminal_ = isatty(STDERR_FILENO) == 1;
};

report select_cases(const options& with) {
  const std::regex wanted(with.filter);
  const auto matches = [&](std::string_view name) {
    return std::regex_search(name.begin(), name.end(), wanted);
  };
  report result;
  // The echo is what those of as many threads are compared with.
  const auto is_needed = [&](const bench_case& echo) {
    return echo.server == served::echo &&
           std::ranges::any_of(all_cases(), [&](const bench_case& each) {
             return each.threads == echo.threads && matches(each.name);
           });
  };
  // As is the case that nobody looks at.
  const auto is_base = [&](const bench_case& one) {
    return std::ranges::any_of(all_cases(), [&](const bench_case& each) {
      return each.base == one.name && matches(each.name);
    });
  };
  for (const auto& each : all_cases()) {
    if (matches(each.name) || is_needed(each) || is_base(each)) result.cases.push_back({&each, {}});
  }
  for (const auto& each : engine_cases()) {
    if (matches(each.name)) result.engine.push_back({&each, {}});
  }
  return result;
}

void list(const report& all) {
  for (const auto& each : all.cases)
    std::cout << each.subject->name << "\t" << each.subject->description << '\n';
  for (const auto& each : all.engine)
    std::cout << each.subject->name << "\t" << each.subject->description << '\n';
}

void run_all(report& into, const options& with) {
  progress_line line;
  for (std::size_t round = 1; round <= with.rounds; ++round) {
    const std::string which =
        "round " + std::to_string(round) + "/" + std::to_string(with.rounds) + ", ";
    for (auto& each : into.cases) {
      const std::string name = which + std::string(each.subject->name) + ": ";
      each.rounds.push_back(
          measure(*each.subject, with, [&](const std::string& text) { line.show(name + text); }));
    }
  }
  // Last, because servers are forked, and a process with threads should not fork.
  for (std::size_t round = 1; round <= with.rounds; ++round) {
    for (auto& each : into.engine) {
      line.show(std::string(each.subject->name));
      each.rounds.push_back(each.subject->run());
    }
  }
}

int run_durable(const options& with) {
  durable_report all;
  {
    progress_line line;
    all = measure_durable(with.folder, [&](const std::string& text) { line.show(text); });
  }
  with.json ? print_durable_json(std::cout, all) : print_durable(std::cout, all);
  if (all.right) return 0;
  std::cerr << "longhaul-bench: wrong answers: these figures mean nothing\n";
  return 1;
}

#if LONGHAUL_POSTGRES
int run_database(const options& with) {
  database_report all;
  {
    progress_line line;
    all = measure_database(with.postgres, [&](const std::string& text) { line.show(text); });
  }
  with.json ? print_database_json(std::cout, all) : print_database(std::cout, all);
  if (all.right) return 0;
  std::cerr << "longhaul-bench: wrong answers: these figures mean nothing\n";
  return 1;
}
#endif

int run_streams(const options& with) {
  std::vector<streams_row> rows;
  {
    progress_line line;
    rows = measure_streams(with, [&](const std::string& text) { line.show(text); });
  }
  with.json ? print_streams_json(std::cout, rows) : print_streams(std::cout, rows);
  return 0;
}

int run_client(const options& with) {
  client_report all;
  {
    progress_line line;
    all = measure_client(with, [&](const std::string& text) { line.show(text); });
  }
  with.json ? print_client_json(std::cout, all) : print_client(std::cout, all);
  if (all.wrong == 0) return 0;
  std::cerr << "longhaul-bench: " << all.wrong << " wrong answers: these figures mean nothing\n";
  return 1;
}

int run(const options& with) {
  if (with.client) return run_client(with);
  if (with.durable) return run_durable(with);
#if LONGHAUL_POSTGRES
  if (!with.postgres.empty()) return run_database(with);
#endif
  if (with.streams > 0) return run_streams(with);
  report all = select_cases(with);
  if (all.cases.empty() && all.engine.empty()) {
    std::cerr << "longhaul-bench: no case has a name in which \"" << with.filter << "\" is found\n";
    return 2;
  }
  if (with.list) {
    list(all);
    return 0;
  }
  signal(SIGPIPE, SIG_IGN);
  if (with.client_cpu) pin_to_cpu(*with.client_cpu);
  run_all(all, with);
  with.json ? print_json(std::cout, all, with) : print_table(std::cout, all, with);
  if (const auto errors = errors_of(all); errors > 0) {
    std::cerr << "longhaul-bench: " << errors << " wrong answers: these figures mean nothing\n";
    return 1;
  }
  const auto missed = missed_targets(all);
  if (with.check_targets && missed > 0) {
    std::cerr << "longhaul-bench: " << missed << " targets missed\n";
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace longhaul::bench

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto options = longhaul::bench::parse_options(argc, argv, exit_code);
  if (!options) return exit_code;
  try {
    return longhaul::bench::run(*options);
  } catch (const std::regex_error& e) {
    std::cerr << "longhaul-bench: --filter: " << e.what() << '\n';
    return 2;
  } catch (const std::exception& e) {
    std::cerr << "longhaul-bench: " << e.what() << '\n';
    return 1;
  }
}
