// SPDX-License-Identifier: Apache-2.0
#include "bench/store_load.hpp"

#include <algorithm>
#include <memory>

#include "base/random.hpp"
#include "longhaul/clock.hpp"
#include "longhaul/stores/task_id.hpp"

namespace longhaul::bench {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

double microseconds(steady_clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}
double to_seconds(steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

stores::new_task new_task(const std::string& owner, process_id process, on_crash policy) {
  auto origin = std::make_shared<task_origin>();
  origin->created_at = system_clock().now();
  origin->id = new_task_id(origin->created_at);
  origin->owner = origin->quota = owner;
  origin->tool = "render";
  origin->arguments = raw_json::trusted(R"({"scene":"shot","output":"/srv/renders/)" +
                                        std::string(300, 'x') + R"(.mov","frames":12})");
  origin->crash_policy = policy;
  stores::new_task task;
  task.origin = std::move(origin);
  task.retention = 24h;
  task.claim_for = process;
  return task;
}

const outcome& result() {
  static const outcome made =
      outcome::result(raw_json::trusted(R"({"content":[{"type":"text","text":"rendered shot"}]})"));
  return made;
}

namespace {

struct run_of_store {
  stores::store& store;
  process_id process;
  steady_clock::time_point end;
  bool whole_life;
  std::size_t done = 0, wrong = 0;
  std::vector<double> latencies = {};
};

awaitable<void> one_after_the_other(run_of_store& run) {
  while (steady_clock::now() < run.end) {
    const auto task = new_task("local", run.process, on_crash::fail);
    const auto began = steady_clock::now();
    const auto created = co_await run.store.create(task);
    if (created.code != stores::create_code::created) ++run.wrong;
    if (run.whole_life) {
      auto finishing = run.store.finish(task.origin->id, {.epoch = 1}, result(), "");
      const auto ended = co_await std::move(finishing);
      if (ended.code != stores::change_code::applied) ++run.wrong;
    }
    run.latencies.push_back(microseconds(steady_clock::now() - began));
    ++run.done;
  }
}

}  // namespace

load_figures load_store(stores::store& store, std::size_t in_flight, bool whole_life,
                        steady_clock::duration measured) {
  const process_id process = new_process_id();
  sync(store.renew(process, 1h));
  boost::asio::io_context context(1);
  run_of_store all{store, process, steady_clock::now() + measured, whole_life};
  const auto started = steady_clock::now();
  std::exception_ptr error;
  for (std::size_t i = 0; i < in_flight; ++i) {
    boost::asio::co_spawn(context, one_after_the_other(all), [&](const std::exception_ptr& e) {
      if (e) error = e;
    });
  }
  context.run();
  if (error) std::rethrow_exception(error);
  load_figures figures;
  figures.per_second = static_cast<double>(all.done) / to_seconds(steady_clock::now() - started);
  figures.p50_us = quantile(all.latencies, 0.5);
  figures.p99_us = quantile(all.latencies, 0.99);
  figures.right = all.wrong == 0;
  return figures;
}

}  // namespace longhaul::bench
