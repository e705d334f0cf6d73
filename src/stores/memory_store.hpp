// SPDX-License-Identifier: Apache-2.0
// The store in memory: for tests, for servers that say they are not durable, and for the work
// behind plain calls. Snapshots are immutable and shared: a read is a look-up and a pointer copy.
//
// State: tasks live in shards by id, each with a lock; an operation on one task holds one shard.
// Locks are taken in this order only:
//
//   idempotency key part ─┐
//                         ├──► shard ──► owner part, quota part, leases
//   queue ────────────────┘
//
// Invariants: every index entry is made and removed under its task's shard lock (the idempotency
// key's under its own, checked against the id); observers are called with no lock held; what waits
// to be claimed is in the queue or in its shard's intake, from where the next claim moves it over.
//
// Threads: any. Operations complete inline.
#pragma once

#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <set>
#include <utility>

#include "base/mutex.hpp"
#include "base/random.hpp"
#include "stores/lease_table.hpp"
#include "stores/ready_queue.hpp"
#include "stores/store.hpp"
#include "stores/task_index.hpp"
#include "stores/transitions.hpp"

namespace longhaul::stores {

struct memory_options {
  /// More shards, less waiting; 64 is plenty for any number of cores a server gives it.
  std::size_t shards = 64;
  /// How long hidden work keeps its result once it has ended; 0: where its waiter is always told.
  milliseconds hidden_result_kept = stores::hidden_result_kept;
};

class memory_store final : public store {
 public:
  /// `clock` must outlive the store.
  explicit memory_store(memory_options options = {}, const clock_source& clock = system_clock());

  awaitable<create_result> create(const new_task& task) override;
  awaitable<task_ptr> get(std::string_view owner, std::string_view id) override;
  awaitable<std::optional<list_page>> list(std::string_view owner,
                                           std::optional<task_status> status,
                                           std::string_view cursor, std::size_t limit) override;
  awaitable<change_result> answer(std::string_view owner, std::string_view id,
                                  std::span<const response> responses) override;
  awaitable<change_result> cancel(std::string_view owner, std::string_view id,
                                  std::string_view reason) override;
  awaitable<change_result> set_retention(std::string_view owner, std::string_view id,
                                         std::optional<milliseconds> retention) override;
  awaitable<change_result> reveal(std::string_view owner, std::string_view id,
                                  std::optional<milliseconds> retention) override;
  awaitable<change_result> report(std::string_view id, writer by,
                                  const report_change& change) override;
  awaitable<change_result> ask(std::string_view id, writer by,
                               std::span<const question> questions) override;
  awaitable<change_result> finish(std::string_view id, writer by, const outcome& result,
                                  std::string_view message) override;
  awaitable<change_result> release(std::string_view id, writer by) override;
  awaitable<std::vector<task_ptr>> claim(const claim_request& request) override;
  awaitable<renew_result> renew(process_id process, milliseconds lease) override;
  awaitable<recover_result> recover() override;
  awaitable<std::vector<task_ptr>> claimed(process_id process) override;
  awaitable<std::vector<task_ptr>> external(std::string_view tool, std::string_view after,
                                            std::size_t limit) override;
  awaitable<std::size_t> expire(std::size_t batch) override;
  awaitable<std::vector<std::string>> purge(std::size_t batch) override;
  void watch(observer on_change) override { observer_ = std::move(on_change); }
  void limit(const byte_bounds& bounds) override { quotas_.limit(bounds); }
  awaitable<store_stats> stats() override;
  awaitable<void> migrate() override;
  awaitable<std::vector<std::string>> unknown(std::span<const std::string> ids) override;
  std::string secret() override { return secret_; }
  std::string trouble() const override { return {}; }
  void close() noexcept override {}
  milliseconds report_interval() const noexcept override { return milliseconds(0); }
  bool exclusive() const noexcept override { return true; }
  bool durable() const noexcept override { return false; }

  /// Entries of all indexes beside the tasks themselves; 0 once every task is gone.
  std::size_t index_size();

 private:
  struct entry {
    task_ptr record;
    std::shared_ptr<quota_table::use> quota;
    std::size_t bytes = 0;
    /// Its place in `limits` (not terminal) or `endings` (terminal).
    std::optional<monotonic_time> due = std::nullopt;
  };
  using agenda = std::set<std::pair<monotonic_time, std::string_view>>;

  // Keys are views of the ids in the entries' origins, which live as long as the entries.
  struct alignas(64) shard {
    guarded_mutex mutex;
    boost::unordered_flat_map<std::string_view, entry> tasks LONGHAUL_GUARDED_BY(mutex);
    boost::unordered_flat_set<std::string_view> running LONGHAUL_GUARDED_BY(mutex);
    agenda limits LONGHAUL_GUARDED_BY(mutex);
    agenda endings LONGHAUL_GUARDED_BY(mutex);  ///< what is to be emptied or removed
    std::vector<origin_ptr> intake LONGHAUL_GUARDED_BY(mutex);
    std::array<std::size_t, 5> by_status LONGHAUL_GUARDED_BY(mutex){};
    std::size_t queued LONGHAUL_GUARDED_BY(mutex) = 0;
    std::atomic<bool> has_intake{false};
  };

  // What a change leaves to be done once its shard is unlocked.
  struct aftermath {
    task_ptr changed;                                         ///< to be published; null: nothing
    std::optional<monotonic_time> left_queue = std::nullopt;  ///< its `run_at` there
    bool intake_full = false;
  };

  instant now() const { return {clock_.now(), clock_.monotonic()}; }
  std::size_t shard_number(std::string_view id) const noexcept;
  shard& shard_of(std::string_view id) noexcept { return shards_[shard_number(id)]; }
  bool visible(const entry& at) const;

  create_result create_now(const new_task& task);
  create_result create_with_key(const new_task& task);
  create_result insert(const new_task& task, aftermath& after);
  /// Nothing is bounded, or only what the change adds to the task.
  enum class growth : std::uint8_t { free, bounded };
  template <class Transition>
  change_result change(std::string_view id, const std::string_view* owner, Transition transition,
                       growth how = growth::free);
  std::vector<task_ptr> claim_now(const claim_request& request);
  std::size_t fail_overdue(shard& in, monotonic_time by, std::size_t batch);
  std::size_t remove_overdue(shard& in, monotonic_time by, std::size_t batch,
                             std::vector<std::string>& removed);
  void recover_shard(shard& in, instant at, recover_result& result);

  /// `counted` bytes of its growth are in the quota already.
  aftermath install(shard& in, entry& at, std::shared_ptr<const task_record> next,
                    std::size_t counted = 0) LONGHAUL_REQUIRES(in.mutex);
  void empty(shard& in, std::string_view id) LONGHAUL_REQUIRES(in.mutex);
  void count(shard& in, const task_record& task, bool arrives) LONGHAUL_REQUIRES(in.mutex);
  void schedule(shard& in, entry& at) LONGHAUL_REQUIRES(in.mutex);
  void unschedule(shard& in, entry& at) LONGHAUL_REQUIRES(in.mutex);
  void settle(const aftermath& after);
  void take_intake(shard& from) LONGHAUL_REQUIRES(queue_mutex_);

  const memory_options options_;
  const std::string secret_ = random_bytes(32);
  const clock_source& clock_;
  observer observer_;
  std::vector<shard> shards_;
  owner_index owners_;
  quota_table quotas_;
  key_index keys_;
  lease_table leases_;
  std::atomic<std::size_t> next_expiry_shard_{0}, next_purge_shard_{0};

  guarded_mutex queue_mutex_;
  ready_queue queue_ LONGHAUL_GUARDED_BY(queue_mutex_);
};

}  // namespace longhaul::stores
