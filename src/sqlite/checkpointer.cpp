// SPDX-License-Identifier: Apache-2.0
#include "sqlite/checkpointer.hpp"

#include <optional>

#include "sqlite/schema.hpp"

namespace longhaul::sqlite {
namespace {

/// Pages in the log from which on it is moved (4 MiB), and from which on the writer helps (32 MiB).
constexpr int worth_moving = 1024;
constexpr int large = 8 * worth_moving;

int move_log(connection& in) {
  return sqlite3_wal_checkpoint_v2(in.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                   nullptr);
}

}  // namespace

checkpointer::checkpointer(std::string path, std::string vfs)
    : path_(std::move(path)), vfs_(std::move(vfs)), thread_([this] { run(); }) {}

void checkpointer::after_batch(connection& writer, int pages) {
  if (pages < worth_moving) return;
  // A failure shows again with the next commit, or is none: a reader was in the way.
  if (pages >= large && round_done_.exchange(false)) move_log(writer);
  const std::lock_guard lock(mutex_);
  if (wanted_) return;
  wanted_ = true;
  news_.notify_one();
}

void checkpointer::force(connection& writer, int pages) {
  // Another process may be reading for long (a backup): no commit waits for that.
  constexpr int short_wait_ms = 100;
  sqlite3_busy_timeout(writer.handle(), short_wait_ms);
  const int code = sqlite3_wal_checkpoint_v2(writer.handle(), nullptr, SQLITE_CHECKPOINT_RESTART,
                                             nullptr, nullptr);
  sqlite3_busy_timeout(writer.handle(), connection_options().busy_timeout_ms);
  force_from_ = code == SQLITE_OK ? huge : pages + huge;
}

void checkpointer::run() {
  std::optional<connection> file;
  std::unique_lock lock(mutex_);
  while (true) {
    news_.wait(lock, [this] { return wanted_ || stopping_; });
    if (stopping_) return;
    lock.unlock();
    try {
      if (!file) {
        connection_options how;
        how.vfs = vfs_;
        file.emplace(path_, how);
        file->run("PRAGMA synchronous = FULL");
      }
      if (move_log(*file) == SQLITE_OK) {
        round_done_ = true;
      } else {
        file.reset();
      }
    } catch (const sqlite_error&) {
      file.reset();  // the writer meets the same fault, and says so
    }
    lock.lock();
    wanted_ = false;
  }
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
