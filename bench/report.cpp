// SPDX-License-Identifier: Apache-2.0
#include "bench/report.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <fstream>
#include <ostream>
#include <thread>

#include "bench/formatted.hpp"
#include "json/write.hpp"

namespace longhaul::bench {
namespace {

template <class T, class Value>
double median(const std::vector<T>& numbers, Value value) {
  std::vector<double> values;
  for (const T& each : numbers) values.push_back(value(each));
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double seconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e9; }
double per(double value, std::uint64_t count) {
  return value / static_cast<double>(std::max<std::uint64_t>(count, 1));
}

struct machine {
  std::string cpu = "unknown CPU";
  unsigned cpus = std::thread::hardware_concurrency();
  std::string kernel;
  std::string compiler;
  std::string build;
};

machine this_machine() {
  machine result;
  std::ifstream info("/proc/cpuinfo");
  for (std::string text; std::getline(info, text);) {
    if (!text.starts_with("model name")) continue;
    result.cpu = text.substr(std::min(text.size(), text.find(':') + 2));
    break;
  }
  utsname name{};
  if (uname(&name) == 0) result.kernel = std::string(name.sysname) + ' ' + name.release;
#ifdef __clang__
  result.compiler = "clang " __clang_version__;
#else
  result.compiler = "gcc " __VERSION__;
#endif
  result.build = LONGHAUL_BENCH_BUILD;
  if (*LONGHAUL_BENCH_SANITIZE != '\0') result.build += " -fsanitize=" LONGHAUL_BENCH_SANITIZE;
  return result;
}

std::string pinning(const std::optional<std::size_t>& cpu) {
  return cpu ? "CPU " + std::to_string(*cpu) : std::string("not pinned");
}

// The ceiling of a case, measured with as many threads.
std::optional<summary> echo_of(const report& all, const bench_case& compared) {
  for (const auto& each : all.cases) {
    if (each.subject->server != served::echo || each.rounds.empty()) continue;
    if (each.subject->threads == compared.threads) return summarize(each);
  }
  return std::nullopt;
}

const case_report* base_of(const report& all, const bench_case& looked_at) {
  const auto found = std::ranges::find_if(all.cases, [&](const case_report& each) {
    return each.subject->name == looked_at.base && !each.rounds.empty();
  });
  return found == all.cases.end() ? nullptr : &*found;
}

void print_cost(std::ostream& out, const report& all, const case_report& looked_at) {
  const auto cost = cost_of_watching(all, looked_at);
  if (!cost) return;
  const summary base = summarize(*base_of(all, *looked_at.subject));
  const summary numbers = summarize(looked_at);
  out << formatted("    %+.1f%% CPU (%+.2f µs)", *cost * 100, numbers.cpu_us - base.cpu_us);
  if (base.instructions && numbers.instructions) {
    out << formatted(", %+.1f%% user instructions",
                     (*numbers.instructions / *base.instructions - 1) * 100);
  }
  out << formatted(" of %s, target %+.0f%%: %s\n", std::string(looked_at.subject->base).c_str(),
                   watching_target * 100, *cost <= watching_target ? "met" : "MISSED");
}

void print_case(std::ostream& out, const bench_case& shown, const summary& numbers,
                const std::optional<summary>& echo) {
  out << formatted("%-22s %9.0f %6.2f %8.0f %8.0f %8.2f %4.0f%%", std::string(shown.name).c_str(),
                   numbers.per_second, numbers.requests_per_operation, numbers.p50_us,
                   numbers.p99_us, numbers.cpu_us, numbers.system_share * 100);
  if (numbers.instructions) {
    out << formatted(" %8.0f", *numbers.instructions);
  } else {
    out << "        -";
  }
  if (echo) {
    out << formatted(" %5.0f%% %5.0f%%", share_by_cpu(*echo, numbers) * 100,
                     share_by_rate(*echo, numbers) * 100);
  } else {
    out << "      -      -";
  }
  out << formatted(" %5.0f%% %6llu", numbers.client_busy * 100,
                   static_cast<unsigned long long>(numbers.errors));
  if (shown.target > 0 && echo) {
    const bool met = share_by_cpu(*echo, numbers) >= shown.target;
    out << formatted("  target %.0f%%: %s", shown.target * 100, met ? "met" : "MISSED");
  }
  out << '\n';
}

}  // namespace

summary summarize(const case_report& numbers) {
  summary result;
  const auto operations = [](const measurement& m) { return m.load.operations; };
  result.per_second = median(numbers.rounds, [&](const measurement& m) {
    return static_cast<double>(operations(m)) / seconds(m.load.time);
  });
  result.requests_per_second = median(numbers.rounds, [](const measurement& m) {
    return static_cast<double>(m.load.requests) / seconds(m.load.time);
  });
  result.requests_per_operation = median(numbers.rounds, [&](const measurement& m) {
    return per(static_cast<double>(m.load.requests), operations(m));
  });
  result.cpu_us = median(numbers.rounds, [&](const measurement& m) {
    return per(seconds(m.server_cpu) * 1e6, operations(m));
  });
  result.system_share = median(numbers.rounds, [](const auto& m) { return m.system_share; });
  result.client_busy = median(numbers.rounds, [](const auto& m) { return m.client_busy; });
  if (!numbers.rounds.empty() && numbers.rounds.front().instructions) {
    result.instructions = median(numbers.rounds, [&](const measurement& m) {
      return per(m.instructions.value_or(0), operations(m));
    });
  }
  histogram latency;
  for (const auto& round : numbers.rounds) {
    latency.add(round.load.latency);
    result.errors += round.load.errors;
    if (result.first_error.empty()) result.first_error = round.load.first_error;
    result.settled = result.settled && round.settled;
  }
  result.p50_us = seconds(latency.at(0.50)) * 1e6;
  result.p99_us = seconds(latency.at(0.99)) * 1e6;
  return result;
}

std::optional<double> cost_of_watching(const report& all, const case_report& looked_at) {
  const case_report* const base = base_of(all, *looked_at.subject);
  if (base == nullptr || looked_at.rounds.empty()) return std::nullopt;
  return summarize(looked_at).cpu_us / summarize(*base).cpu_us - 1;
}

double share_by_cpu(const summary& echo, const summary& numbers) {
  return numbers.cpu_us > 0 ? echo.cpu_us * numbers.requests_per_operation / numbers.cpu_us : 0;
}

double share_by_rate(const summary& echo, const summary& numbers) {
  return echo.requests_per_second > 0 ? numbers.requests_per_second / echo.requests_per_second : 0;
}

std::size_t errors_of(const report& all) {
  std::size_t errors = 0;
  for (const auto& each : all.cases) {
    for (const auto& round : each.rounds) {
      errors += static_cast<std::size_t>(round.load.errors);
      // A case without a single right answer is an error too.
      if (round.load.operations == 0) ++errors;
    }
  }
  for (const auto& each : all.engine) {
    for (const auto& round : each.rounds) errors += round.wrong;
  }
  return errors;
}

std::size_t missed_targets(const report& all) {
  return static_cast<std::size_t>(
      std::count_if(all.cases.begin(), all.cases.end(), [&](const case_report& each) {
        const auto echo = echo_of(all, *each.subject);
        if (cost_of_watching(all, each).value_or(0) > watching_target) return true;
        return each.subject->target > 0 && echo &&
               share_by_cpu(*echo, summarize(each)) < each.subject->target;
      }));
}

void print_table(std::ostream& out, const report& all, const options& with) {
  const machine on = this_machine();
  out << on.cpu << ", " << on.cpus << " CPUs, " << on.kernel << ", " << on.compiler << ", "
      << (on.build.empty() ? "no build type" : on.build) << '\n'
      << with.connections << " connections, " << with.rounds << " x " << with.time.count()
      << " ms a case, server: " << with.server_threads << " transport thread(s), "
      << pinning(with.server_cpu) << "; client: " << pinning(with.client_cpu)
      << "; store: memory, but for the durable cases\n\n";
  if (!all.cases.empty()) {
    out << "                                  requests  p50     p99      server CPU     user    "
           " of the echo  client\n"
           "case                    per s    each      µs       µs    µs each  sys   instr  "
           " by CPU by rate  busy errors\n";
  }
  for (const auto& each : all.cases) {
    const summary numbers = summarize(each);
    print_case(out, *each.subject, numbers, echo_of(all, *each.subject));
    print_cost(out, all, each);
    if (!numbers.first_error.empty()) out << "    first error: " << numbers.first_error << '\n';
    if (!numbers.settled) out << "    the server was still busy 20 s after the last reply\n";
  }
  if (!all.engine.empty()) {
    out << "\nwithout HTTP                                            per s   CPU µs each  wrong\n";
  }
  for (const auto& each : all.engine) {
    const double rate = median(each.rounds, [](const engine_measurement& m) {
      return static_cast<double>(m.operations) / seconds(m.time);
    });
    const double cpu = median(each.rounds, [](const engine_measurement& m) {
      return per(seconds(m.cpu) * 1e6, m.operations);
    });
    std::size_t wrong = 0;
    for (const auto& round : each.rounds) wrong += round.wrong;
    out << formatted("%-50s %10.0f %12.2f %6zu\n", std::string(each.subject->description).c_str(),
                     rate, cpu, wrong);
  }
}

void print_json(std::ostream& out, const report& all, const options& with) {
  const machine on = this_machine();
  std::string text;
  json::object root(text);
  json::object machine_json(root.key("machine"));
  machine_json.string("cpu", on.cpu).integer("cpus", on.cpus).string("kernel", on.kernel);
  machine_json.string("compiler", on.compiler).string("build", on.build);
  machine_json.close();
  root.integer("connections", with.connections).integer("rounds", with.rounds);
  root.integer("millisecondsPerCase", with.time.count()).string("store", "memory");
  json::array cases(root.key("cases"));
  for (const auto& each : all.cases) {
    const summary numbers = summarize(each);
    const auto echo = echo_of(all, *each.subject);
    json::object o(cases.next());
    o.string("name", each.subject->name).number("operationsPerSecond", numbers.per_second);
    o.number("requestsPerSecond", numbers.requests_per_second);
    o.number("requestsPerOperation", numbers.requests_per_operation);
    o.number("p50Us", numbers.p50_us).number("p99Us", numbers.p99_us);
    o.number("serverCpuUsPerOperation", numbers.cpu_us).number("systemShare", numbers.system_share);
    if (numbers.instructions) o.number("instructionsPerOperation", *numbers.instructions);
    if (echo) {
      o.number("ofEchoByCpu", share_by_cpu(*echo, numbers));
      o.number("ofEchoByRate", share_by_rate(*echo, numbers));
    }
    if (each.subject->target > 0) o.number("target", each.subject->target);
    if (const auto cost = cost_of_watching(all, each)) {
      o.string("base", each.subject->base).number("costOfWatching", *cost);
    }
    o.number("clientBusy", numbers.client_busy).integer("errors", numbers.errors);
    if (!numbers.first_error.empty()) o.string("firstError", numbers.first_error);
    o.boolean("settled", numbers.settled);
    o.close();
  }
  cases.close();
  json::array engine(root.key("engine"));
  for (const auto& each : all.engine) {
    json::object o(engine.next());
    o.string("name", each.subject->name);
    o.number("operationsPerSecond", median(each.rounds, [](const engine_measurement& m) {
               return static_cast<double>(m.operations) / seconds(m.time);
             }));
    o.number("cpuUsPerOperation", median(each.rounds, [](const engine_measurement& m) {
               return per(seconds(m.cpu) * 1e6, m.operations);
             }));
    o.close();
  }
  engine.close();
  root.close();
  out << text << '\n';
}

}  // namespace longhaul::bench
