// SPDX-License-Identifier: Apache-2.0
#include "sqlite/checkpointer.hpp"

#include <chrono>
#include <utility>

#include "sqlite/schema.hpp"

namespace longhaul::sqlite {
namespace {

/// Pages in the log from which on it is moved (4 MiB), and from which on the writer helps (32 MiB).
constexpr int worth_moving = 1024;
constexpr int large = 8 * worth_moving;

/// How often a log that could not be moved is tried again.
constexpr std::chrono::seconds trial_interval(1);

int move_what_can_be(connection& in) {
  return sqlite3_wal_checkpoint_v2(in.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                   nullptr);
}

}  // namespace

checkpointer::checkpointer(std::string path, std::string vfs, lock_file& lock)
    : path_(std::move(path)), vfs_(std::move(vfs)), lock_(lock), thread_([this] { run(); }) {}

void checkpointer::after_batch(connection& writer, int pages) {
  if (pages < worth_moving) return;
  // A failure is the thread's to meet, or is none: a reader was in the way.
  if (pages >= large && round_done_.exchange(false)) {
    const std::unique_lock moving(lock_.moving(), std::try_to_lock);
    if (moving.owns_lock()) move_what_can_be(writer);
  }
  const std::lock_guard lock(mutex_);
  if (wanted_) return;
  wanted_ = true;
  news_.notify_one();
}

void checkpointer::force(connection& writer, int pages) {
  // Another process may be reading for long (a backup): no commit waits for that.
  constexpr int short_wait_ms = 100;
  const std::unique_lock moving(lock_.moving(), std::chrono::milliseconds(short_wait_ms));
  if (!moving.owns_lock()) return;
  sqlite3_busy_timeout(writer.handle(), short_wait_ms);
  const int code = sqlite3_wal_checkpoint_v2(writer.handle(), nullptr, SQLITE_CHECKPOINT_RESTART,
                                             nullptr, nullptr);
  sqlite3_busy_timeout(writer.handle(), connection_options().busy_timeout_ms);
  force_from_ = code == SQLITE_OK ? huge : pages + huge;
}

bool checkpointer::move_log() {
  if (!file_) {
    connection_options how;
    how.vfs = vfs_;
    file_.emplace(path_, how);
    file_->run("PRAGMA synchronous = FULL");
  }
  if (const std::string why = lock_.lost(); !why.empty()) throw sqlite_error(why, SQLITE_IOERR);
  const std::lock_guard moving(lock_.moving());
  const int code = move_what_can_be(*file_);
  if ((code & 0xff) == SQLITE_BUSY) return false;
  file_->check(code);
  return true;
}

void checkpointer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (trouble_.empty()) {
      news_.wait(lock, [this] { return wanted_ || stopping_; });
    } else {
      news_.wait_for(lock, trial_interval, [this] { return stopping_; });
    }
    if (stopping_) return;
    lock.unlock();
    std::string trouble;
    try {
      if (move_log()) round_done_ = true;
    } catch (const sqlite_error& e) {
      file_.reset();
      trouble = in_words(e, path_) + " (while moving the log into the file)";
    }
    lock.lock();
    trouble_ = std::move(trouble);
    wanted_ = false;
  }
}

std::string checkpointer::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void checkpointer::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  news_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace longhaul::sqlite
