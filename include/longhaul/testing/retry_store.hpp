// SPDX-License-Identifier: Apache-2.0
// What a careful caller does with a store that fails: repeats the very same operation until it
// answers. With `fault_store` beneath, the contract suite shows that repeating is safe.
//
// Threads: any, as the store beneath.
#pragma once

#include <algorithm>
#include <utility>

#include "longhaul/stores/store.hpp"

namespace longhaul::testkit {

/// Gives up, and passes the failure on, after a thousand attempts.
class retry_store final : public stores::store {
 public:
  template <class T>
  using awaitable = stores::awaitable<T>;

  /// `inner` must outlive it.
  explicit retry_store(stores::store& inner) : inner_(inner) {}

  awaitable<stores::create_result> create(const stores::new_task& task) override {
    return repeat([this, &task] { return inner_.create(task); });
  }
  awaitable<task_ptr> get(std::string_view owner, std::string_view id) override {
    return repeat([=, this] { return inner_.get(owner, id); });
  }
  awaitable<task_ptr> look(std::string_view owner, std::string_view id) override {
    return repeat([=, this] { return inner_.look(owner, id); });
  }
  awaitable<std::optional<stores::list_page>> list(std::string_view owner,
                                                   std::optional<task_status> status,
                                                   std::string_view cursor,
                                                   std::size_t limit) override {
    return repeat([=, this] { return inner_.list(owner, status, cursor, limit); });
  }
  awaitable<stores::change_result> answer(std::string_view owner, std::string_view id,
                                          std::span<const stores::response> responses) override {
    return repeat([=, this] { return inner_.answer(owner, id, responses); });
  }
  awaitable<stores::change_result> cancel(std::string_view owner, std::string_view id,
                                          std::string_view reason,
                                          stores::visibility sees) override {
    return repeat([=, this] { return inner_.cancel(owner, id, reason, sees); });
  }
  awaitable<stores::change_result> set_retention(std::string_view owner, std::string_view id,
                                                 std::optional<milliseconds> retention) override {
    return repeat([=, this] { return inner_.set_retention(owner, id, retention); });
  }
  awaitable<stores::change_result> reveal(std::string_view owner, std::string_view id,
                                          std::optional<milliseconds> retention) override {
    return repeat([=, this] { return inner_.reveal(owner, id, retention); });
  }
  awaitable<stores::change_result> report(std::string_view id, stores::writer worker,
                                          const stores::report_change& change) override {
    return repeat([this, id, worker, &change] { return inner_.report(id, worker, change); });
  }
  awaitable<stores::change_result> ask(std::string_view id, stores::writer worker,
                                       std::span<const stores::question> questions) override {
    return repeat([=, this] { return inner_.ask(id, worker, questions); });
  }
  awaitable<stores::change_result> finish(std::string_view id, stores::writer worker,
                                          const outcome& result,
                                          std::string_view message) override {
    return repeat([this, id, worker, &result, message] {
      return inner_.finish(id, worker, result, message);
    });
  }
  awaitable<stores::change_result> retry(std::string_view id, stores::writer worker,
                                         std::string_view why, monotonic_time not_before) override {
    return repeat([=, this] { return inner_.retry(id, worker, why, not_before); });
  }
  awaitable<stores::change_result> release(std::string_view id, stores::writer worker) override {
    return repeat([=, this] { return inner_.release(id, worker); });
  }
  /// A claim without an answer may have claimed: what the process holds now and did not before.
  awaitable<std::vector<task_ptr>> claim(const stores::claim_request& request) override {
    auto before = co_await claimed(request.process);
    for (;;) {
      try {
        co_return co_await inner_.claim(request);
      } catch (const stores::store_error& error) {
        if (!error.outcome_unknown()) continue;
      }
      auto after = co_await claimed(request.process);
      std::erase_if(after, [&](const task_ptr& task) {
        return std::any_of(before.begin(), before.end(),
                           [&](const task_ptr& old) { return old->id() == task->id(); });
      });
      std::sort(after.begin(), after.end(),
                [](const task_ptr& a, const task_ptr& b) { return a->id() < b->id(); });
      if (!after.empty()) co_return after;
    }
  }
  awaitable<std::size_t> queued_before(std::string_view id, std::size_t most) override {
    return repeat([=, this] { return inner_.queued_before(id, most); });
  }
  awaitable<stores::renew_result> renew(process_id process, milliseconds lease) override {
    return repeat([=, this] { return inner_.renew(process, lease); });
  }
  awaitable<stores::recover_result> recover() override {
    return repeat([this] { return inner_.recover(); });
  }
  awaitable<std::vector<task_ptr>> claimed(process_id process) override {
    return repeat([=, this] { return inner_.claimed(process); });
  }
  awaitable<void> leave(std::string_view id, std::uint64_t epoch) override {
    return inner_.leave(id, epoch);
  }
  awaitable<std::vector<stores::run_name>> held(process_id process) override {
    return repeat([=, this] { return inner_.held(process); });
  }
  awaitable<std::vector<task_ptr>> external(std::string_view tool, std::string_view after,
                                            std::size_t limit) override {
    return repeat([=, this] { return inner_.external(tool, after, limit); });
  }
  awaitable<std::size_t> expire(std::size_t batch) override {
    return repeat([=, this] { return inner_.expire(batch); });
  }
  awaitable<std::vector<std::string>> purge(std::size_t batch) override {
    return repeat([=, this] { return inner_.purge(batch); });
  }
  void watch(observer on_change) override { inner_.watch(std::move(on_change)); }
  void follow(std::string_view id) override { inner_.follow(id); }
  void unfollow(std::string_view id) noexcept override { inner_.unfollow(id); }
  task_ptr known(std::string_view id) const override { return inner_.known(id); }
  stores::instant now() const override { return inner_.now(); }
  void limit(const stores::byte_bounds& bounds) override { inner_.limit(bounds); }
  awaitable<std::optional<stores::found_page>> search(const stores::task_filter& filter,
                                                      std::string_view cursor,
                                                      std::size_t limit) override {
    return repeat([&filter, cursor, limit, this] { return inner_.search(filter, cursor, limit); });
  }
  awaitable<task_ptr> find(std::string_view id) override {
    return repeat([=, this] { return inner_.find(id); });
  }
  awaitable<task_ptr> oldest_waiting() override {
    return repeat([this] { return inner_.oldest_waiting(); });
  }
  awaitable<std::vector<stores::owner_use>> owners(std::size_t most) override {
    return repeat([=, this] { return inner_.owners(most); });
  }
  awaitable<std::vector<stores::process_info>> processes() override {
    return repeat([this] { return inner_.processes(); });
  }
  awaitable<stores::store_stats> stats() override {
    return repeat([this] { return inner_.stats(); });
  }
  stores::write_figures writes() const override { return inner_.writes(); }
  awaitable<stores::counts_by_tool> counts() override {
    return repeat([this] { return inner_.counts(); });
  }
  awaitable<bool> pause(std::string_view tool) override {
    return repeat([=, this] { return inner_.pause(tool); });
  }
  awaitable<bool> resume(std::string_view tool) override {
    return repeat([=, this] { return inner_.resume(tool); });
  }
  awaitable<stores::paused_tools> paused() override {
    return repeat([this] { return inner_.paused(); });
  }
  awaitable<std::vector<std::string>> unknown(std::span<const std::string> ids) override {
    return inner_.unknown(ids);
  }
  std::string secret() override { return inner_.secret(); }
  std::string trouble() const override { return inner_.trouble(); }
  std::string trouble_in_full() const override { return inner_.trouble_in_full(); }
  stores::found_at_open found() const override { return inner_.found(); }
  void close() noexcept override { inner_.close(); }
  milliseconds report_interval() const noexcept override { return inner_.report_interval(); }
  bool exclusive() const noexcept override { return inner_.exclusive(); }
  bool durable() const noexcept override { return inner_.durable(); }

 private:
  static constexpr int patience = 1000;

  template <class Operation>
  static auto repeat(Operation operation) -> decltype(operation()) {
    for (int attempt = 1;; ++attempt) {
      try {
        auto started = operation();
        co_return co_await std::move(started);
      } catch (const stores::store_error&) {
        if (attempt == patience) throw;
      }
    }
  }

  stores::store& inner_;
};

}  // namespace longhaul::testkit
