// SPDX-License-Identifier: Apache-2.0
#include "bench/durable_bench.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <ostream>
#include <stdexcept>

#include "base/random.hpp"
#include "bench/formatted.hpp"
#include "bench/probe.hpp"
#include "bench/store_load.hpp"
#include "longhaul/store.hpp"
#include "longhaul/stores/task_id.hpp"
#include "sqlite/schema.hpp"
#include "sqlite/sqlite_store.hpp"
#include "sqlite/task_writer.hpp"

namespace longhaul::bench {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr auto measured = 1500ms;
constexpr std::size_t many_tasks = 100'000;
constexpr std::array<std::size_t, 3> depths = {1, 64, 512};

/// A folder for one measurement, removed with its files.
class workplace {
 public:
  explicit workplace(const std::string& folder) {
    std::string name = folder + "/longhaul-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder in " + folder);
    path_ = name;
  }
  ~workplace() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  workplace(const workplace&) = delete;
  workplace& operator=(const workplace&) = delete;
  std::string file() const { return path_ + "/tasks.db"; }

 private:
  std::string path_;
};

// --- the ceiling: the same statements, without a store around them

double raw_per_second(const std::string& folder, std::size_t together, bool whole_life) {
  const workplace place(folder);
  sqlite::make_private_file(place.file());
  sqlite::connection file(place.file());
  sqlite::prepare_writer(file);
  file.run("PRAGMA wal_autocheckpoint = 8192");
  sqlite::upgrade(file, place.file());
  sqlite::task_writer rows(file);
  const process_id process{{1}};
  const auto started = steady_clock::now();
  std::int64_t seq = 0;
  std::size_t done = 0;
  while (steady_clock::now() - started < measured) {
    std::vector<std::pair<std::int64_t, task_record>> batch;
    {
      sqlite::transaction write(file, sqlite::transaction::kind::write);
      for (std::size_t i = 0; i < together; ++i) {
        const auto task = new_task("local", process, on_crash::fail);
        batch.emplace_back(++seq, stores::initial(task, {system_clock().now(), {}}));
        rows.insert(seq, batch.back().second, 0);
      }
      write.commit();
    }
    if (whole_life) {
      sqlite::transaction write(file, sqlite::transaction::kind::write);
      for (const auto& [at, task] : batch) {
        const auto next =
            stores::finished(task, {.epoch = 1}, result(), "", {system_clock().now(), {}});
        rows.update(at, task, *next.next, 0);
      }
      write.commit();
    }
    done += together;
  }
  return static_cast<double>(done) / to_seconds(steady_clock::now() - started);
}

// --- the store

durable_row measure_row(const std::string& folder, std::size_t in_flight, bool whole_life,
                        durable_report& into) {
  durable_row row;
  row.name = whole_life ? "life" : "create";
  row.in_flight = in_flight;
  row.sync_us = probe_sync(folder).p50_us;
  // Half of the ceiling before and half after, because disks have moods.
  const double before = raw_per_second(folder, in_flight, whole_life);
  {
    const workplace place(folder);
    const auto store = longhaul::sqlite_store(place.file());
    const load_figures figures = load_store(*store, in_flight, whole_life, measured);
    row.per_second = figures.per_second;
    row.p50_us = figures.p50_us;
    row.p99_us = figures.p99_us;
    into.right = into.right && figures.right;
  }
  row.raw_per_second = (before + raw_per_second(folder, in_flight, whole_life)) / 2;
  return row;
}

// --- many tasks

void fill(stores::store& store, std::size_t count, bool finish) {
  const process_id process = new_process_id();
  sync(store.renew(process, 1h));
  boost::asio::io_context context(1);
  std::size_t next = 0;
  const auto work = [&]() -> awaitable<void> {
    while (next < count) {
      const auto policy = next++ % 2 == 0 ? on_crash::fail : on_crash::rerun;
      const auto task = new_task("owner" + std::to_string(next % 100), process, policy);
      co_await store.create(task);
      if (!finish) continue;
      auto finishing = store.finish(task.origin->id, {.epoch = 1}, result(), "");
      co_await std::move(finishing);
    }
  };
  for (int i = 0; i < 512; ++i) {
    boost::asio::co_spawn(context, work(), [](const std::exception_ptr&) {});
  }
  context.run();
}

// Runs `work` in a child, so that its memory is its own; what it returns.
double in_a_child(const std::function<double()>& work) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    double value = -1;
    try {
      value = work();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "longhaul-bench: %s\n", e.what());
    }
    const bool told = ::write(ends[1], &value, sizeof value) == sizeof value;
    ::_exit(told ? 0 : 1);
  }
  ::close(ends[1]);
  double value = -1;
  const bool heard = ::read(ends[0], &value, sizeof value) == sizeof value;
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  if (!heard || value < 0) throw std::runtime_error("a measurement in a child failed");
  return value;
}

double restart_mib(const std::string& folder, std::size_t finished) {
  const workplace place(folder);
  in_a_child([&] {
    fill(*longhaul::sqlite_store(place.file()), finished, true);
    return 0.0;
  });
  return in_a_child([&] {
    const auto store = longhaul::sqlite_store(place.file());
    sync(store->recover());
    return resident_mib();
  });
}

void measure_many(const std::string& folder, durable_report& into) {
  into.unfinished = many_tasks;
  {
    const workplace place(folder);
    in_a_child([&] {
      fill(*longhaul::sqlite_store(place.file()), many_tasks, false);
      return 0.0;
    });
    into.recovery_seconds = in_a_child([&] {
      const auto started = steady_clock::now();
      const auto store = longhaul::sqlite_store(place.file());
      const auto found = sync(store->recover());
      const double took = to_seconds(steady_clock::now() - started);
      return found.failed + found.handed_back == many_tasks ? took : -1;
    });
  }
  const workplace place(folder);
  into.bytes_live = in_a_child([&] {
    const auto store = longhaul::sqlite_store(place.file());
    const double before = resident_mib();
    fill(*store, many_tasks, false);
    ::malloc_trim(0);
    return (resident_mib() - before) * (1 << 20) / static_cast<double>(many_tasks);
  });
  into.bytes_on_disk =
      static_cast<double>(fs::file_size(place.file())) / static_cast<double>(many_tasks);
  into.restart_mib_few = restart_mib(folder, 1000);
  into.restart_mib_many = restart_mib(folder, many_tasks);
}

}  // namespace

sync_probe probe_sync(const std::string& folder) {
  const workplace place(folder);
  const int file = ::open(place.file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("no file in " + folder);
  constexpr std::size_t page = 4096, pages = 256;
  const std::string bytes(page * pages, 'x');
  std::vector<double> times;
  bool good = ::pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()) &&
              ::fdatasync(file) == 0;
  for (std::size_t i = 0; good && i < 400; ++i) {
    const auto started = steady_clock::now();
    good = ::pwrite(file, bytes.data(), page, static_cast<off_t>(i % pages * page)) ==
               static_cast<ssize_t>(page) &&
           ::fdatasync(file) == 0;
    times.push_back(microseconds(steady_clock::now() - started));
  }
  ::close(file);
  if (!good) throw std::runtime_error("the disk under " + folder + " fails");
  return {quantile(times, 0.5), quantile(times, 0.99)};
}

durable_report measure_durable(const std::string& folder,
                               const std::function<void(const std::string&)>& progress) {
  durable_report report;
  progress(std::to_string(many_tasks) + " tasks");
  measure_many(folder, report);  // first: it forks
  for (const bool whole_life : {false, true}) {
    for (const std::size_t depth : depths) {
      progress((whole_life ? "life, " : "create, ") + std::to_string(depth) + " in flight");
      report.rows.push_back(measure_row(folder, depth, whole_life, report));
    }
  }
  return report;
}

void print_durable(std::ostream& out, const durable_report& report) {
  out << "SQLite store, synchronous=FULL; raw: a bare loop over the same statements, as many in a "
         "commit\n\n";
  out << "case      in flight   tasks/s      raw/s  of raw   p50 us   p99 us  fdatasync p50 us\n";
  for (const auto& row : report.rows) {
    out << formatted("%-9s %9zu %9.0f %10.0f %6.0f%% %8.0f %8.0f %17.0f\n", row.name.c_str(),
                     row.in_flight, row.per_second, row.raw_per_second, row.share() * 100,
                     row.p50_us, row.p99_us, row.sync_us);
  }
  out << formatted("\nopen and recover %zu unfinished tasks  %.2f s\n", report.unfinished,
                   report.recovery_seconds)
      << formatted("memory of a live task                   %.0f bytes\n", report.bytes_live)
      << formatted("file, a task                            %.0f bytes\n", report.bytes_on_disk)
      << formatted(
             "memory after a restart                  %.1f MiB with 1,000 finished tasks, "
             "%.1f MiB with 100,000\n",
             report.restart_mib_few, report.restart_mib_many);
}

void print_durable_json(std::ostream& out, const durable_report& report) {
  out << "{\"durable\":[";
  const char* comma = "";
  for (const auto& row : report.rows) {
    out << comma << R"({"case":")" << row.name << "\",\"in_flight\":" << row.in_flight
        << formatted(
               ",\"per_second\":%.1f,\"raw_per_second\":%.1f,\"share\":%.4f,\"p50_us\":%.1f,"
               "\"p99_us\":%.1f,\"fdatasync_us\":%.1f}",
               row.per_second, row.raw_per_second, row.share(), row.p50_us, row.p99_us,
               row.sync_us);
    comma = ",";
  }
  out << formatted(
      "],\"unfinished\":%zu,\"recovery_seconds\":%.4f,\"bytes_live\":%.0f,"
      "\"bytes_on_disk\":%.0f,\"restart_mib_1000\":%.2f,\"restart_mib_100000\":%.2f}\n",
      report.unfinished, report.recovery_seconds, report.bytes_live, report.bytes_on_disk,
      report.restart_mib_few, report.restart_mib_many);
}

}  // namespace longhaul::bench
