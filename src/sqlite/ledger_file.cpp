// SPDX-License-Identifier: Apache-2.0
#include "sqlite/ledger_file.hpp"

#include <mutex>
#include <stdexcept>

#include "sqlite/schema.hpp"
#include "sqlite/soundness.hpp"

namespace longhaul::sqlite {

ledger_file::ledger_file(ledger_file_options options, lock_file& lock)
    : options_(std::move(options)), lock_(lock) {}

// --- opening

// Rolls back, and lets go of the file's locks. The time goes on: others read it.
void ledger_file::close() {
  begin_.reset();
  commit_.reset();
  ledger_.reset();
  file_.reset();
}

void ledger_file::open() {
  close();
  connection_options how;
  how.vfs = options_.vfs;
  file_ = std::make_unique<connection>(options_.path, how);
  prepare_writer(*file_);
  upgrade(*file_, options_.path);
  page_bytes_ = static_cast<std::uint64_t>(file_->number("PRAGMA page_size"));
  lock_.log_opened();
  log_pages_ = 0;
  sqlite3_wal_hook(
      file_->handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<ledger_file*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  begin_ = std::make_unique<statement>(*file_, "BEGIN IMMEDIATE");
  commit_ = std::make_unique<statement>(*file_, "COMMIT");
}

void ledger_file::load() {
  refuse_faults(options_.path, faults_of(*file_));
  time_ = std::make_unique<timeline>(*file_, *options_.clock, options_.boot);
  ledger_ = std::make_unique<ledger>(*file_, *time_, leases_, claims_);
  secret_ = file_->text("SELECT value FROM meta WHERE name = 'secret'");
  const stores::store_stats there = ledger_->stats();
  found_.place = options_.path;
  found_.unfinished = there.working + there.input_required;
  found_.tasks = found_.unfinished + there.completed + there.failed + there.cancelled;
}

void ledger_file::open_and_load() {
  open();
  empty_log();  // what a crashed process could not sync lies there; readers only put it off
  load();
  make_sure();
}

void ledger_file::open_to_read_and_load() {
  close();
  file_ =
      std::make_unique<connection>(open_to_read(options_.path, options_.vfs, written_by::nobody));
  if (version_of(*file_, options_.path) != newest_version()) {
    throw std::runtime_error("it is of an older version, and cannot be brought forward");
  }
  load();
}

void ledger_file::reopen(const stores::byte_bounds& bounds) {
  open();
  {
    // Writes over what a failed commit may have left at the end of the log.
    transaction trial(*file_, transaction::kind::write);
    time_->save(*file_);
    trial.commit();
  }
  if (!empty_log()) throw std::runtime_error("waiting for readers, to settle a failed commit");
  make_sure();
  ledger_ = std::make_unique<ledger>(*file_, *time_, leases_, claims_);
  ledger_->limit(bounds);
}

// False: somebody reads, it was not emptied.
bool ledger_file::empty_log() {
  const std::lock_guard moving(lock_.moving());
  int pages = 0, moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(file_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                                             &pages, &moved);
  if ((code & 0xff) == SQLITE_BUSY) return false;
  file_->check(code);
  log_pages_ = 0;
  return true;
}

// --- transactions

void ledger_file::begin() {
  // Afterwards a log that was cut short would seem whole.
  if (const std::string why = lock_.lost_log(); !why.empty()) throw sqlite_error(why, SQLITE_IOERR);
  begin_->run();
}

void ledger_file::commit(bool& committing) {
  committing = true;
  commit_->run();
  make_sure();
  committing = false;
  claims_ = claims_of::this_process;
}

void ledger_file::make_sure() {
  // Of a frame in the log: a page and 24 bytes; the log begins with 32.
  constexpr std::uint64_t frame_header = 24, header = 32;
  const auto pages = static_cast<std::uint64_t>(log_pages_);
  lock_.log_grown(pages == 0 ? 0 : header + pages * (page_bytes_ + frame_header));
  if (const std::string why = lock_.lost(); !why.empty()) throw sqlite_error(why, SQLITE_IOERR);
}

}  // namespace longhaul::sqlite
