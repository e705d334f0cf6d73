// SPDX-License-Identifier: Apache-2.0
// Contract, P4: each task is linearizable. Random clients with faults, and a checker of what they
// were told.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "longhaul/testing/fault_store.hpp"
#include "longhaul/testing/store_contract/fixture.hpp"
#include "longhaul/testing/store_contract/history.hpp"

namespace longhaul::testkit::contract {

using kind = operation::kind;

inline operation::reply told(change_code code, std::uint64_t rev, task_status status,
                             std::string message) {
  return {code, rev, status, std::move(message)};
}

// One client: random operations on one task, noted down.
class client {
 public:
  client(stores::store& store, task_ptr task, std::atomic<std::uint64_t>& time)
      : store_(store), task_(std::move(task)), time_(time) {}

  operation act(std::mt19937_64& random) {
    operation op;
    op.what = static_cast<kind>(random() % 8 < 6 ? random() % 2 : 2 + random() % 2);
    op.argument = std::to_string(random() % 3);
    op.called = time_.fetch_add(1);
    try {
      op.answer = call(op);
    } catch (const stores::store_error& error) {
      // What was certainly not done is no part of the history: a read of nothing at all.
      if (!error.outcome_unknown()) op.what = kind::get;
    }
    op.answered = time_.fetch_add(1);
    return op;
  }

 private:
  std::optional<operation::reply> call(const operation& op) {
    if (op.what == kind::get) {
      const auto task = run(store_.get(task_->owner(), task_->id()));
      return told(change_code::applied, task->rev, task->status, task->status_message);
    }
    const auto result = change(op);
    return told(result.code, result.task->rev, result.task->status, result.task->status_message);
  }
  stores::change_result change(const operation& op) {
    if (op.what == kind::cancel) {
      return run(store_.cancel(task_->owner(), task_->id(), op.argument));
    }
    if (op.what == kind::finish) {
      const outcome result = text_result(op.argument);
      return run(store_.finish(task_->id(), epoch(1), result, op.argument));
    }
    stores::report_change what;
    what.status_message = op.argument;
    return run(store_.report(task_->id(), epoch(1), what));
  }

  stores::store& store_;
  const task_ptr task_;
  std::atomic<std::uint64_t>& time_;
};

TEST_P(store_contract, p4_each_task_is_linearizable) {
  if (GetParam().repeats) GTEST_SKIP() << "a repeated operation answers twice";
  constexpr std::size_t clients = 8;
  constexpr int operations = 6;
  fault_store faults(store(), random_seed(), {0.05, 0.05, 0.05});
  const int histories = std::max(1000 / slower(), 10);
  for (int i = 0; i < histories; ++i) {
    const auto task = create_claimed();
    std::atomic<std::uint64_t> time{0};
    std::atomic<std::size_t> ready{0};
    std::mutex mutex;
    std::vector<operation> history;
    std::vector<std::thread> threads;
    for (std::size_t c = 0; c < clients; ++c) {
      threads.emplace_back([&, c] {
        std::mt19937_64 random(random_seed() + static_cast<std::uint64_t>(i) * clients + c);
        client mine(faults, task, time);
        ready.fetch_add(1);
        while (ready.load() < clients) std::this_thread::yield();
        for (int n = 0; n < operations; ++n) {
          auto op = mine.act(random);
          const std::lock_guard lock(mutex);
          history.push_back(std::move(op));
        }
      });
    }
    for (auto& thread : threads) thread.join();
    ASSERT_TRUE(linearizable(history)) << "history " << i;
  }
  EXPECT_GT(faults.faults(), 0U);
}

}  // namespace longhaul::testkit::contract
