// SPDX-License-Identifier: Apache-2.0
// P2: a task that was acknowledged is still there after a power failure, as it was acknowledged.
// The disk is modelled: only what was synced is sure to be there.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "sqlite/maintenance.hpp"
#include "sqlite/sqlite_store.hpp"
#include "stores/samples.hpp"
#include "support/fault_vfs.hpp"
#include "support/process_census.hpp"
#include "support/seed.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {
namespace {

using mood = fault_vfs::mood;

class sqlite_power : public testing::TestWithParam<mood> {
 protected:
  sqlite_power() {
    fault_vfs::install();
    start();
  }
  ~sqlite_power() override {
    stop();
    fault_vfs::set(mood::good);
  }

  void start() {
    sqlite::sqlite_options options;
    options.path = path_;
    options.vfs = fault_vfs::name;
    store_ = std::make_unique<sqlite::sqlite_store>(options);
    run(store_->renew(process_, 1h));
    over_ = false;
    for (auto& caller : callers_) caller = std::thread([this] { work(); });
  }
  void stop() {
    over_ = true;
    for (auto& caller : callers_) {
      if (caller.joinable()) caller.join();
    }
    store_.reset();
  }
  void let_them_work() {
    const std::size_t enough = count_ + 1 + random_() % 200;
    ASSERT_TRUE(wait_until([&] { return count_ >= enough; }));
  }

  // Creates tasks and ends them, and notes what was acknowledged.
  void work() {
    for (int n = 0; !over_; ++n) {
      stores::new_task task;
      auto origin = std::make_shared<task_origin>();
      origin->created_at = system_clock().now();
      origin->id = new_task_id(origin->created_at);
      origin->owner = origin->quota = "alice";
      origin->tool = "render";
      // Some of them take several pages.
      origin->arguments =
          raw_json::trusted("\"" + std::string(n % 8 == 0 ? 9'000 : 90, 'x') + "\"");
      task.origin = origin;
      task.claim_for = process_;
      try {
        const auto made = run(store_->create(task));
        note(made.task->id(), task_status::working);
        const outcome result = text_result("result of " + origin->id);
        if (n % 4 == 0) continue;
        run(store_->finish(origin->id, stores::writer{made.task->epoch, {}}, result, "done"));
        note(origin->id, task_status::completed);
      } catch (const stores::store_error&) {  // not acknowledged
        std::this_thread::yield();
      }
    }
  }
  void note(const std::string& id, task_status status) {
    const std::lock_guard lock(mutex_);
    acknowledged_[id] = status;
    ++count_;
  }
  std::map<std::string, task_status> acknowledged() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }

  // The next start, somewhere else.
  void check(const std::map<std::string, task_status>& promised) const {
    const temporary_folder elsewhere;
    for (const auto& [path, bytes] : fault_vfs::disk().after_power_failure(path_, random_)) {
      std::ofstream(elsewhere.file(std::filesystem::path(path).filename().string()),
                    std::ios::binary)
          << bytes;
    }
    const std::string found = elsewhere.file("tasks.db");
    {
      sqlite::sqlite_options options;
      options.path = found;
      sqlite::sqlite_store again(options);
      for (const auto& [id, status] : promised) {
        const task_ptr task = run(again.get("alice", id));
        ASSERT_TRUE(task) << id << " was acknowledged and is lost";
        if (status == task_status::working) continue;
        ASSERT_EQ(task->status, status) << id;
        ASSERT_NE(task->result.body.view().find(id), std::string_view::npos) << id;
      }
    }
    EXPECT_TRUE(sqlite::check(found).empty());
  }

  temporary_folder folder_;
  const std::string path_ = folder_.file("tasks.db");
  const process_id process_ = new_process_id();
  mutable std::mt19937_64 random_{random_seed()};
  std::unique_ptr<sqlite::sqlite_store> store_;
  std::atomic<bool> over_ = false;
  std::atomic<std::size_t> count_ = 0;

 private:
  mutable std::mutex mutex_;  // beneath it:
  std::map<std::string, task_status> acknowledged_;
  std::thread callers_[4];
};

TEST_P(sqlite_power, P2_what_was_acknowledged_survives_a_power_failure) {
  const int rounds = std::max(4, 20 / slowdown);
  for (int round = 0; round < rounds; ++round) {
    fault_vfs::set(GetParam());
    ASSERT_NO_FATAL_FAILURE(let_them_work());
    const auto promised = acknowledged();
    ASSERT_NO_FATAL_FAILURE(check(promised)) << "round " << round;
  }
}

// After a failed sync the pages are clean for the kernel, and what they hold is on no disk. The
// next server read them all the same, and built upon them.
TEST_P(sqlite_power, P2_what_no_sync_has_written_is_not_built_upon) {
  for (int round = 0; round < 5; ++round) {
    ASSERT_NO_FATAL_FAILURE(let_them_work());
    fault_vfs::set(mood::no_sync);
    ASSERT_TRUE(wait_until([&] { return !store_->trouble().empty(); }));
    stop();
    fault_vfs::set(mood::good);
    start();
    fault_vfs::set(GetParam());
    ASSERT_NO_FATAL_FAILURE(let_them_work());
    const auto promised = acknowledged();
    ASSERT_NO_FATAL_FAILURE(check(promised)) << "round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(disks, sqlite_power, testing::Values(mood::good, mood::no_sync_once),
                         [](const auto& with) {
                           return with.param == mood::good ? "good" : "a_sync_fails";
                         });

}  // namespace
}  // namespace longhaul::test
