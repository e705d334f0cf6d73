// SPDX-License-Identifier: Apache-2.0
#include "sqlite/checkpointer.hpp"

#include <chrono>
#include <utility>

#include "sqlite/tunables.hpp"

namespace longhaul::sqlite {
namespace {

int move_what_can_be(connection& file) {
  return sqlite3_wal_checkpoint_v2(file.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                   nullptr);
}

}  // namespace

checkpointer::checkpointer(std::string path, std::string vfs, lock_file& lock)
    : path_(std::move(path)), vfs_(std::move(vfs)), lock_(lock), thread_([this] { run(); }) {}

void checkpointer::after_batch(connection& writer, int pages) {
  if (pages < tunables::log_worth_moving) return;
  // A failure is the thread's to meet, or is none: a reader was in the way.
  if (pages >= tunables::log_large && round_done_.exchange(false)) {
    const std::unique_lock moving(lock_.moving(), std::try_to_lock);
    if (moving.owns_lock()) move_what_can_be(writer);
  }
  const guard lock(mutex_);
  if (wanted_) return;
  wanted_ = true;
  news_.notify_one();
}

void checkpointer::force(connection& writer, int pages) {
  // Another process may be reading for long (a backup): no commit waits for that.
  const std::unique_lock moving(lock_.moving(), std::chrono::milliseconds(tunables::log_wait_ms));
  if (!moving.owns_lock()) return;
  sqlite3_busy_timeout(writer.handle(), tunables::log_wait_ms);
  const int code = sqlite3_wal_checkpoint_v2(writer.handle(), nullptr, SQLITE_CHECKPOINT_RESTART,
                                             nullptr, nullptr);
  sqlite3_busy_timeout(writer.handle(), connection_options().busy_timeout_ms);
  force_from_ = tunables::log_huge + (code == SQLITE_OK ? 0 : pages);
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
  guard lock(mutex_);
  while (true) {
    if (trouble_.empty()) {
      while (!wanted_ && !stopping_) news_.wait(lock);
    } else {
      const auto next_trial = std::chrono::steady_clock::now() + tunables::trial_interval;
      while (!stopping_ && news_.wait_until(lock, next_trial)) {
      }
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
  const guard lock(mutex_);
  return trouble_;
}

void checkpointer::stop() noexcept {
  {
    const guard lock(mutex_);
    stopping_ = true;
  }
  news_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace longhaul::sqlite
