// SPDX-License-Identifier: Apache-2.0
// The store file as its one writer has it open: the connection, the time that goes on in it, and
// the ledger of what is in it. They are opened together, and thrown away together once a commit has
// failed, because from then on none of them is known to tell the truth.
//
//   open ──► load ──► begin ──► (ledger's operations) ──► commit ──┐
//     ▲               └───────────────◄────────────────────────────┘
//     │                              │ SQLite says no
//     └──────────── reopen ◄─────────┘
//
// `reopen` settles what became of a failed commit: it commits a row of our own, which writes over
// what may lie at the end of the log, and moves the whole log into the database, because what
// failed to be synced there may never be written again. Then it loads what is there.
//
// Invariants: nothing is appended to a log that is not the one that was opened (`begin`); nothing
// counts as committed before the file was seen to be the one that has its name (`commit`).
//
// Threads: the writer's; `now` any.
#pragma once

#include <memory>
#include <string>

#include "sqlite/connection.hpp"
#include "sqlite/ledger.hpp"
#include "sqlite/lock_file.hpp"
#include "sqlite/timeline.hpp"

namespace longhaul::sqlite {

struct ledger_file_options {
  std::string path;
  std::string vfs = {};
  std::string boot = machine_boot();
  const clock_source* clock = &system_clock();
};

class ledger_file {
 public:
  /// Opens nothing. `lock` must outlive it.
  ledger_file(ledger_file_options options, lock_file& lock);
  ~ledger_file() { close(); }
  ledger_file(const ledger_file&) = delete;
  ledger_file& operator=(const ledger_file&) = delete;

  // All of these throw `sqlite_error`, or another `std::runtime_error` for what is no store of
  // ours.

  /// Brings the file to the newest version and loads it.
  void open_and_load();
  /// For a file that cannot be written: it must be of the newest version.
  void open_to_read_and_load();
  /// After a failure.
  void reopen(const stores::byte_bounds& bounds);

  /// Opens a transaction.
  void begin();
  /// `on_commit` is told how far it came: `committing` is true while the outcome is unknown.
  void commit(bool& committing);
  /// What is written goes where the next server will find it.
  void make_sure();

  bool is_open() const noexcept { return file_ != nullptr; }
  connection& file() noexcept { return *file_; }
  ledger& book() noexcept { return *ledger_; }
  /// In the log since it began anew.
  int log_pages() const noexcept { return log_pages_; }
  const std::string& path() const noexcept { return options_.path; }
  const std::string& secret() const noexcept { return secret_; }
  const stores::found_at_open& found() const noexcept { return found_; }
  /// Requires: it was loaded once.
  stores::instant now() const { return time_->now(); }

 private:
  void close();
  void open();
  void load();
  bool empty_log();

  const ledger_file_options options_;
  lock_file& lock_;
  std::unique_ptr<connection> file_;
  std::unique_ptr<timeline> time_;
  stores::lease_table leases_;
  std::unique_ptr<ledger> ledger_;
  std::unique_ptr<statement> begin_, commit_;
  std::string secret_;
  stores::found_at_open found_;
  /// Whom the claims in the file belong to until we have written to it.
  claims_of claims_ = claims_of::former_process;
  int log_pages_ = 0;
  std::uint64_t page_bytes_ = 0;
};

}  // namespace longhaul::sqlite
