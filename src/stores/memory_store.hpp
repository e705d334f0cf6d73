// SPDX-License-Identifier: Apache-2.0
// The store in memory: for tests, for servers that say they are not durable, and for the work
// behind plain calls. Snapshots are immutable and shared: a read is a look-up and a pointer copy.
// Every operation is a transition (`transitions.hpp`) under the lock of its task (`task_shards`).
//
// Threads: any. Operations complete inline.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/store.hpp"
#include "stores/lease_table.hpp"
#include "stores/task_index.hpp"
#include "stores/task_shards.hpp"
#include "stores/tunables.hpp"

namespace longhaul::stores {

struct memory_options {
  std::size_t shards = tunables::shards;
  /// How long hidden work keeps its result once it has ended; 0: where its waiter is always told.
  milliseconds hidden_result_kept = rules::hidden_result_kept;
};

class memory_store final : public store {
 public:
  /// `clock` must outlive the store.
  explicit memory_store(memory_options options = {}, const clock_source& clock = system_clock());

  instant now() const override { return tasks_.now(); }

  awaitable<create_result> create(const new_task& task) override;
  awaitable<task_ptr> get(std::string_view owner, std::string_view id) override;
  awaitable<std::optional<list_page>> list(std::string_view owner,
                                           std::optional<task_status> status,
                                           std::string_view cursor, std::size_t limit) override;
  awaitable<change_result> answer(std::string_view owner, std::string_view id,
                                  std::span<const response> responses) override;
  awaitable<change_result> cancel(std::string_view owner, std::string_view id,
                                  std::string_view reason, visibility sees) override;
  awaitable<change_result> set_retention(std::string_view owner, std::string_view id,
                                         std::optional<milliseconds> retention) override;
  awaitable<change_result> reveal(std::string_view owner, std::string_view id,
                                  std::optional<milliseconds> retention) override;
  awaitable<change_result> report(std::string_view id, writer worker,
                                  const report_change& change) override;
  awaitable<change_result> ask(std::string_view id, writer worker,
                               std::span<const question> questions) override;
  awaitable<change_result> finish(std::string_view id, writer worker, const outcome& result,
                                  std::string_view message) override;
  awaitable<change_result> retry(std::string_view id, writer worker, std::string_view why,
                                 monotonic_time not_before) override;
  awaitable<change_result> release(std::string_view id, writer worker) override;
  awaitable<std::vector<task_ptr>> claim(const claim_request& request) override;
  awaitable<std::size_t> queued_before(std::string_view id, std::size_t most) override;
  awaitable<renew_result> renew(process_id process, milliseconds lease) override;
  awaitable<recover_result> recover() override;
  awaitable<std::vector<task_ptr>> claimed(process_id process) override;
  awaitable<std::vector<task_ptr>> external(std::string_view tool, std::string_view after,
                                            std::size_t limit) override;
  awaitable<std::size_t> expire(std::size_t batch) override;
  awaitable<std::vector<std::string>> purge(std::size_t batch) override;
  void watch(observer on_change) override { tasks_.watch(std::move(on_change)); }
  task_ptr known(std::string_view id) const override { return tasks_.newest(id); }
  void limit(const byte_bounds& bounds) override { tasks_.quotas().limit(bounds); }
  awaitable<std::optional<found_page>> search(const task_filter& filter, std::string_view cursor,
                                              std::size_t limit) override;
  awaitable<task_ptr> find(std::string_view id) override;
  awaitable<task_ptr> oldest_waiting() override;
  awaitable<std::vector<owner_use>> owners(std::size_t most) override;
  awaitable<store_stats> stats() override;
  awaitable<counts_by_tool> counts() override;
  awaitable<bool> pause(std::string_view tool) override;
  awaitable<bool> resume(std::string_view tool) override;
  awaitable<paused_tools> paused() override;
  awaitable<std::vector<std::string>> unknown(std::span<const std::string> ids) override;
  std::string secret() override { return secret_; }
  std::string trouble() const override { return {}; }
  std::string trouble_in_full() const override { return {}; }
  found_at_open found() const override { return {"memory"}; }
  void close() noexcept override {}
  milliseconds report_interval() const noexcept override { return milliseconds(0); }
  bool exclusive() const noexcept override { return true; }
  bool durable() const noexcept override { return false; }

  /// Entries of all indexes beside the tasks themselves; 0 once every task is gone.
  std::size_t index_size();

 private:
  create_result create_now(const new_task& task);
  create_result create_with_key(const new_task& task, task_shards::aftermath& after);
  create_result create_unique(const new_task& task, task_shards::aftermath& after);

  const std::string secret_ = random_bytes(rules::secret_bytes);
  const clock_source& clock_;
  task_shards tasks_;
  key_index keys_, unique_;  // locked in this order
  lease_table leases_;
};

}  // namespace longhaul::stores
