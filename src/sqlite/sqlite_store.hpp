// SPDX-License-Identifier: Apache-2.0
// The embedded durable store: one SQLite file in WAL mode, written by one process.
//
//   create, answer, finish, … ──► writer (group commit) ──► file
//   get ──► cache of live and recent tasks ──► (not there) readers ──► file
//   list ──► readers
//
// Nothing is acknowledged before it is on the disk (`synchronous=FULL`), nothing is seen before it
// is committed. Times in the file are store time (`timeline`). What a former process was running is
// lost at the first `recover`, because no lease outlives a process here.
//
// Threads: any. Operations complete on the awaiting coroutine's executor.
#pragma once

#include <string>

#include "longhaul/stores/store.hpp"
#include "sqlite/checkpointer.hpp"
#include "sqlite/lock_file.hpp"
#include "sqlite/readers.hpp"
#include "sqlite/task_cache.hpp"
#include "sqlite/tunables.hpp"
#include "sqlite/writer.hpp"

namespace longhaul::sqlite {

struct sqlite_options {
  std::string path;  ///< required
  /// Tasks that ended are also kept in memory, up to about this many bytes.
  std::size_t cache_bytes = tunables::cache_bytes;
  std::size_t reader_threads = tunables::reader_threads;
  const clock_source* clock = &system_clock();
  std::string vfs = {};               ///< SQLite's file system layer; empty: the default
  std::string boot = machine_boot();  ///< names this boot of the machine
};

class sqlite_store final : public stores::store {
 public:
  template <class T>
  using awaitable = stores::awaitable<T>;

  /// Opens or makes the file, brings it to the newest version and loads its live tasks. Blocks.
  /// Throws `std::runtime_error` with what to do: in use, newer, damaged, not writable.
  explicit sqlite_store(sqlite_options options);
  ~sqlite_store() override { close(); }

  stores::instant now() const override { return writer_.now(); }

  awaitable<stores::create_result> create(const stores::new_task& task) override;
  awaitable<task_ptr> get(std::string_view owner, std::string_view id) override;
  awaitable<task_ptr> look(std::string_view owner, std::string_view id) override;
  awaitable<std::optional<stores::list_page>> list(std::string_view owner,
                                                   std::optional<task_status> status,
                                                   std::string_view cursor,
                                                   std::size_t limit) override;
  awaitable<stores::change_result> answer(std::string_view owner, std::string_view id,
                                          std::span<const stores::response> responses) override;
  awaitable<stores::change_result> cancel(std::string_view owner, std::string_view id,
                                          std::string_view reason,
                                          stores::visibility sees) override;
  awaitable<stores::change_result> set_retention(std::string_view owner, std::string_view id,
                                                 std::optional<milliseconds> retention) override;
  awaitable<stores::change_result> reveal(std::string_view owner, std::string_view id,
                                          std::optional<milliseconds> retention) override;
  awaitable<stores::change_result> report(std::string_view id, stores::writer worker,
                                          const stores::report_change& change) override;
  awaitable<stores::change_result> ask(std::string_view id, stores::writer worker,
                                       std::span<const stores::question> questions) override;
  awaitable<stores::change_result> finish(std::string_view id, stores::writer worker,
                                          const outcome& result, std::string_view message) override;
  awaitable<stores::change_result> retry(std::string_view id, stores::writer worker,
                                         std::string_view why, monotonic_time not_before) override;
  awaitable<stores::change_result> release(std::string_view id, stores::writer worker) override;
  awaitable<std::vector<task_ptr>> claim(const stores::claim_request& request) override;
  awaitable<std::size_t> queued_before(std::string_view id, std::size_t most) override;
  awaitable<stores::renew_result> renew(process_id process, milliseconds lease) override;
  awaitable<stores::recover_result> recover() override;
  awaitable<std::vector<task_ptr>> claimed(process_id process) override;
  awaitable<std::vector<task_ptr>> external(std::string_view tool, std::string_view after,
                                            std::size_t limit) override;
  awaitable<std::size_t> expire(std::size_t limit) override;
  awaitable<std::vector<std::string>> purge(std::size_t limit) override;
  void watch(observer on_change) override { writer_.watch(std::move(on_change)); }
  task_ptr known(std::string_view id) const override { return cache_.find(id); }
  void limit(const stores::byte_bounds& bounds) override { writer_.limit(bounds); }
  awaitable<std::optional<stores::found_page>> search(const stores::task_filter& filter,
                                                      std::string_view cursor,
                                                      std::size_t limit) override;
  awaitable<task_ptr> find(std::string_view id) override;
  awaitable<task_ptr> oldest_waiting() override;
  awaitable<std::vector<stores::owner_use>> owners(std::size_t most) override;
  awaitable<stores::store_stats> stats() override;
  stores::write_figures writes() const override { return writer_.figures(); }
  awaitable<stores::counts_by_tool> counts() override;
  awaitable<bool> pause(std::string_view tool) override;
  awaitable<bool> resume(std::string_view tool) override;
  awaitable<stores::paused_tools> paused() override;
  awaitable<std::vector<std::string>> unknown(std::span<const std::string> ids) override;
  std::string secret() override { return writer_.secret(); }
  std::string trouble() const override;
  std::string trouble_in_full() const override;
  stores::found_at_open found() const override;
  void close() noexcept override;
  milliseconds report_interval() const noexcept override;
  bool exclusive() const noexcept override { return true; }
  bool durable() const noexcept override { return true; }

  const std::string& path() const noexcept { return options_.path; }
  /// Tasks in memory: for tests and figures.
  std::size_t cached() const { return cache_.size(); }

 private:
  template <class Transition>
  awaitable<stores::change_result> change(std::string_view id,
                                          std::optional<std::string_view> owner,
                                          Transition transition,
                                          stores::growth allowed = stores::growth::free);
  awaitable<task_ptr> read_whole(std::string_view id);
  awaitable<task_ptr> read_state(std::string_view id);
  awaitable<std::size_t> expire_now(std::size_t limit);
  awaitable<ledger::purged> purge_now(std::size_t limit);
  bool shows(const task_record& task, std::string_view owner) const;

  const sqlite_options options_;
  lock_file lock_;
  task_cache cache_;
  commit_gate gate_;
  checkpointer checkpointer_;
  readers readers_;  // open the file when they are first asked
  writer writer_;
};

}  // namespace longhaul::sqlite
