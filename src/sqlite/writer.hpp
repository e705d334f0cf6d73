// SPDX-License-Identifier: Apache-2.0
// The one writer of a store file: a thread that takes everything that has queued up, carries it out
// on the ledger in one transaction, commits it durably, publishes what changed, and only then
// wakes the callers. So a hundred callers pay for one fdatasync together, and nobody hears of what
// a crash could take back.
//
//   callers ──► queue ──► BEGIN, operation…operation, COMMIT ──► cache ──► observer ──► callers
//                              │ SQLite says no
//                              ▼
//                roll back, reopen, commit a row of our own (that settles what became of the
//                failed commit), move the whole log (what failed to be synced there may never be
//                written again), load the ledger again ── works ──► each operation once more, alone
//                              │ does not work
//                              ▼
//                all are refused at once, with the reason, until a trial (one a second) succeeds
//
// After every commit, and at least every two seconds, it looks whether the file is still the one
// that has its name (`lock_file::lost`). If not, nothing is acknowledged any more.
//
// An operation whose own commit fails, too, has an unknown outcome; all are safe to repeat.
//
// Threads: `perform`, `trouble` and `close` any; the rest is the writer's own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "sqlite/commit_gate.hpp"
#include "sqlite/connection.hpp"
#include "sqlite/ledger.hpp"
#include "sqlite/lock_file.hpp"
#include "sqlite/resume.hpp"
#include "sqlite/task_cache.hpp"
#include "sqlite/timeline.hpp"
#include "stores/store.hpp"

namespace longhaul::sqlite {

template <class T>
using awaitable = boost::asio::awaitable<T>;

struct writer_options {
  std::string path;
  std::string vfs = {};
  std::string boot = machine_boot();
  const clock_source* clock = &system_clock();
  /// Called on the writer's thread, between transactions, with the pages in the write-ahead log.
  std::function<void(connection&, int)> after_batch = {};
  /// Runs what may be the first to write the file (true: it was), while nobody reads.
  std::function<void(const std::function<bool()>&)> begin_to_write = {};
};

/// Why nothing can be written: for the log, and without paths for anybody.
struct write_trouble {
  std::string full, reason;
  bool none() const noexcept { return full.empty(); }
};

class writer {
 public:
  using observer = std::function<void(const task_ptr&)>;

  /// Opens the file, brings it to the newest version and loads it. If it can be read and not be
  /// written (a full disk), it is loaded all the same, and writing is tried again once a second.
  /// The references must outlive the writer. Requires: nobody else in this process has it open.
  /// Throws `std::runtime_error` if it cannot be opened.
  writer(writer_options options, lock_file& lock, task_cache& cache, commit_gate& gate);
  ~writer() { close(); }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  /// Before the first operation.
  void watch(observer on_change) { observer_ = std::move(on_change); }
  void limit(const stores::byte_bounds& bounds);

  /// Runs `apply(ledger&)` in the next transaction; its result once that is durable. May run it
  /// more than once; an exception must leave the ledger as it was. Throws `stores::store_error`.
  template <class Apply>
  awaitable<std::invoke_result_t<Apply&, ledger&>> perform(Apply apply);

  /// Why nothing can be written now.
  write_trouble trouble() const;
  const std::string& secret() const noexcept { return secret_; }
  const stores::found_at_open& found() const noexcept { return found_; }
  stores::instant now() const { return time_->now(); }
  /// No limit passes, and nothing is to be removed, before these; any thread.
  monotonic_time next_limit() const noexcept { return next_limit_; }
  monotonic_time next_removal() const noexcept { return next_removal_; }
  /// Finishes what is queued and refuses all that comes later. Idempotent.
  void close() noexcept;

 private:
  /// Something to be done in a transaction, for a coroutine that waits.
  class operation {
   public:
    virtual ~operation() = default;
    virtual void apply(ledger& in) = 0;
    std::exception_ptr error = nullptr;
    sleeper caller;
  };
  using batch = std::vector<operation*>;

  void submit(operation& what, sleeper caller);
  void run();
  /// Waits for operations, or for the time of the next trial (then it may be empty). Null: the end.
  std::optional<batch> take();
  void watch_queue();
  /// Adds what has queued up; false: nothing. With the lock held.
  bool move_queue(batch& into);
  /// Adds who came while `work` was carried out, or is about to come; false: nobody.
  bool join(batch& work);
  void carry_out(batch work);
  void one_by_one(const batch& work);
  /// Throws `sqlite_error`.
  void begin();
  void apply(operation& what);
  /// Ends the open transaction. Throws `sqlite_error`; `committing` says how far it came.
  void commit(bool& committing);
  // What is committed must become known: without memory for that there is no going on.
  void publish() noexcept;
  static void finish(const batch& work) noexcept;
  void note_agenda();
  static void refuse(const batch& work, const write_trouble& why, bool outcome_unknown);
  write_trouble in_trouble(const std::exception& e) const;

  void open();
  void open_to_read();
  /// Reads what a writer begins with. Throws `std::runtime_error`, also for a file with faults.
  void load();
  /// What is written goes where the next server will find it. Throws `sqlite_error`.
  void make_sure_of_file();
  /// Tries to make the file usable again; false: it is not, `trouble` says why.
  bool restore();
  bool restore_now();
  void publish_all();
  /// Empties the log into the database. False: somebody reads, it was not emptied.
  bool empty_log();
  void set_trouble(write_trouble why);

  const writer_options options_;
  lock_file& lock_;
  task_cache& cache_;
  commit_gate& gate_;
  observer observer_;

  std::unique_ptr<connection> file_;
  std::unique_ptr<timeline> time_;
  stores::lease_table leases_;
  std::unique_ptr<ledger> ledger_;
  std::unique_ptr<statement> begin_, commit_;
  std::string secret_;
  stores::found_at_open found_;
  /// Whom the claims in the file belong to until we have written to it.
  claims_of claims_ = claims_of::former_process;
  bool written_ = false;  ///< by this process
  int log_pages_ = 0;
  std::uint64_t page_bytes_ = 0;
  std::atomic<monotonic_time> next_limit_{monotonic_time::max()};
  std::atomic<monotonic_time> next_removal_{monotonic_time::max()};

  mutable std::mutex mutex_;
  std::condition_variable news_;
  batch queue_;
  std::size_t last_batch_ = 0;
  write_trouble trouble_;
  stores::byte_bounds bounds_;
  bool closing_ = false;

  std::thread thread_;
};

template <class Apply>
awaitable<std::invoke_result_t<Apply&, ledger&>> writer::perform(Apply apply) {
  using result = std::invoke_result_t<Apply&, ledger&>;
  class typed final : public operation {
   public:
    explicit typed(Apply& what) : what_(what) {}
    void apply(ledger& in) override { value.emplace(what_(in)); }
    std::optional<result> value;

   private:
    Apply& what_;
  };
  typed mine(apply);
  auto waiting =
      sleep_until_resumed([this, &mine](sleeper caller) { submit(mine, std::move(caller)); });
  co_await std::move(waiting);
  if (mine.error) std::rethrow_exception(mine.error);
  co_return std::move(*mine.value);
}

}  // namespace longhaul::sqlite
