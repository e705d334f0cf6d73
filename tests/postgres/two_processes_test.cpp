// SPDX-License-Identifier: Apache-2.0
// Two stores on one schema, as two processes have them: what one does the other sees, hears of and
// respects. Everything on a real server.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <map>
#include <mutex>
#include <thread>

#include "base/random.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/testing/retry_store.hpp"
#include "longhaul/testing/run.hpp"
#include "longhaul/testing/seed.hpp"
#include "longhaul/testing/store_contract/storm.hpp"
#include "postgres/test_schema.hpp"
#include "postgres/upkeep.hpp"
#include "support/process_census.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
using stores::change_code;
using stores::create_code;
using testkit::run;

std::shared_ptr<task_origin> new_origin(timestamp now, const std::string& owner = "alice",
                                        const std::string& tool = "render") {
  auto made = std::make_shared<task_origin>();
  made->created_at = now;
  made->id = new_task_id(made->created_at);
  made->owner = owner;
  made->quota = owner;
  made->tool = tool;
  made->arguments = raw_json::trusted("{}");
  return made;
}

class two_processes : public testing::Test {
 protected:
  two_processes() { open(true); }

  void open(bool notify) {
    postgres::database_options options = schema_.options();
    options.notify = notify;
    for (std::size_t i = 0; i < stores_.size(); ++i) {
      stores_[i] = std::make_unique<postgres::postgres_store>(options);
      stores_[i]->watch([this, i](const task_ptr& task) {
        const std::lock_guard lock(mutex_);
        heard_[i][task->id()] = std::max(heard_[i][task->id()], task->rev);
      });
      processes_[i] = new_process_id();
      EXPECT_TRUE(run(stores_[i]->renew(processes_[i], 1h)).alive);
    }
  }
  stores::store& store(std::size_t i) { return *stores_[i]; }

  std::shared_ptr<task_origin> origin(const std::string& owner = "alice") const {
    return new_origin(schema_.now(), owner);
  }
  stores::create_result create(std::size_t at, std::shared_ptr<task_origin> source,
                               std::optional<process_id> process = std::nullopt,
                               std::size_t concurrency = 0) {
    stores::new_task task;
    task.origin = std::move(source);
    task.claim_for = process;
    task.retention = 1h;
    task.concurrency = concurrency;
    return run(store(at).create(task));
  }
  std::vector<task_ptr> claim(std::size_t at, std::size_t count, std::size_t concurrency = 0) {
    stores::claim_request request;
    request.process = processes_[at];
    request.count = count;
    request.tools.emplace("render", count);
    if (concurrency != 0) request.concurrency.emplace("render", concurrency);
    return run(store(at).claim(request));
  }
  stores::change_result finish(std::size_t at, const task_ptr& task) {
    const outcome result = outcome::result(raw_json::trusted(R"({"content":[]})"));
    return run(store(at).finish(task->id(), {task->epoch, {}}, result, "done"));
  }
  /// The observer of this one was told of this revision.
  bool hears(std::size_t at, const std::string& id, std::uint64_t rev) {
    return wait_until([&] {
      const std::lock_guard lock(mutex_);
      return heard_[at][id] >= rev;
    });
  }
  static void together(const std::function<void(std::size_t)>& work, std::size_t count = 8) {
    testkit::contract::in_threads(count, work);
  }

  test_schema schema_;
  std::array<process_id, 2> processes_{};
  std::mutex mutex_;
  std::array<std::map<std::string, std::uint64_t>, 2> heard_;
  std::array<std::unique_ptr<postgres::postgres_store>, 2> stores_;
};

TEST_F(two_processes, read_what_the_other_wrote_at_once) {
  const auto task = create(0, origin(), processes_[0]).task;
  const auto seen = run(store(1).get("alice", task->id()));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->process, processes_[0]);
  EXPECT_EQ(run(store(1).cancel("alice", task->id(), "no")).code, change_code::applied);
  EXPECT_EQ(run(store(0).get("alice", task->id()))->status, task_status::cancelled);
  EXPECT_EQ(finish(0, task).code, change_code::already_terminal) << "whatever it believes";
}

TEST_F(two_processes, a_runner_hears_that_the_other_cancels) {
  for (const bool notify : {true, false}) {
    open(notify);
    const auto task = create(0, origin(), processes_[0]).task;
    EXPECT_TRUE(store(0).known(task->id()));
    run(store(1).cancel("alice", task->id(), ""));
    EXPECT_TRUE(hears(0, task->id(), 2)) << (notify ? "by a notification" : "by looking");
    EXPECT_FALSE(store(0).known(task->id())) << "it has ended";
  }
}

TEST_F(two_processes, a_follower_hears_of_each_end) {
  const auto task = create(0, origin(), processes_[0]).task;
  store(1).follow(task->id());
  ASSERT_EQ(finish(0, task).code, change_code::applied);
  EXPECT_TRUE(hears(1, task->id(), 2));
  store(1).unfollow(task->id());
}

TEST_F(two_processes, each_waiting_task_is_claimed_once) {
  for (std::size_t i = 0; i < 200; ++i) create(i % 2, origin("owner" + std::to_string(i % 7)));
  std::mutex mutex;
  std::map<std::string, int> claims;
  together([&](std::size_t i) {
    for (int empty = 0; empty < 3;) {
      const auto mine = claim(i % 2, 5);
      empty = mine.empty() ? empty + 1 : 0;
      const std::lock_guard lock(mutex);
      for (const auto& task : mine) ++claims[task->id()];
    }
  });
  EXPECT_EQ(claims.size(), 200U);
  for (const auto& [id, times] : claims) EXPECT_EQ(times, 1) << id;
}

TEST_F(two_processes, a_key_limits_both_together) {
  const auto keyed = [&] {
    auto made = origin();
    made->concurrency_key = "db";
    return made;
  };
  std::atomic<int> running{0}, most{0}, ended{0};
  together([&](std::size_t i) {
    const std::size_t at = i % 2;
    for (int n = 0; n < 15; ++n) {
      std::vector<task_ptr> mine;
      if (i < 4) {
        const auto made = create(at, keyed(), processes_[at], 3).task;
        if (made->process) mine.push_back(made);
      } else {
        create(at, keyed());
        mine = claim(at, 2, 3);
      }
      const int now = running += static_cast<int>(mine.size());
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      // What has ended in the database has ended: the number here goes down before.
      for (const auto& task : mine) {
        --running;
        ended += finish(at, task).code == change_code::applied;
      }
    }
  });
  EXPECT_LE(most, 3);
  EXPECT_GT(ended, 10);
}

class runs_with_a_key : public two_processes {
 protected:
  task_ptr create_keyed(std::size_t at, bool claims, std::size_t concurrency = 1) {
    auto made = origin();
    made->concurrency_key = "db";
    made->crash_policy = on_crash::rerun;
    made->max_attempts = 3;
    made->attempt_limit = 1s;
    made->retry_on = retry_on::timeout;
    const auto process = claims ? std::optional(processes_.at(at)) : std::nullopt;
    return create(at, std::move(made), process, concurrency).task;
  }
  std::vector<stores::run_name> held(std::size_t at) {
    return run(store(at).held(processes_.at(at)));
  }
  bool can_claim(std::size_t at) {
    return wait_until([&] { return claim(at, 1, 1).size() == 1; });
  }
};

TEST_F(runs_with_a_key, count_until_their_handler_has_returned_whoever_cancels) {
  const auto first = create_keyed(0, true), next = create_keyed(1, true);
  ASSERT_TRUE(first->process);
  ASSERT_FALSE(next->process);
  EXPECT_TRUE(held(0).empty()) << "its task is its own";
  ASSERT_EQ(run(store(1).cancel("alice", first->id(), "")).code, change_code::applied);
  EXPECT_TRUE(claim(1, 1, 1).empty());
  EXPECT_TRUE(claim(0, 1, 1).empty());
  const stores::run_name left{first->id(), first->epoch};
  EXPECT_EQ(held(0), std::vector{left});
  EXPECT_TRUE(held(1).empty());
  run(store(0).leave(left.id, left.epoch));
  run(store(0).leave(left.id, left.epoch));
  EXPECT_TRUE(held(0).empty());
  EXPECT_TRUE(can_claim(1)) << "it is told";
}

TEST_F(runs_with_a_key, count_no_more_when_their_worker_ends_them) {
  const auto end = [&](std::string_view how, const task_ptr& task) {
    const stores::writer worker{task->epoch, {}};
    if (how == "finish") return finish(0, task).code;
    if (how == "release") return run(store(0).release(task->id(), worker)).code;
    return run(store(0).retry(task->id(), worker, "why", store(0).now().mono + 1h)).code;
  };
  for (const std::string_view how : {"finish", "release", "retry"}) {
    const auto task = create_keyed(0, true);
    ASSERT_TRUE(task->process) << how;
    EXPECT_EQ(end(how, task), change_code::applied);
    EXPECT_TRUE(held(0).empty()) << how;
    EXPECT_EQ(schema_.run("SELECT count(*) FROM @.places"), "0") << how;
    run(store(0).cancel("alice", task->id(), ""));
  }
}

TEST_F(runs_with_a_key, count_no_more_when_their_worker_speaks_too_late) {
  const auto say = [&](std::string_view how, const task_ptr& task, stores::writer::stage stage) {
    const stores::writer worker{task->epoch, {}, stage};
    const outcome result = outcome::result(raw_json::trusted(R"({"content":[]})"));
    if (how == "finish") return run(store(0).finish(task->id(), worker, result, "")).code;
    if (how == "release") return run(store(0).release(task->id(), worker)).code;
    return run(store(0).retry(task->id(), worker, "why", store(0).now().mono + 1h)).code;
  };
  for (const std::string_view how : {"finish", "release", "retry"}) {
    const auto task = create_keyed(0, true);
    ASSERT_TRUE(task->process) << how;
    run(store(1).cancel("alice", task->id(), ""));
    EXPECT_EQ(say(how, task, stores::writer::stage::at_work), change_code::already_terminal);
    EXPECT_EQ(held(0).size(), 1U) << how << " while it is at work";
    EXPECT_EQ(say(how, task, stores::writer::stage::returned), change_code::already_terminal);
    EXPECT_TRUE(held(0).empty()) << how;
  }
  const auto stalled = create_keyed(0, true);
  EXPECT_EQ(say("retry", stalled, stores::writer::stage::at_work), change_code::applied);
  EXPECT_EQ(held(0).size(), 1U) << "it is told to stop, and has not";
  EXPECT_EQ(say("retry", stalled, stores::writer::stage::returned), change_code::unchanged);
  EXPECT_TRUE(held(0).empty());
}

TEST_F(runs_with_a_key, count_beside_the_next_run_of_their_own_task) {
  const auto first = create_keyed(0, true, 2);
  schema_.advance(2s);
  ASSERT_EQ(run(store(1).expire(10)), 1U) << "its attempt took too long";
  schema_.advance(1h);
  ASSERT_TRUE(run(store(0).renew(processes_[0], 1h)).alive);
  ASSERT_TRUE(run(store(1).renew(processes_[1], 1h)).alive);
  EXPECT_TRUE(claim(1, 1, 1).empty()) << "the first run may be at work still";
  const auto second = claim(1, 1, 2);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0]->id(), first->id());
  EXPECT_EQ(held(0), (std::vector{stores::run_name{first->id(), first->epoch}}));
  EXPECT_TRUE(held(1).empty());
  create_keyed(1, false);
  EXPECT_TRUE(claim(1, 1, 2).empty()) << "two runs of one task are two";
  run(store(0).leave(first->id(), first->epoch));
  EXPECT_EQ(schema_.run("SELECT count(*) FROM @.places"), "1");
}

TEST_F(runs_with_a_key, of_the_dead_count_no_more) {
  const auto cancelled = create_keyed(0, true, 2), lost = create_keyed(0, true, 2);
  ASSERT_TRUE(lost->process);
  run(store(1).cancel("alice", cancelled->id(), ""));
  schema_.advance(1h);
  ASSERT_TRUE(run(store(1).renew(processes_[1], 1h)).alive);
  run(store(1).recover());
  EXPECT_EQ(schema_.run("SELECT count(*) FROM @.places"), "0");
  schema_.advance(1h);
  EXPECT_TRUE(can_claim(1));
}

TEST_F(two_processes, one_key_and_one_hash_are_one_task) {
  for (int round = 0; round < 5; ++round) {
    std::array<std::string, 16> by_key, by_hash;
    together(
        [&](std::size_t i) {
          auto keyed = origin();
          keyed->idempotency_key = "k" + std::to_string(round);
          by_key[i] = create(i % 2, keyed).task->id();
          auto unique = origin();
          unique->unique_hash = testkit::contract::digest_of("u" + std::to_string(round));
          by_hash[i] = create(i % 2, unique).task->id();
        },
        16);
    for (std::size_t i = 1; i < by_key.size(); ++i) {
      EXPECT_EQ(by_key[i], by_key[0]);
      EXPECT_EQ(by_hash[i], by_hash[0]);
    }
  }
  EXPECT_EQ(run(store(0).stats()).working, 10U);
}

TEST_F(two_processes, the_dead_are_recovered_by_the_living_and_stay_dead) {
  const auto task = create(0, origin(), processes_[0]).task;
  schema_.advance(1h);
  ASSERT_TRUE(run(store(1).renew(processes_[1], 1h)).alive);
  EXPECT_EQ(run(store(1).recover()).failed, 1U);
  EXPECT_FALSE(run(store(0).renew(processes_[0], 1h)).alive);
  EXPECT_EQ(finish(0, task).code, change_code::already_terminal);
}

TEST_F(two_processes, numbers_are_the_sum_of_both) {
  std::vector<task_ptr> tasks;
  for (std::size_t i = 0; i < 40; ++i)
    tasks.push_back(create(i % 2, origin(), processes_[i % 2]).task);
  together([&](std::size_t i) {
    for (std::size_t n = i; n < tasks.size(); n += 8) {
      if (n % 3 == 0) {
        finish(i % 2, tasks[n]);
      } else {
        run(store(i % 2).cancel("alice", tasks[n]->id(), ""));
      }
    }
  });
  for (const std::size_t at : {0U, 1U}) {
    const auto now = run(store(at).stats());
    EXPECT_EQ(now.open(), 0U);
    EXPECT_EQ(now.completed, 14U);
    EXPECT_EQ(now.cancelled, 26U);
  }
  const std::string counted = schema_.run("SELECT count(*) FROM @.states WHERE status >= 2");
  EXPECT_EQ(counted, "40");
}

TEST_F(two_processes, numbers_of_those_that_are_gone_are_kept_by_nobody) {
  const auto ended = create(0, origin(), processes_[0]).task;
  create(0, origin("bob"));
  create(1, origin());
  finish(0, ended);
  stores_[0].reset();
  schema_.advance(2h);
  ASSERT_TRUE(run(store(1).renew(processes_[1], 1h)).alive);
  run(store(1).recover());
  const auto before = run(store(1).counts());
  postgres::database home(schema_.options());
  postgres::connection link(home.context, home.options.where);
  const auto merge = [&]() -> postgres::awaitable<void> {
    co_await link.open();
    co_await postgres::compare_clocks(home, link);
    co_await postgres::merge_counts(home, link);
  };
  boost::asio::co_spawn(home.context, merge, boost::asio::use_future);
  home.context.run();
  EXPECT_EQ(run(store(1).counts()), before);
  EXPECT_EQ(schema_.run("SELECT count(DISTINCT writer) FROM @.counts"), "2") << "one, and nobody";
}

// The clock of the database jumps an hour ahead: the leases of the living are over by it.
TEST_F(two_processes, a_clock_that_jumps_kills_nobody) {
  const auto task = create(0, origin(), processes_[0]).task;
  schema_.run("UPDATE @.test_clock SET ms = ms + 7200000");
  ASSERT_TRUE(run(store(1).renew(processes_[1], 1h)).alive);
  EXPECT_EQ(run(store(1).recover()).failed, 0U);
  ASSERT_TRUE(run(store(0).renew(processes_[0], 1h)).alive) << "it has time to say so";
  EXPECT_EQ(finish(0, task).code, change_code::applied);
}

TEST_F(two_processes, a_storm_leaves_each_task_with_one_story) {
  std::vector<task_ptr> tasks;
  for (int i = 0; i < 60; ++i) {
    auto what = origin("owner" + std::to_string(i % 5));
    what->crash_policy = on_crash::rerun;
    what->max_attempts = 100;
    const auto at = static_cast<std::size_t>(i % 2);
    tasks.push_back(create(at, what, processes_[at]).task);
  }
  std::mutex mutex;
  std::map<std::pair<std::string, std::uint64_t>, std::string> states;
  std::size_t conflicts = 0;
  const auto seen = [&](const task_ptr& task) {
    const std::lock_guard lock(mutex);
    const auto text = testkit::contract::describe(*task);
    conflicts += states.try_emplace({task->id(), task->rev}, text).first->second != text;
  };
  together([&](std::size_t i) {
    testkit::contract::storm weather(store(i % 2), tasks, processes_[i % 2]);
    weather.blow(testkit::random_seed() + i, 300, seen);
  });
  EXPECT_EQ(conflicts, 0U);
  std::map<task_status, std::size_t> counted;
  for (const auto& task : tasks) {
    const auto now = run(store(0).get(task->owner(), task->id()));
    EXPECT_EQ(testkit::contract::describe(*now),
              testkit::contract::describe(*run(store(1).get(task->owner(), task->id()))));
    ++counted[now->status];
  }
  const auto now = run(store(1).stats());
  EXPECT_EQ(now.working, counted[task_status::working]);
  EXPECT_EQ(now.completed, counted[task_status::completed]);
  EXPECT_EQ(now.cancelled, counted[task_status::cancelled]);
}

// --- the database fails

TEST(postgres_outage, what_was_acknowledged_survives_a_server_that_dies_at_once) {
  cluster server({"max_connections=40"});
  postgres::database_options options;
  options.where = server.url();
  options.schema = "outage";
  postgres::postgres_store store(options);
  const auto process = new_process_id();
  run(store.renew(process, 1h));
  std::atomic<bool> enough{false};
  std::mutex mutex;
  std::vector<std::string> acknowledged;
  std::thread writer([&] {
    while (!enough) {
      testkit::retry_store careful(store);
      const auto made = new_origin(store.now().wall);
      stores::new_task task;
      task.origin = made;
      task.claim_for = process;
      try {
        run(careful.create(task));
        const std::lock_guard lock(mutex);
        acknowledged.push_back(made->id);
      } catch (const stores::store_error&) {  // it was told that nobody answers
      }
    }
  });
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return acknowledged.size();
  };
  for (int i = 0; i < 3; ++i) {
    const std::size_t before = count();
    ASSERT_TRUE(wait_until([&] { return count() > before + 20; }));
    server.stop(SIGQUIT);
    EXPECT_TRUE(wait_until([&] { return !store.trouble().empty(); })) << "/readyz says so";
    server.start();
  }
  const std::size_t before = count();
  EXPECT_TRUE(wait_until([&] { return count() > before + 20; })) << "it goes on by itself";
  EXPECT_TRUE(wait_until([&] { return store.trouble().empty(); }));
  enough = true;
  writer.join();
  EXPECT_TRUE(run(store.unknown(acknowledged)).empty());
  // What it counts for the bounds is what there is, although it did not hear of every commit.
  const std::size_t there = run(store.stats()).working;
  for (const std::size_t bound : {there, there + 1}) {
    stores::new_task task;
    task.origin = new_origin(store.now().wall);
    task.bounds.open_total = bound;
    const auto code = run(store.create(task)).code;
    EXPECT_EQ(code, bound == there ? create_code::busy : create_code::created);
  }
  EXPECT_EQ(there, run(store.claimed(process)).size());
}

TEST(postgres_outage, who_finds_nobody_is_told_where_he_looked) {
  postgres::database_options options;
  options.where = "postgres://longhaul@127.0.0.1:" + std::to_string(free_port()) + "/postgres";
  options.schema = "nobody";
  try {
    postgres::postgres_store store(options);
    ADD_FAILURE() << "it opened";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("127.0.0.1"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace longhaul::test
