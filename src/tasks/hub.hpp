// SPDX-License-Identifier: Apache-2.0
// Who follows which task. A follower registers before it reads the state, so no change falls
// between. The hub keeps weak references: a follower that is gone is forgotten.
//
//   first follower of a task ──► the store is asked to tell what other processes change of it
//   last one gone            ──► no longer
//
// Tasks of the lane in memory are nobody else's, so no store is asked about them.
//
// Threads: any. Followers are called without a lock held.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/stores/store.hpp"
#include "tasks/follower.hpp"

namespace longhaul::tasks {

class hub {
  struct table;

 public:
  /// Ends the registration when destroyed, which may be after the hub's own end.
  class subscription {
   public:
    subscription() = default;
    subscription(std::weak_ptr<table> owner, std::string id, std::weak_ptr<follower> who)
        : owner_(std::move(owner)), id_(std::move(id)), who_(std::move(who)) {}
    subscription(subscription&& other) noexcept { *this = std::move(other); }
    subscription& operator=(subscription&& other) noexcept;
    ~subscription() { reset(); }
    void reset();

   private:
    std::weak_ptr<table> owner_;
    std::string id_;
    std::weak_ptr<follower> who_;
  };

  /// `shared`: the store that others may write as well; null: there is none.
  explicit hub(std::size_t max_followers_per_task, std::shared_ptr<stores::store> shared = nullptr)
      : max_per_task_(max_followers_per_task), table_(std::make_shared<table>(std::move(shared))) {}

  /// Throws `too_many_followers` beyond the bound.
  [[nodiscard]] subscription follow(const std::string& id, const std::shared_ptr<follower>& who);

  void publish(const task_ptr& task);
  void publish(const std::string& id, const progress_event& event);
  void publish(const std::string& id, const log_event& event);
  void publish(const std::string& id, const question_event& event);
  void publish(const std::string& id, const close_event& event);

  /// Tells all followers that nothing more will come, and those that follow later at once.
  void drained();
  void look_at_the_clock();

  std::size_t followers() const;
  /// Callers but this one follow it.
  bool has_callers(const std::string& id, const follower& but) const;

 private:
  struct shard {
    mutable guarded_mutex mutex;
    std::unordered_map<std::string, std::vector<std::weak_ptr<follower>>> by_id
        LONGHAUL_GUARDED_BY(mutex);
  };

  struct table {
    explicit table(std::shared_ptr<stores::store> store) : shared(std::move(store)) {}
    shard& shard_of(std::string_view id) noexcept;
    bool others_may_write(std::string_view id) const noexcept;
    void forget(const std::string& id, const std::weak_ptr<follower>& who);
    const std::shared_ptr<stores::store> shared;
    std::array<shard, 32> shards;
  };

  std::vector<std::shared_ptr<follower>> followers_of(const std::string& id) const;
  std::vector<std::shared_ptr<follower>> all_followers() const;

  const std::size_t max_per_task_;
  const std::shared_ptr<table> table_;
  std::atomic<bool> drained_{false};
};

class too_many_followers : public std::runtime_error {
 public:
  too_many_followers() : std::runtime_error("too many requests follow this task") {}
};

}  // namespace longhaul::tasks
