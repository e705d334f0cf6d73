// SPDX-License-Identifier: Apache-2.0
// Contract: the promises that need many threads or many tasks.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "longhaul/testing/store_contract/fixture.hpp"
#include "longhaul/testing/store_contract/storm.hpp"

namespace longhaul::testkit::contract {

// P3: terminal is final. P16: what the observer hears, filtered by rev, never goes back and ends
// as the last read.
TEST_P(store_contract, p3_p16_terminal_is_final_and_observers_end_where_reads_do) {
  std::vector<task_ptr> tasks;
  for (int i = 0; i < 200; ++i) {
    auto what = origin("owner" + std::to_string(i % 7));
    what->crash_policy = on_crash::rerun;
    what->max_attempts = 100;
    tasks.push_back(create(what, i % 2 == 0 ? std::optional(process_) : std::nullopt));
  }
  std::mutex mutex;
  std::map<std::string, std::string> finals;
  std::map<std::pair<std::string, std::uint64_t>, std::string> states;
  std::size_t conflicts = 0;
  const auto seen = [&](const task_ptr& task) {
    const std::lock_guard lock(mutex);
    const auto same_state = states.try_emplace({task->id(), task->rev}, describe(*task));
    conflicts += same_state.first->second != describe(*task);
    if (!task->terminal()) return;
    const auto same_end = finals.try_emplace(task->id(), final_part(*task));
    conflicts += same_end.first->second != final_part(*task);
  };
  storm weather(store(), tasks, process_);
  const int operations = std::max(20'000 / slower(), 1'000);
  in_threads(8, [&](std::size_t i) { weather.blow(random_seed() + i, operations, seen); });

  for (const auto& task : observed()) seen(task);
  EXPECT_EQ(conflicts, 0U);
  EXPECT_GT(finals.size(), 10U) << "the storm must end some";
  std::map<std::string, task_ptr> last;  // what a subscriber who compares `rev` is left with
  for (const auto& task : observed()) {
    auto& newest = last[task->id()];
    if (!newest || task->rev > newest->rev) newest = task;
  }
  for (const auto& task : tasks) {
    const auto final = get(task);
    ASSERT_TRUE(last[task->id()]);
    EXPECT_EQ(describe(*last[task->id()]), describe(*final));
    if (final->terminal()) {
      EXPECT_EQ(finals.at(task->id()), final_part(*final));
    }
  }
  const auto now = run(store().stats());
  std::map<task_status, std::size_t> counted;
  std::size_t queued = 0;
  for (const auto& task : tasks) {
    const auto final = get(task);
    ++counted[final->status];
    queued += final->status == task_status::working && !final->process;
  }
  EXPECT_EQ(now.working, counted[task_status::working]);
  EXPECT_EQ(now.input_required, counted[task_status::input_required]);
  EXPECT_EQ(now.completed, counted[task_status::completed]);
  EXPECT_EQ(now.failed, counted[task_status::failed]);
  EXPECT_EQ(now.cancelled, counted[task_status::cancelled]);
  EXPECT_EQ(now.queued, queued);
}

// P10: 64 racers on one key, each through a store of its own that times out and lies.
TEST_P(store_contract, p10_racers_on_one_key_get_one_task) {
  constexpr std::size_t racers = 64;
  for (int round = 0; round < 20 / std::min(slower(), 10); ++round) {
    const std::string key = "key" + std::to_string(round);
    std::array<std::string, racers> got;
    race(store(), racers, [&](std::size_t i, stores::store& careful) {
      auto what = origin();
      what->idempotency_key = key;
      stores::new_task task;
      task.origin = what;
      task.retention = 1h;
      const auto made = run(careful.create(task));
      got[i] = made.task ? made.task->id() : "refused";
    });
    for (const auto& id : got) EXPECT_EQ(id, got[0]);
    EXPECT_EQ(stored(), static_cast<std::size_t>(round) + 1);
    EXPECT_EQ(claim(process_, racers).size(), 1U) << "one run";
  }
}

// P11: of a cancel and a finish that race, one wins, and both are told who.
TEST_P(store_contract, p11_cancel_against_finish_has_one_winner) {
  const std::size_t races = 100'000 / static_cast<std::size_t>(much_slower());
  constexpr std::size_t batch = 500;
  constexpr std::size_t most_ahead = 16;
  std::size_t finished = 0;
  std::vector<task_ptr> tasks(batch);
  std::array<std::vector<stores::change_result>, 2> results;
  for (std::size_t done = 0; done < races; done += batch) {
    for (auto& task : tasks) task = create_claimed();
    for (auto& mine : results) mine.assign(batch, {});
    std::array<std::atomic<std::size_t>, 2> at{};
    in_threads(2, [&](std::size_t side) {
      const outcome result = text_result("x");
      for (std::size_t i = 0; i < batch; ++i) {
        // Neck and neck: neither side is ever more than a few races ahead of the other.
        while (i > at[1 - side].load(std::memory_order_relaxed) + most_ahead) {
          std::this_thread::yield();
        }
        results[side][i] = side == 0 ? run(store().finish(tasks[i]->id(), epoch(1), result, ""))
                                     : run(store().cancel("alice", tasks[i]->id(), ""));
        at[side].store(i + 1, std::memory_order_relaxed);
      }
    });
    for (std::size_t i = 0; i < batch; ++i) {
      const auto final = get(tasks[i]);
      const bool finish_won = final->status == task_status::completed;
      ASSERT_TRUE(finish_won || final->status == task_status::cancelled);
      ASSERT_TRUE(applied(results[finish_won ? 0 : 1][i]));
      ASSERT_EQ(results[finish_won ? 1 : 0][i].code, change_code::already_terminal);
      ASSERT_EQ(describe(*results[0][i].task), describe(*final));
      ASSERT_EQ(describe(*results[1][i].task), describe(*final));
      finished += finish_won;
    }
  }
  RecordProperty("finish_won", static_cast<int>(finished));
}

// P20: a million short tasks leave nothing behind.
TEST_P(store_contract, p20_short_tasks_reach_a_plateau_and_leave_nothing) {
  const int tasks = 1'000'000 / much_slower();
  const int per_second = tasks / 100;
  const outcome result = text_result("x");
  std::size_t most_bytes_early = 0;
  std::size_t most_bytes_late = 0;
  const auto life = [&](int i) -> stores::awaitable<void> {
    stores::new_task task;
    auto what = origin("owner" + std::to_string(i % 100));
    what->overall_limit = 24h;
    if (i % 4 == 0) what->idempotency_key = std::to_string(i);
    const bool waits = i % 5 == 0;
    task.origin = what;
    task.retention = 1s;
    if (!waits) task.claim_for = process_;
    auto creating = store().create(task);
    co_await std::move(creating);
    auto ending = waits ? store().cancel(what->owner, what->id, "")
                        : store().finish(what->id, epoch(1), result, "");
    co_await std::move(ending);
  };
  for (int second = 0; second < 100; ++second) {
    run_together(per_second, [&](int i) { return life(second * per_second + i); });
    fixture_->advance(1s);
    const auto now = run(store().stats());
    EXPECT_LE(stored(), static_cast<std::size_t>(2 * per_second));
    auto& most = second < 10 ? most_bytes_early : most_bytes_late;
    most = std::max(most, now.bytes);
    while (!run(store().purge(1000)).empty()) {
    }
    const std::lock_guard lock(observations_->mutex);
    observations_->all.clear();
  }
  EXPECT_LE(most_bytes_late, most_bytes_early + most_bytes_early / 10);
  EXPECT_EQ(stored(), 0U);
  EXPECT_TRUE(claim(process_, 10).empty());
}

// P21: many at once do not get past a bound together.
TEST_P(store_contract, p21_racers_do_not_pass_a_bound_together) {
  std::atomic<std::size_t> acknowledged{0};
  in_threads(8, [&](std::size_t i) {
    for (int n = 0; n < 50; ++n) {
      stores::new_task task;
      task.origin = origin("owner" + std::to_string(i % 3));
      task.bounds.open_total = 100;
      const auto made = run(store().create(task));
      if (made.code == create_code::created) ++acknowledged;
    }
  });
  EXPECT_EQ(acknowledged.load(), 100U);
  EXPECT_EQ(stored(), 100U);
}

}  // namespace longhaul::testkit::contract
