// SPDX-License-Identifier: Apache-2.0
// P27: a failing disk gives clean errors and never a false acknowledgement; once the cause is gone
// the store works again, without a restart.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "sqlite/sqlite_store.hpp"
#include "stores/samples.hpp"
#include "support/fault_vfs.hpp"
#include "support/process_census.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {
namespace {

using mood = fault_vfs::mood;

class sqlite_faults : public testing::TestWithParam<mood> {
 protected:
  sqlite_faults() {
    fault_vfs::install();
    open();
  }
  ~sqlite_faults() override { fault_vfs::set(mood::good); }

  void open(std::size_t cache_bytes = 0) {
    store_.reset();
    sqlite::sqlite_options options;
    options.path = folder_.file("tasks.db");
    options.vfs = fault_vfs::name;
    options.cache_bytes = cache_bytes;
    store_ = std::make_unique<sqlite::sqlite_store>(options);
    store_->watch([told = told_, mutex = told_mutex_](const task_ptr& task) {
      const std::lock_guard lock(*mutex);
      if (task->ends) told->insert(task->id());
    });
    run(store_->renew(process_, 1h));
  }

  struct attempt {
    std::string id;
    bool acknowledged = false, unknown = false;
    std::string error = {};
  };
  attempt create() {
    stores::new_task task;
    auto origin = std::make_shared<task_origin>();
    origin->created_at = system_clock().now();
    origin->id = new_task_id(origin->created_at);
    origin->owner = origin->quota = "alice";
    origin->tool = "render";
    origin->arguments = raw_json::trusted("\"" + std::string(20'000, 'x') + "\"");
    task.origin = origin;
    task.claim_for = process_;
    attempt made;
    made.id = origin->id;
    try {
      made.acknowledged = run(store_->create(task)).code == create_code::created;
    } catch (const stores::store_error& e) {
      made.unknown = e.outcome_unknown();
      made.error = e.what();
    }
    return made;
  }
  std::set<std::string> ids() {
    std::set<std::string> all;
    std::string cursor;
    do {
      const auto page = run(store_->list("alice", std::nullopt, cursor, 100));
      for (const auto& task : page->tasks) all.insert(task->id());
      cursor = page->next_cursor.value_or("");
    } while (!cursor.empty());
    return all;
  }
  // A failing store tries again by itself once a second.
  void expect_recovery() {
    EXPECT_TRUE(wait_until([&] { return store_->trouble().empty(); }));
    EXPECT_TRUE(create().acknowledged);
  }

  /// How often this task was told to have ended just now.
  int ends_told(const std::string& id) const {
    const std::lock_guard lock(*told_mutex_);
    return static_cast<int>(told_->count(id));
  }

  temporary_folder folder_;
  std::shared_ptr<std::mutex> told_mutex_ = std::make_shared<std::mutex>();
  std::shared_ptr<std::multiset<std::string>> told_ =
      std::make_shared<std::multiset<std::string>>();
  const process_id process_ = new_process_id();
  std::unique_ptr<sqlite::sqlite_store> store_;
};

TEST_P(sqlite_faults, P27_nothing_is_falsely_acknowledged_and_it_works_again) {
  std::set<std::string> acknowledged, unknown, refused;
  const auto note = [&](const attempt& made) {
    (made.acknowledged ? acknowledged : made.unknown ? unknown : refused).insert(made.id);
  };
  for (int i = 0; i < 5; ++i) note(create());
  const auto before = ids();

  fault_vfs::set(GetParam());
  for (int i = 0; i < 5; ++i) {
    const attempt made = create();
    EXPECT_FALSE(made.acknowledged);
    EXPECT_NE(made.error.find(store_->path()), std::string::npos) << made.error;
    note(made);
  }
  EXPECT_FALSE(store_->trouble().empty());
  EXPECT_EQ(ids(), before) << "reading goes on, and shows nothing that was refused";
  for (const auto& id : unknown) EXPECT_FALSE(run(store_->get("alice", id)));

  fault_vfs::set(mood::good);
  expect_recovery();
  EXPECT_EQ(run(store_->claimed(process_)).size(), ids().size());
  const auto check = [&] {
    const auto there = ids();
    for (const auto& id : acknowledged) EXPECT_TRUE(there.contains(id));
    for (const auto& id : refused) EXPECT_FALSE(there.contains(id));
  };
  check();
  const auto settled = ids();
  open();
  EXPECT_EQ(ids(), settled) << "what was told after the trouble stays so";
  check();
}

INSTANTIATE_TEST_SUITE_P(disk, sqlite_faults,
                         testing::Values(mood::full, mood::no_sync, mood::read_only,
                                         mood::broken_writes),
                         [](const auto& with) {
                           switch (with.param) {
                             case mood::full:
                               return "full";
                             case mood::no_sync:
                               return "cannot_sync";
                             case mood::read_only:
                               return "read_only";
                             default:
                               return "broken_writes";
                           }
                         });

class sqlite_fault : public sqlite_faults {};
INSTANTIATE_TEST_SUITE_P(disk, sqlite_fault, testing::Values(mood::good));

// The outcome of a commit that failed once is found out: its callers hear what really happened.
TEST_P(sqlite_fault, P27_a_commit_that_failed_once_is_settled_for_every_caller) {
  const attempt first = create();
  ASSERT_TRUE(first.acknowledged);
  fault_vfs::set(mood::no_sync_once);
  constexpr int callers = 20;
  std::vector<attempt> made(callers);
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&, i] { made[static_cast<std::size_t>(i)] = create(); });
  }
  for (auto& thread : threads) thread.join();
  const auto there = ids();
  for (const attempt& each : made) {
    EXPECT_TRUE(each.acknowledged) << each.error;
    EXPECT_TRUE(there.contains(each.id));
  }
  EXPECT_EQ(there.size(), static_cast<std::size_t>(callers) + 1);
  EXPECT_TRUE(store_->trouble().empty());
}

// P3: an end that met the failing disk is the end, or is not there; never half. It was found in the
// file, and told like somebody else's: no figure and no hook heard of it.
TEST_P(sqlite_fault, P27_an_end_can_be_repeated_after_the_trouble) {
  const attempt made = create();
  const outcome result = text_result("x");
  fault_vfs::set(mood::no_sync);
  EXPECT_THROW(run(store_->finish(made.id, epoch(1), result, "done")), stores::store_error);
  EXPECT_EQ(run(store_->get("alice", made.id))->status, task_status::working);
  fault_vfs::set(mood::good);
  EXPECT_TRUE(wait_until([&] { return store_->trouble().empty(); }));
  EXPECT_EQ(run(store_->finish(made.id, epoch(1), result, "done")).code, change_code::unchanged)
      << "the log had it";
  EXPECT_EQ(run(store_->finish(made.id, epoch(1), result, "done")).code, change_code::unchanged);
  EXPECT_EQ(run(store_->get("alice", made.id))->status, task_status::completed);
  EXPECT_EQ(ends_told(made.id), 1) << "whoever counts ends hears of it, once";
}

TEST_P(sqlite_fault, P27_a_page_that_cannot_be_read_is_an_error_of_those_who_need_it) {
  const attempt made = create();
  const outcome result = text_result("x");
  run(store_->finish(made.id, epoch(1), result, "done"));
  open();  // moves the log into the file, and forgets every page
  fault_vfs::set(mood::broken_reads);
  EXPECT_THROW(run(store_->list("alice", std::nullopt, "", 10)), stores::store_error);
  EXPECT_THROW(run(store_->get("alice", made.id)), stores::store_error);
  fault_vfs::set(mood::good);
  EXPECT_TRUE(wait_until([&] { return store_->trouble().empty(); }));
  EXPECT_EQ(run(store_->get("alice", made.id))->status, task_status::completed);
}

// What failed to be synced is in the page cache only, and never written again: new commits behind
// it in the log would be lost with it. So the log is emptied before anything is acknowledged.
TEST_P(sqlite_fault, P27_after_a_failed_sync_the_log_begins_anew) {
  EXPECT_TRUE(create().acknowledged);
  fault_vfs::set(mood::no_sync);
  EXPECT_FALSE(create().acknowledged);
  ids();  // a reader opens the file meanwhile
  EXPECT_GT(std::filesystem::file_size(folder_.file("tasks.db-wal")), 0U);
  fault_vfs::set(mood::good);
  EXPECT_TRUE(wait_until([&] { return store_->trouble().empty(); }));
  EXPECT_EQ(std::filesystem::file_size(folder_.file("tasks.db-wal")), 0U);
}

// A change of an ended task whose commit seemed to fail: cache, list and repetition agree
// afterwards.
TEST_P(sqlite_fault, P27_what_was_cached_is_read_again_after_the_trouble) {
  open(std::size_t{1} << 20);
  const attempt made = create();
  const outcome result = text_result("x");
  run(store_->finish(made.id, epoch(1), result, "done"));
  fault_vfs::set(mood::no_sync);
  EXPECT_THROW(run(store_->set_retention("alice", made.id, 3h)), stores::store_error);
  fault_vfs::set(mood::good);
  EXPECT_TRUE(wait_until([&] { return store_->trouble().empty(); }));
  const auto repeated = run(store_->set_retention("alice", made.id, 3h));
  EXPECT_EQ(repeated.task->retention, 3h);
  EXPECT_EQ(run(store_->get("alice", made.id))->retention, 3h);
}

// Commits go to the log: it grew without an end, and nobody was told.
TEST_P(sqlite_fault, P27_a_log_that_cannot_be_moved_is_told_and_moved_once_it_can_be) {
  fault_vfs::set(mood::broken_file);
  EXPECT_TRUE(wait_until([&] {
    EXPECT_TRUE(create().acknowledged);
    return !store_->trouble().empty();
  }));
  EXPECT_NE(store_->trouble_in_full().find(store_->path()), std::string::npos);
  EXPECT_EQ(store_->trouble().find(folder_.path()), std::string::npos) << store_->trouble();
  fault_vfs::set(mood::good);
  EXPECT_TRUE(wait_until([&] { return store_->trouble().empty(); })) << "nothing is written now";
}

TEST_P(sqlite_fault, a_store_in_trouble_closes) {
  fault_vfs::set(mood::full);
  EXPECT_FALSE(create().acknowledged);
  store_.reset();
}

// A hundred callers share a commit: far fewer syncs than tasks.
TEST_P(sqlite_fault, callers_share_commits) {
  const std::size_t before = fault_vfs::syncs();
  run_together(500, [&](int) -> stores::awaitable<void> {
    stores::new_task task;
    auto origin = std::make_shared<task_origin>();
    origin->created_at = system_clock().now();
    origin->id = new_task_id(origin->created_at);
    origin->owner = origin->quota = "alice";
    origin->tool = "render";
    task.origin = origin;
    auto creating = store_->create(task);
    co_await std::move(creating);
  });
  EXPECT_LE(fault_vfs::syncs() - before, 50U);
}

}  // namespace
}  // namespace longhaul::test
