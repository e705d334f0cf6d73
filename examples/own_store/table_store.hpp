// SPDX-License-Identifier: Apache-2.0
// A store of one's own, as small as it gets: one table, one lock. The table is a map, so that there
// is nothing to install; where it says `rows_`, a real one talks to its database. What a task is
// and may become is not decided here: `longhaul/stores/transitions.hpp` and `deadlines.hpp` do that
// for every store. docs/own-stores.md goes through it.
//
// Every operation looks at all rows, which is slow, and right. Threads: any.
#pragma once

#include <cstddef>
#include <functional>
#include <longhaul/stores/bounds.hpp>
#include <longhaul/stores/store.hpp>
#include <longhaul/stores/transitions.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace example {

namespace stores = longhaul::stores;
using longhaul::milliseconds;
using longhaul::process_id;
using longhaul::task_ptr;
using longhaul::task_record;
using stores::awaitable;

class table_store final : public stores::store {
 public:
  /// `clock` must outlive the store.
  explicit table_store(const longhaul::clock_source& clock = longhaul::system_clock());

  stores::instant now() const override { return {clock_.now(), clock_.monotonic()}; }

  // --- callers' side

  awaitable<stores::create_result> create(const stores::new_task& task) override;
  awaitable<task_ptr> get(std::string_view owner, std::string_view id) override;
  awaitable<std::optional<stores::list_page>> list(std::string_view owner,
                                                   std::optional<longhaul::task_status> status,
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

  // --- workers' side

  awaitable<stores::change_result> report(std::string_view id, stores::writer worker,
                                          const stores::report_change& news) override;
  awaitable<stores::change_result> ask(std::string_view id, stores::writer worker,
                                       std::span<const stores::question> questions) override;
  awaitable<stores::change_result> finish(std::string_view id, stores::writer worker,
                                          const longhaul::outcome& result,
                                          std::string_view message) override;
  awaitable<stores::change_result> retry(std::string_view id, stores::writer worker,
                                         std::string_view why,
                                         longhaul::monotonic_time not_before) override;
  awaitable<stores::change_result> release(std::string_view id, stores::writer worker) override;

  // --- processes

  awaitable<std::vector<task_ptr>> claim(const stores::claim_request& request) override;
  awaitable<std::size_t> queued_before(std::string_view id, std::size_t most) override;
  awaitable<stores::renew_result> renew(process_id process, milliseconds lease) override;
  awaitable<stores::recover_result> recover() override;
  awaitable<std::vector<task_ptr>> claimed(process_id process) override;
  awaitable<std::vector<task_ptr>> external(std::string_view tool, std::string_view after,
                                            std::size_t limit) override;

  // --- what is due

  awaitable<std::size_t> expire(std::size_t batch) override;
  awaitable<std::vector<std::string>> purge(std::size_t batch) override;

  // --- the rest

  void watch(observer on_change) override { on_change_ = std::move(on_change); }
  task_ptr known(std::string_view id) const override;
  void limit(const stores::byte_bounds& bounds) override { bytes_ = bounds; }
  awaitable<std::vector<std::string>> unknown(std::span<const std::string> ids) override;
  awaitable<std::optional<stores::found_page>> search(const stores::task_filter& filter,
                                                      std::string_view cursor,
                                                      std::size_t limit) override;
  awaitable<task_ptr> find(std::string_view id) override;
  awaitable<task_ptr> oldest_waiting() override;
  awaitable<std::vector<stores::owner_use>> owners(std::size_t most) override;
  awaitable<stores::store_stats> stats() override;
  awaitable<stores::counts_by_tool> counts() override;
  awaitable<bool> pause(std::string_view tool) override;
  awaitable<bool> resume(std::string_view tool) override;
  awaitable<stores::paused_tools> paused() override;
  stores::found_at_open found() const override { return {"a table in memory"}; }
  std::string secret() override { return secret_; }
  std::string trouble() const override { return {}; }
  std::string trouble_in_full() const override { return {}; }
  void close() noexcept override {}
  milliseconds report_interval() const noexcept override { return milliseconds(0); }
  bool exclusive() const noexcept override { return true; }
  bool durable() const noexcept override { return false; }

 private:
  static constexpr auto busy = stores::change_code::busy;
  static constexpr auto unchanged = stores::change_code::unchanged;

  // A process is alive until its lease has run out and somebody looks; then it is dead for good.
  struct lease_list {
    std::map<process_id, longhaul::monotonic_time> until;
    std::set<process_id> dead;

    void bury(longhaul::monotonic_time now) {
      std::erase_if(until, [&](const auto& lease) {
        if (lease.second > now) return false;
        dead.insert(lease.first);
        return true;
      });
    }
  };
  struct use {
    std::size_t open = 0, open_bytes = 0, stored = 0, stored_bytes = 0;
  };

  // --- all of these under the lock

  task_ptr put(task_ptr task) { return rows_[task->id()] = std::move(task); }
  /// Null: there is none, or its retention is over.
  task_ptr visible(std::string_view id) const;
  /// The oldest one of the quota whose turn it is, of what has room.
  task_ptr next_in_turn(const stores::claim_request& request) const;
  /// One more of its concurrency key may run, and its tool is not paused. `handlers`: that run in
  /// the process that asks.
  bool may_begin(const longhaul::task_origin& task, std::size_t limit,
                 std::size_t handlers = 0) const;
  /// What a `create` of this task is told that finds it, or one that it must not be beside; null:
  /// there is none.
  std::optional<stores::create_result> earlier(const longhaul::task_origin& origin) const;
  /// Of one quota, or of all (null).
  use use_of(const std::string* quota) const;
  /// Zero is no bound.
  static bool passes(std::size_t bound, std::size_t sum) { return bound != 0 && sum > bound; }
  /// The name of the bound that refuses a new task; empty: none does.
  std::string_view refused_by(const stores::create_bounds& tasks, const task_record& added) const;
  /// Whether the bounds let an answer in.
  bool has_room(const task_record& before, const task_record& after) const;

  // --- these take it

  stores::create_result insert(const stores::new_task& task);
  /// One task: what a database does as `UPDATE … WHERE id = $1 AND rev = $2`. No owner: anybody's.
  stores::change_result change(std::optional<std::string_view> owner, std::string_view id,
                               const std::function<stores::step(const task_record&)>& decide);
  static stores::change_result not_found() { return {stores::change_code::not_found, nullptr}; }
  /// Up to `batch` tasks; those that changed.
  std::vector<task_ptr> change_all(std::size_t batch,
                                   const std::function<stores::step(const task_record&)>& decide);
  std::vector<task_ptr> where(const std::function<bool(const task_record&)>& wanted) const;
  /// Before the operation completes, with no lock held.
  void tell(const std::vector<task_ptr>& changed) const;

  const longhaul::clock_source& clock_;
  std::string secret_ = std::string(stores::rules::secret_bytes, '\0');
  observer on_change_;
  mutable std::mutex mutex_;                           // guards what follows
  std::map<std::string, task_ptr, std::less<>> rows_;  // by id, which is by age
  lease_list leases_;
  stores::paused_tools paused_;
  std::string served_;  // the quota that had its turn last
  stores::byte_bounds bytes_;
};

}  // namespace example
