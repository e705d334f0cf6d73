// SPDX-License-Identifier: Apache-2.0
// A store file was trusted once it had been opened. Removed, replaced or cut short under a running
// server, everything was acknowledged on, and lost; a hard link let a second server in, which
// failed the first one's tasks; `store check` called sound what no server would open; a secret of
// no bytes was taken; and on a full disk no server started, although what was there could have been
// read.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sqlite/maintenance.hpp"
#include "sqlite/sqlite_store.hpp"
#include "stores/samples.hpp"
#include "support/fault_vfs.hpp"
#include "support/process_census.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {
namespace {

namespace fs = std::filesystem;

class sqlite_file : public testing::Test {
 protected:
  void open() {
    store_.reset();
    sqlite::sqlite_options options;
    options.path = path_;
    options.vfs = vfs_;
    store_ = std::make_unique<sqlite::sqlite_store>(options);
    process_ = new_process_id();
  }
  std::string refusal(const std::string& path) {
    try {
      sqlite::sqlite_options options;
      options.path = path;
      const sqlite::sqlite_store opened(options);
    } catch (const std::exception& e) {
      return e.what();
    }
    return {};
  }
  // The error of a create; empty: it was acknowledged.
  std::string create() {
    stores::new_task task;
    auto origin = std::make_shared<task_origin>();
    origin->created_at = system_clock().now();
    origin->id = new_task_id(origin->created_at);
    origin->owner = origin->quota = "alice";
    origin->tool = "render";
    task.origin = origin;
    last_ = origin->id;
    try {
      run(store_->create(task));
      return {};
    } catch (const stores::store_error& e) {
      EXPECT_EQ(e.reason().find(folder_.path()), std::string::npos) << "no paths for callers";
      return e.what();
    }
  }
  void expect_lost(const std::string& words) {
    EXPECT_NE(create().find(words), std::string::npos);
    EXPECT_NE(create(), "") << "and nothing else is acknowledged";
    EXPECT_NE(store_->trouble().find(words), std::string::npos) << store_->trouble();
    EXPECT_EQ(store_->trouble().find(folder_.path()), std::string::npos) << store_->trouble();
    EXPECT_NE(store_->trouble_in_full().find(path_), std::string::npos);
    EXPECT_TRUE(run(store_->get("alice", first_))) << "reading goes on";
  }
  void begin() {
    open();
    ASSERT_EQ(create(), "");
    first_ = last_;
  }

  temporary_folder folder_;
  const std::string path_ = folder_.file("tasks.db");
  std::string vfs_;
  process_id process_;
  std::unique_ptr<sqlite::sqlite_store> store_;
  std::string first_, last_;
};

TEST_F(sqlite_file, one_that_is_removed_is_not_written_to) {
  begin();
  fs::remove(path_);
  expect_lost("is not where it was");
}

TEST_F(sqlite_file, one_that_is_removed_is_noticed_without_a_write) {
  begin();
  fs::remove(path_);
  EXPECT_TRUE(wait_until([&] { return !store_->trouble().empty(); }));
}

TEST_F(sqlite_file, one_that_was_moved_away_and_back_is_used_again) {
  begin();
  fs::rename(path_, path_ + ".away");
  expect_lost("is not where it was");
  fs::rename(path_ + ".away", path_);
  EXPECT_TRUE(wait_until([&] { return store_->trouble().empty(); })) << store_->trouble();
  EXPECT_EQ(create(), "");
  const std::string kept = last_;
  open();
  EXPECT_TRUE(run(store_->get("alice", first_)));
  EXPECT_TRUE(run(store_->get("alice", kept)));
}

TEST_F(sqlite_file, one_that_is_replaced_is_not_written_to) {
  begin();
  fs::copy_file(path_, path_ + ".new");
  fs::rename(path_ + ".new", path_);
  expect_lost("was replaced");
}

TEST_F(sqlite_file, one_that_is_cut_short_is_not_written_to) {
  begin();
  open();  // moves the log into the file
  fs::resize_file(path_, 4096);
  EXPECT_NE(create(), "");
  EXPECT_NE(create(), "");
  EXPECT_NE(store_->trouble().find("was cut short"), std::string::npos);
}

TEST_F(sqlite_file, one_whose_log_is_removed_is_not_written_to) {
  begin();
  fs::remove(path_ + "-wal");
  expect_lost("its log, was removed");
}

TEST_F(sqlite_file, one_whose_log_is_cut_short_is_not_written_to) {
  begin();
  fs::resize_file(path_ + "-wal", 0);
  EXPECT_NE(create(), "");
  EXPECT_NE(store_->trouble(), "");
}

TEST_F(sqlite_file, a_lost_lock_ends_the_writing) {
  begin();
  fs::remove(path_ + ".lock");
  expect_lost("was removed or replaced");
  EXPECT_NE(refusal(path_).find("is in use by process"), std::string::npos)
      << "the database itself is locked, too";
}

TEST_F(sqlite_file, a_hard_link_lets_nobody_in) {
  begin();
  fs::create_hard_link(path_, folder_.file("other.db"));
  EXPECT_NE(refusal(folder_.file("other.db")), "");
  EXPECT_EQ(create(), "") << "the first one goes on";
  store_.reset();
  EXPECT_NE(refusal(folder_.file("other.db")).find("names (hard links)"), std::string::npos);
  fs::remove(folder_.file("other.db"));
  EXPECT_EQ(refusal(path_), "");
}

TEST_F(sqlite_file, one_that_others_may_write_is_tightened_or_refused) {
  begin();
  store_.reset();
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
  ASSERT_EQ(::chmod((path_ + ".lock").c_str(), 0644), 0);
  EXPECT_FALSE(sqlite::check(path_).empty());
  open();
  struct stat about{};
  for (const char* suffix : {"", ".lock", "-wal", "-shm"}) {
    ASSERT_EQ(::stat((path_ + suffix).c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U) << suffix;
  }
  store_.reset();
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  constexpr uid_t nobody = 65534;
  ASSERT_EQ(::chown(path_.c_str(), nobody, nobody), 0);
  EXPECT_NE(refusal(path_).find("belongs to another user (65534)"), std::string::npos);
  ASSERT_EQ(::chown(path_.c_str(), 0, 0), 0);
  std::ofstream(path_ + "-wal").close();
  ASSERT_EQ(::chown((path_ + "-wal").c_str(), nobody, nobody), 0);
  EXPECT_NE(refusal(path_).find("tasks.db-wal belongs to another user"), std::string::npos);
  fs::remove(path_ + "-wal");
  fs::create_symlink("/dev/null", path_ + "-wal");
  EXPECT_NE(refusal(path_).find("tasks.db-wal is no plain file"), std::string::npos);
}

TEST_F(sqlite_file, a_folder_that_everybody_may_write_is_remarked) {
  begin();
  EXPECT_TRUE(store_->found().remarks.empty());
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0777), 0);
  EXPECT_EQ(store_->found().remarks.size(), 1U);
}

TEST_F(sqlite_file, what_was_found_is_told) {
  begin();
  run(store_->cancel("alice", first_, "", stores::visibility::hidden_too));
  EXPECT_EQ(create(), "");
  open();
  EXPECT_EQ(store_->found().tasks, 2U);
  EXPECT_EQ(store_->found().unfinished, 1U);
  EXPECT_EQ(store_->found().place, path_);
}

// One list: whatever a server refuses, `store check` tells, and the other way round for these.
TEST_F(sqlite_file, what_a_server_refuses_is_what_check_tells) {
  struct damage {
    const char* sql;
    const char* words;
  };
  for (const damage& each : {
           damage{"UPDATE meta SET value = x'' WHERE name = 'secret'",
                  "its secret is not 32 bytes"},
           damage{"UPDATE meta SET value = randomblob(31) WHERE name = 'secret'", "not 32 bytes"},
           damage{"UPDATE meta SET value = randomblob(33) WHERE name = 'secret'", "not 32 bytes"},
           damage{"UPDATE meta SET value = NULL WHERE name = 'secret'", "not 32 bytes"},
           damage{"UPDATE meta SET value = printf('%032d', 1) WHERE name = 'secret'",
                  "not 32 bytes"},
           damage{"DELETE FROM meta WHERE name = 'secret'", "not 32 bytes"},
           damage{"UPDATE meta SET value = 'noon' WHERE name = 'clock'", "clock row is damaged"},
           damage{"UPDATE meta SET value = x'00' WHERE name = 'clock'", "clock row is damaged"},
           damage{"CREATE TRIGGER t AFTER INSERT ON tasks BEGIN SELECT RAISE(ABORT, 'x'); END",
                  "the trigger t is not one of Longhaul's"},
           damage{"CREATE VIEW v AS SELECT * FROM tasks", "the view v is not one"},
           damage{"CREATE TABLE mine (x)", "the table mine is not one"},
           damage{"CREATE UNIQUE INDEX i ON tasks (owner)", "the index i is not one"},
           damage{"DROP INDEX removals", "the index removals is missing"},
           damage{"DROP TABLE finished", "the table finished is missing"},
           damage{"ALTER TABLE states ADD COLUMN more INTEGER", "the table states was changed"},
           damage{"UPDATE states SET status = 7 WHERE ended = 0", "its status is another"},
           damage{"UPDATE states SET status = 2 WHERE ended = 0", "its status is another"},
           damage{"DELETE FROM tasks", "a live state without a task"},
           damage{"INSERT INTO finished (quota, tool, status, n, bytes) VALUES ('x', 't', 9, 1, 1)",
                  "a status that does not exist"},
           damage{"PRAGMA application_id = 7", "not one of Longhaul's"},
           damage{"PRAGMA user_version = 99", "use a newer Longhaul"},
       }) {
    fs::remove(path_);
    begin();
    store_.reset();
    EXPECT_TRUE(sqlite::check(path_).empty());
    sqlite::connection(path_).run(each.sql);
    EXPECT_NE(refusal(path_).find(each.words), std::string::npos) << refusal(path_);
    EXPECT_NE(refusal(path_).find(path_), std::string::npos) << "the operator hears which file";
    std::string told;
    try {
      for (const std::string& line : sqlite::check(path_)) told += line + "\n";
    } catch (const std::exception& e) {
      told = e.what();
    }
    EXPECT_NE(told.find(each.words), std::string::npos) << each.sql << ": " << told;
  }
}

// A full disk: what is there is read, nothing is acknowledged, and writing begins by itself. After
// a crash the log cannot even be moved into the file.
TEST_F(sqlite_file, on_a_full_disk_a_store_opens_for_reading) {
  fault_vfs::install();
  vfs_ = fault_vfs::name;
  begin();
  for (const bool crashed : {false, true}) {
    for (const auto mood : {fault_vfs::mood::full, fault_vfs::mood::read_only}) {
      if (crashed) {
        const std::string copy = folder_.file("crashed.db");
        for (const char* suffix : {"", "-wal"}) {
          fs::copy_file(path_ + suffix, copy + suffix, fs::copy_options::overwrite_existing);
        }
        store_.reset();
        for (const char* suffix : {"", "-wal"}) fs::rename(copy + suffix, path_ + suffix);
      }
      store_.reset();
      fault_vfs::set(mood);
      open();
      EXPECT_TRUE(run(store_->get("alice", first_)));
      EXPECT_FALSE(run(store_->list("alice", std::nullopt, "", 10))->tasks.empty());
      EXPECT_EQ(store_->secret().size(), 32U);
      EXPECT_NE(create(), "");
      EXPECT_NE(store_->trouble(), "");
      EXPECT_EQ(store_->trouble().find(folder_.path()), std::string::npos) << store_->trouble();
      EXPECT_TRUE(run(store_->get("alice", first_)));
      fault_vfs::set(fault_vfs::mood::good);
      EXPECT_TRUE(wait_until([&] { return store_->trouble().empty(); }));
      EXPECT_EQ(create(), "");
      EXPECT_TRUE(run(store_->get("alice", last_)));
      EXPECT_TRUE(run(store_->get("alice", first_)));
    }
  }
}

}  // namespace
}  // namespace longhaul::test
