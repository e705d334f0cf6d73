// SPDX-License-Identifier: Apache-2.0
// P4: each task is linearizable. First the checker itself, on histories that are right and on
// planted violations; then random clients with faults against every store.
#include <array>
#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include "parity.hpp"
#include "support/fault_store.hpp"
#include "support/history.hpp"

namespace longhaul::test {
namespace {

using kind = operation::kind;

operation::reply told(change_code code, std::uint64_t rev, task_status status,
                      std::string message) {
  return {code, rev, status, std::move(message)};
}
operation made(kind what, std::string argument, std::uint64_t called, std::uint64_t answered,
               operation::reply answer) {
  return {what, std::move(argument), called, answered, std::move(answer)};
}
operation unanswered(kind what, std::string argument, std::uint64_t called) {
  return {what, std::move(argument), called, 0, std::nullopt};
}

const auto fresh = told(change_code::applied, 1, task_status::working, "");
const auto reported = told(change_code::applied, 2, task_status::working, "a");
const auto finished = told(change_code::applied, 2, task_status::completed, "x");
const auto cancelled =
    told(change_code::applied, 2, task_status::cancelled, "The task was cancelled: c");

TEST(history_checker, accepts_what_is_in_order) {
  EXPECT_TRUE(linearizable({}));
  EXPECT_TRUE(
      linearizable({made(kind::get, "", 1, 2, fresh), made(kind::report, "a", 3, 4, reported),
                    made(kind::get, "", 5, 6, reported)}));
}

TEST(history_checker, accepts_either_order_of_what_overlaps) {
  for (const auto& read : {fresh, finished}) {
    EXPECT_TRUE(
        linearizable({made(kind::finish, "x", 1, 10, finished), made(kind::get, "", 2, 3, read)}));
  }
  const auto lost =
      told(change_code::already_terminal, 2, task_status::cancelled, "The task was cancelled: c");
  EXPECT_TRUE(linearizable(
      {made(kind::finish, "x", 1, 10, lost), made(kind::cancel, "c", 2, 9, cancelled)}));
}

TEST(history_checker, accepts_that_an_unanswered_operation_happened_or_not) {
  for (const auto& read : {fresh, finished}) {
    EXPECT_TRUE(
        linearizable({unanswered(kind::finish, "x", 1), made(kind::get, "", 50, 51, read)}));
  }
}

TEST(history_checker, finds_a_read_of_the_past) {
  EXPECT_FALSE(
      linearizable({made(kind::report, "a", 1, 2, reported), made(kind::get, "", 3, 4, fresh)}));
}

TEST(history_checker, finds_a_read_of_the_future) {
  EXPECT_FALSE(
      linearizable({made(kind::get, "", 1, 2, reported), made(kind::report, "a", 3, 4, reported)}));
}

TEST(history_checker, finds_two_winners) {
  EXPECT_FALSE(linearizable(
      {made(kind::finish, "x", 1, 10, finished), made(kind::cancel, "c", 2, 9, cancelled)}));
}

TEST(history_checker, finds_a_lost_update) {
  const auto second = told(change_code::applied, 2, task_status::working, "b");
  EXPECT_FALSE(linearizable(
      {made(kind::report, "a", 1, 10, reported), made(kind::report, "b", 2, 9, second)}));
}

TEST(history_checker, finds_a_terminal_state_that_changed) {
  const auto revived = told(change_code::applied, 3, task_status::working, "a");
  EXPECT_FALSE(linearizable(
      {made(kind::finish, "x", 1, 2, finished), made(kind::report, "a", 3, 4, revived)}));
}

TEST(history_checker, finds_an_unanswered_operation_that_came_and_went) {
  EXPECT_FALSE(linearizable({unanswered(kind::report, "a", 1), made(kind::get, "", 2, 3, reported),
                             made(kind::get, "", 4, 5, fresh)}));
}

TEST(history_checker, finds_an_effect_before_its_call) {
  EXPECT_FALSE(
      linearizable({made(kind::get, "", 1, 2, reported), unanswered(kind::report, "a", 3)}));
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

TEST_P(store_parity, p4_each_task_is_linearizable) {
  if (GetParam().repeats) GTEST_SKIP() << "a repeated operation answers twice";
  constexpr std::size_t clients = 8;
  constexpr int operations = 6;
  fault_store faults(store_, random_seed(), {0.05, 0.05, 0.05});
  const int histories = 1000 / slower();
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

}  // namespace
}  // namespace longhaul::test
