// SPDX-License-Identifier: Apache-2.0
// Many threads on one store: at the same moment, or with anything that comes to their mind.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "longhaul/testing/fault_store.hpp"
#include "longhaul/testing/retry_store.hpp"
#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit::contract {

inline void in_threads(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (auto& thread : threads) thread.join();
}

/// So many threads do `work` at the same moment, each through a store of its own that times out and
/// lies.
inline void race(stores::store& store, std::size_t racers,
                 const std::function<void(std::size_t, stores::store&)>& work) {
  std::atomic<std::size_t> ready{0};
  in_threads(racers, [&](std::size_t i) {
    fault_store faults(store, random_seed() + i, {0.2, 0.3, 0.1});
    retry_store careful(faults);
    ready.fetch_add(1);
    while (ready.load() < racers) std::this_thread::yield();
    work(i, careful);
  });
}

// Random operations on random tasks, right and wrong ones alike.
class storm {
 public:
  storm(stores::store& store, std::vector<task_ptr> tasks, process_id process)
      : store_(store), tasks_(std::move(tasks)), process_(process) {}

  /// Calls `seen` with every snapshot that any operation gives.
  void blow(std::uint64_t seed, int operations, const std::function<void(const task_ptr&)>& seen) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < operations; ++i) {
      const task_ptr& task = tasks_[random() % tasks_.size()];
      if (const auto result = one(task, random); result) seen(result);
    }
  }

 private:
  task_ptr one(const task_ptr& task, std::mt19937_64& random) {
    const std::string& id = task->id();
    const stores::writer by = epoch(1 + random() % 4);
    const std::string number = std::to_string(random() % 5);
    switch (random() % 14) {
      case 0: {
        stores::report_change change;
        change.progress = progress_state{static_cast<double>(random() % 1000)};
        change.status_message = number;
        return run(store_.report(id, by, change)).task;
      }
      case 1: {
        const std::vector<stores::question> asked{ask_for(number)};
        return run(store_.ask(id, by, asked)).task;
      }
      case 2:
      case 3: {
        const std::vector<stores::response> given{reply(number, number), reply("0", number)};
        return run(store_.answer(task->owner(), id, given)).task;
      }
      case 4: {
        if (random() % 8 != 0) break;
        const outcome result = text_result(number);
        return run(store_.finish(id, by, result, number)).task;
      }
      case 5:
        if (random() % 16 != 0) break;
        return run(store_.cancel(task->owner(), id, number)).task;
      case 6:
        return run(store_.release(id, by)).task;
      case 7:
      case 8: {
        stores::claim_request request;
        request.process = process_;
        request.tools = {{"render", 1000}};
        const auto mine = run(store_.claim(request));
        return mine.empty() ? nullptr : mine[0];
      }
      case 9:
        run(store_.expire(3));
        break;
      case 10:
        run(store_.recover());
        break;
      case 11:
        return run(store_.set_retention(task->owner(), id, 1h + milliseconds(random() % 3))).task;
      case 12: {
        const auto page = run(store_.list(task->owner(), std::nullopt, "", 5));
        return page->tasks.empty() ? nullptr : page->tasks[0];
      }
      default:
        break;
    }
    return run(store_.get(task->owner(), id));
  }

  stores::store& store_;
  const std::vector<task_ptr> tasks_;
  const process_id process_;
};

}  // namespace longhaul::testkit::contract
