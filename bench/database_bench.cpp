// SPDX-License-Identifier: Apache-2.0
#include "bench/database_bench.hpp"

#include <array>
#include <atomic>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <memory>
#include <ostream>
#include <thread>

#include "base/random.hpp"
#include "bench/formatted.hpp"
#include "bench/store_load.hpp"
#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/transitions.hpp"
#include "postgres/postgres_store.hpp"

namespace longhaul::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto span = 2s;
constexpr std::array<std::size_t, 3> callers = {1, 64, 512};
constexpr int waits = 200;

/// A schema that is there for one run.
class schema_place {
 public:
  explicit schema_place(const std::string& url) {
    options_.where = url;
    options_.schema = "longhaul_bench_" + std::to_string(::getpid());
  }
  ~schema_place() {
    try {
      run("DROP SCHEMA IF EXISTS @ CASCADE");
    } catch (const std::exception&) {  // the next one has another name
    }
  }
  schema_place(const schema_place&) = delete;
  schema_place& operator=(const schema_place&) = delete;

  const postgres::database_options& options() const { return options_; }
  std::unique_ptr<postgres::postgres_store> open() const {
    return std::make_unique<postgres::postgres_store>(options_);
  }
  void empty() {
    run("TRUNCATE @.tasks, @.states, @.bodies, @.counts, @.processes");
    run("CHECKPOINT");
  }
  std::string run(const std::string& sql) {
    boost::asio::io_context context(1);
    postgres::connection link(context, options_.where);
    auto done = boost::asio::co_spawn(context, run_now(link, sql), boost::asio::use_future);
    context.run();
    return done.get();
  }

 private:
  awaitable<std::string> run_now(postgres::connection& link, const std::string& sql) {
    co_await link.open();
    const std::string text = postgres::in_schema(sql, options_.schema);
    std::vector<postgres::statement> one;
    one.push_back({text});
    const auto results = co_await link.run(std::move(one));
    co_return results[0].empty() ? std::string() : std::string(results[0].at(0, 0).bytes());
  }

  postgres::database_options options_;
};

// --- the ceiling: the same statements, without a store around them

awaitable<double> bare_loop(postgres::connection& link, const postgres::change_texts& texts,
                            std::size_t together, bool whole_life) {
  co_await link.open();
  const process_id process{{1}};
  const auto started = steady_clock::now();
  std::size_t done = 0;
  while (steady_clock::now() - started < span) {
    std::vector<postgres::task_row> batch;
    const stores::instant now{system_clock().now(), {}};
    postgres::change_set creating(texts, process.bytes);
    for (std::size_t i = 0; i < together; ++i) {
      const auto task = new_task("local", process, on_crash::fail);
      auto record = std::make_shared<task_record>(stores::initial(task, now));
      const std::size_t bytes = stores::size_of(*record);
      batch.push_back({std::move(record), bytes});
      creating.create(batch.back(), now.mono, std::nullopt);
    }
    co_await link.run(creating.statements());
    if (whole_life) {
      postgres::change_set finishing(texts, process.bytes);
      for (const postgres::task_row& row : batch) {
        auto next = stores::finished(*row.record, {.epoch = 1}, result(), "", now).next;
        const std::size_t bytes = stores::size_of(*next);
        const postgres::task_row after{std::move(next), bytes};
        finishing.update(row, after, now.mono);
      }
      co_await link.run(finishing.statements());
    }
    done += together;
  }
  co_return static_cast<double>(done) / to_seconds(steady_clock::now() - started);
}

double bare_per_second(schema_place& place, std::size_t together, bool whole_life) {
  place.empty();
  boost::asio::io_context context(1);
  postgres::connection link(context, place.options().where);
  const postgres::change_texts texts(place.options().schema);
  auto figure = boost::asio::co_spawn(context, bare_loop(link, texts, together, whole_life),
                                      boost::asio::use_future);
  context.run();
  return figure.get();
}

// --- the store

database_row measure_callers(schema_place& place, std::size_t in_flight, bool whole_life,
                             database_report& into) {
  database_row row;
  row.name = whole_life ? "life" : "create";
  row.in_flight = in_flight;
  const double before = bare_per_second(place, in_flight, whole_life);
  place.empty();
  {
    const auto store = place.open();
    const load_figures figures = load_store(*store, in_flight, whole_life, span);
    row.per_second = figures.per_second;
    row.p50_us = figures.p50_us;
    row.p99_us = figures.p99_us;
    into.right = into.right && figures.right;
  }
  row.raw_per_second = (before + bare_per_second(place, in_flight, whole_life)) / 2;
  return row;
}

database_row measure_claims(schema_place& place, database_report& into) {
  place.empty();
  const auto store = place.open();
  const process_id process = new_process_id();
  sync(store->renew(process, 1h));
  constexpr std::size_t many = 20'000, at_once = 32;
  boost::asio::io_context context(1);
  std::size_t next = 0;
  const auto fill = [&]() -> awaitable<void> {
    while (next < many) {
      auto task = new_task("owner" + std::to_string(next++ % 20), process, on_crash::fail);
      task.claim_for.reset();
      auto creating = store->create(task);
      co_await std::move(creating);
    }
  };
  for (int i = 0; i < 256; ++i) {
    boost::asio::co_spawn(context, fill(), [](const std::exception_ptr&) {});
  }
  context.run();
  stores::claim_request request;
  request.process = process;
  request.count = at_once;
  request.tools.emplace("render", at_once);
  std::vector<double> latencies;
  std::size_t claimed = 0;
  const auto started = steady_clock::now();
  while (steady_clock::now() - started < span && claimed < many) {
    const auto began = steady_clock::now();
    const auto some = sync(store->claim(request));
    latencies.push_back(microseconds(steady_clock::now() - began));
    claimed += some.size();
    if (some.empty()) break;
  }
  database_row row;
  row.name = "claim 32";
  row.in_flight = 1;
  row.per_second = static_cast<double>(claimed) / to_seconds(steady_clock::now() - started);
  row.p50_us = quantile(latencies, 0.5);
  row.p99_us = quantile(latencies, 0.99);
  into.right = into.right && claimed > at_once;
  return row;
}

// From the call that finishes a task to the observer of another process that follows it.
void measure_waiters(schema_place& place, database_report& into) {
  place.empty();
  const auto runner = place.open(), waiter = place.open();
  std::atomic<steady_clock::rep> told{0};
  waiter->watch([&](const task_ptr& task) {
    if (task->terminal()) told = steady_clock::now().time_since_epoch().count();
  });
  const process_id process = new_process_id();
  sync(runner->renew(process, 1h));
  sync(waiter->renew(new_process_id(), 1h));
  std::vector<double> times;
  for (int i = 0; i < waits; ++i) {
    const auto task = new_task("local", process, on_crash::fail);
    sync(runner->create(task));
    waiter->follow(task.origin->id);
    told = 0;
    const auto began = steady_clock::now();
    sync(runner->finish(task.origin->id, {.epoch = 1}, result(), ""));
    while (told == 0 && steady_clock::now() - began < 5s) std::this_thread::yield();
    into.right = into.right && told != 0;
    const steady_clock::duration took(told.load() - began.time_since_epoch().count());
    times.push_back(microseconds(took) / 1000);
    waiter->unfollow(task.origin->id);
  }
  into.finish_to_waiter_p50_ms = quantile(times, 0.5);
  into.finish_to_waiter_p99_ms = quantile(times, 0.99);
}

}  // namespace

database_report measure_database(const std::string& url,
                                 const std::function<void(const std::string&)>& progress) {
  schema_place place(url);
  database_report report;
  report.server = place.run("SELECT version()");
  place.open();
  for (const bool whole_life : {false, true}) {
    for (const std::size_t depth : callers) {
      progress((whole_life ? "life, " : "create, ") + std::to_string(depth) + " in flight");
      report.rows.push_back(measure_callers(place, depth, whole_life, report));
    }
  }
  progress("claims");
  report.rows.push_back(measure_claims(place, report));
  progress("waiters");
  measure_waiters(place, report);
  return report;
}

void print_database(std::ostream& out, const database_report& report) {
  out << report.server
      << "\nraw: a bare pipelined loop over the same statements, as many in a transaction\n\n";
  out << "case      in flight   tasks/s      raw/s  of raw   p50 us   p99 us\n";
  for (const auto& row : report.rows) {
    out << formatted("%-9s %9zu %9.0f %10.0f %6.0f%% %8.0f %8.0f\n", row.name.c_str(),
                     row.in_flight, row.per_second, row.raw_per_second, row.share() * 100,
                     row.p50_us, row.p99_us);
  }
  out << formatted("\nfrom a finish to a waiter on another process  p50 %.1f ms, p99 %.1f ms\n",
                   report.finish_to_waiter_p50_ms, report.finish_to_waiter_p99_ms);
}

void print_database_json(std::ostream& out, const database_report& report) {
  out << "{\"database\":[";
  const char* comma = "";
  for (const auto& row : report.rows) {
    out << comma << R"({"case":")" << row.name << "\",\"in_flight\":" << row.in_flight
        << formatted(
               ",\"per_second\":%.1f,\"raw_per_second\":%.1f,\"share\":%.4f,\"p50_us\":%.1f,"
               "\"p99_us\":%.1f}",
               row.per_second, row.raw_per_second, row.share(), row.p50_us, row.p99_us);
    comma = ",";
  }
  out << formatted("],\"finish_to_waiter_p50_ms\":%.2f,\"finish_to_waiter_p99_ms\":%.2f}\n",
                   report.finish_to_waiter_p50_ms, report.finish_to_waiter_p99_ms);
}

}  // namespace longhaul::bench
