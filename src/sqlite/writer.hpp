// SPDX-License-Identifier: Apache-2.0
// The one writer of a store file: a thread that takes everything that has queued up, carries it out
// on the ledger in one transaction, commits it durably, publishes what changed, and only then
// wakes the callers. So a hundred callers pay for one fdatasync together, and nobody hears of what
// a crash could take back.
//
//   callers ──► queue ──► BEGIN, operation…operation, COMMIT ──► cache ──► observer ──► callers
//                              │ SQLite says no
//                              ▼
//                   reopen the file (`ledger_file`) ── works ──► each operation once more, alone
//                              │ does not work
//                              ▼
//                all are refused at once, with the reason, until a trial (one a second) succeeds
//
// After every commit, and at least every two seconds, it looks whether the file is still the one
// that has its name (`lock_file::lost`). If not, nothing is acknowledged any more.
//
// Invariants: an operation is acknowledged after its commit, and published before; between the two
// the gate is closed, so that no reader tells what the cache does not know. An operation whose own
// commit fails as well has an unknown outcome; all are safe to repeat.
//
// Threads: `perform`, `trouble`, `limit` and `close` any; the rest is the writer's own.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "sqlite/commit_gate.hpp"
#include "sqlite/ledger_file.hpp"
#include "sqlite/operation_queue.hpp"
#include "sqlite/task_cache.hpp"
#include "stores/write_meters.hpp"

namespace longhaul::sqlite {

template <class T>
using awaitable = boost::asio::awaitable<T>;

struct writer_options {
  ledger_file_options file;
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
  /// What transactions cost; any thread.
  stores::write_figures figures() const { return meters_.read(); }
  const std::string& secret() const noexcept { return file_.secret(); }
  const stores::found_at_open& found() const noexcept { return file_.found(); }
  stores::instant now() const { return file_.now(); }
  /// No limit passes, and nothing is to be removed, before these; any thread.
  monotonic_time next_limit() const noexcept { return next_limit_; }
  monotonic_time next_removal() const noexcept { return next_removal_; }
  /// Finishes what is queued and refuses all that comes later. Idempotent.
  void close() noexcept;

 private:
  void open();
  void submit(operation& work, sleeper caller);
  void run();
  void look_at_file();
  void carry_out(batch work);
  void one_by_one(const batch& work);
  void apply(operation& work);
  /// Ends the open transaction and publishes it. Throws `sqlite_error`; `committing` says how far
  /// it came.
  void commit(bool& committing);
  /// A transaction of so many operations, if it wrote anything.
  class measured;
  // What is committed must become known: without memory for that there is no going on.
  void publish() noexcept;
  void publish_all();
  void tell(const std::vector<task_ptr>& changed) const;
  void note_agenda();
  static void finish(const batch& work) noexcept;
  static void refuse(const batch& work, const write_trouble& why, bool outcome_unknown);

  /// Tries to make the file usable again; false: it is not, `trouble` says why.
  bool restore();
  bool restore_now();
  stores::byte_bounds bounds() const;
  write_trouble in_trouble(const std::exception& e) const;
  void set_trouble(write_trouble why);

  const writer_options options_;
  lock_file& lock_;
  task_cache& cache_;
  commit_gate& gate_;
  observer observer_;
  operation_queue queue_;
  ledger_file file_;
  stores::write_meters meters_;
  std::chrono::steady_clock::duration last_commit_{0};
  bool written_ = false;  // by this process
  bool usable_ = true;    // there is no trouble
  std::atomic<monotonic_time> next_limit_{monotonic_time::max()};
  std::atomic<monotonic_time> next_removal_{monotonic_time::max()};

  mutable guarded_mutex mutex_;
  write_trouble trouble_ LONGHAUL_GUARDED_BY(mutex_);
  stores::byte_bounds bounds_ LONGHAUL_GUARDED_BY(mutex_);

  std::thread thread_;
};

template <class Apply>
awaitable<std::invoke_result_t<Apply&, ledger&>> writer::perform(Apply apply) {
  using result = std::invoke_result_t<Apply&, ledger&>;
  class typed final : public operation {
   public:
    explicit typed(Apply& work) : work_(work) {}
    void apply(ledger& book) override { value.emplace(work_(book)); }
    std::optional<result> value;

   private:
    Apply& work_;
  };
  typed mine(apply);
  auto waiting =
      sleep_until_resumed([this, &mine](sleeper caller) { submit(mine, std::move(caller)); });
  co_await std::move(waiting);
  if (mine.error) std::rethrow_exception(mine.error);
  co_return std::move(*mine.value);
}

}  // namespace longhaul::sqlite
