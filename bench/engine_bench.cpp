// SPDX-License-Identifier: Apache-2.0
#include "bench/engine_bench.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/features.hpp"
#include "bench/probe.hpp"
#include "bench/server.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/stores/task_id.hpp"
#include "stores/memory_store.hpp"
#include "tasks/engine.hpp"

namespace longhaul::bench {
namespace {

using stores::awaitable;

constexpr std::size_t store_tasks = 200'000;
constexpr std::size_t engine_tasks = 100'000;
constexpr std::string_view owner = "local";

// Runs it to its end on this thread and passes its exception on.
void run_here(awaitable<void> work) {
  boost::asio::io_context context(1);
  std::exception_ptr error;
  boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr e) { error = e; });
  context.run();
  if (error) std::rethrow_exception(error);
}

class stop_watch {
 public:
  void stop(engine_measurement& into) const {
    into.time = std::chrono::steady_clock::now() - started_;
    into.cpu = cpu_time_of(getpid()) - cpu_;
  }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::nanoseconds cpu_ = cpu_time_of(getpid());
};

raw_json arguments(std::size_t n) {
  const std::string number = std::to_string(n);
  return raw_json::trusted(R"({"scene":"shot )" + number + R"(","output":"/srv/renders/)" +
                           std::string(300, 'x') + R"(.mov","frames":)" + number + "}");
}

std::vector<stores::new_task> new_tasks() {
  std::vector<stores::new_task> tasks(store_tasks);
  for (std::size_t n = 0; n < tasks.size(); ++n) {
    auto origin = std::make_shared<task_origin>();
    origin->created_at = system_clock().now();
    origin->id = new_task_id(origin->created_at);
    origin->owner = origin->quota = owner;
    origin->tool = tool::task;
    origin->arguments = arguments(n);
    tasks[n].origin = std::move(origin);
    tasks[n].retention = std::chrono::hours(24);
    tasks[n].claim_for = process_id{{1}};
    tasks::engine_options options;
    unbound(options);
    tasks[n].bounds = options.bounds;
  }
  return tasks;
}

// A store and its tasks; each measurement goes through all of them once.
struct filled_store {
  stores::memory_store store;
  std::vector<stores::new_task> tasks = new_tasks();
};

awaitable<void> create_all(filled_store& filled, engine_measurement& into) {
  for (const auto& task : filled.tasks) {
    const auto result = co_await filled.store.create(task);
    into.wrong += result.code == stores::create_code::created ? 0 : 1;
  }
}

awaitable<void> get_all(filled_store& filled, engine_measurement& into) {
  for (const auto& task : filled.tasks) {
    const auto found = co_await filled.store.get(owner, task.origin->id);
    into.wrong += found && found->id() == task.origin->id ? 0 : 1;
  }
}

awaitable<void> finish_all(filled_store& filled, engine_measurement& into) {
  const auto result = outcome::result(raw_json::trusted(R"({"content":[]})"));
  for (const auto& task : filled.tasks) {
    auto finishing = filled.store.finish(task.origin->id, {.epoch = 1}, result, "");
    const auto changed = co_await std::move(finishing);
    into.wrong += changed.code == stores::change_code::applied ? 0 : 1;
  }
}

using walk = awaitable<void> (*)(filled_store&, engine_measurement&);

template <walk Measured>
engine_measurement measure_store() {
  filled_store filled;
  engine_measurement preparation, result;
  if (Measured != &create_all) run_here(create_all(filled, preparation));
  result.operations = filled.tasks.size();
  const stop_watch watch;
  run_here(Measured(filled, result));
  watch.stop(result);
  result.wrong += preparation.wrong;
  return result;
}

awaitable<void> submit_all(tasks::engine& engine, tasks::tool_ptr tool,
                           const std::vector<raw_json>& given, engine_measurement& into) {
  for (const auto& each : given) {
    tasks::submission request;
    request.owner = owner;
    request.tool = tool;
    request.arguments = each;
    const auto created = co_await engine.submit(request);
    into.wrong += created.code == stores::create_code::created ? 0 : 1;
  }
}

// From the first submit until the last task is completed. What waits for a slot waits in the store.
template <const auto& Tool>
engine_measurement measure_engine() {
  const auto tools =
      std::make_shared<serving::catalog>(serving::server_identity{"bench", "1", "", ""});
  add_features(*tools);
  tasks::engine_options options;
  options.store = std::make_shared<stores::memory_store>();
  options.tools = tools;
  unbound(options);
  tasks::engine engine(std::move(options));
  engine.start();
  std::vector<raw_json> given;
  for (std::size_t n = 0; n < engine_tasks; ++n) given.push_back(arguments(n));

  engine_measurement result;
  result.operations = engine_tasks;
  const stop_watch watch;
  run_here(submit_all(engine, engine.tools().find(Tool), given, result));
  stores::store_stats stats;
  const auto look = [&]() -> awaitable<void> { stats = co_await engine.store().stats(); };
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    run_here(look());
  } while (stats.working > 0);
  watch.stop(result);
  result.wrong += engine_tasks - std::min(engine_tasks, stats.completed);
  return result;
}

const std::array<engine_case, 5>& engine_table() {
  static const std::array<engine_case, 5> cases = {{
      {"store-create", "store in memory: create", measure_store<create_all>},
      {"store-get", "store in memory: get", measure_store<get_all>},
      {"store-finish", "store in memory: finish", measure_store<finish_all>},
      {"engine-coroutine", "engine: submit to finished, coroutine handler",
       measure_engine<tool::task>},
      {"engine-blocking", "engine: submit to finished, blocking handler",
       measure_engine<tool::blocking_task>},
  }};
  return cases;
}

}  // namespace

std::span<const engine_case> engine_cases() { return engine_table(); }

}  // namespace longhaul::bench
