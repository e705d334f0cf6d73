// SPDX-License-Identifier: Apache-2.0
// A store with faults, around any other: by a seeded schedule an operation times out before it was
// done, is done but reported failed, or finds the store unavailable; and at a named point
// ("finish.before", "create.after") the whole store "crashes": from then on everything fails, until
// `restart`, while what was committed stays in the store beneath. At such a point a test may also
// do something of its own.
//
// Threads: any, as the store beneath. The schedule is then shared, so its order is not repeatable.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <new>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/stores/store.hpp"

namespace longhaul::testkit {

/// Thrown at the crash point and by every operation after it.
class crashed : public std::runtime_error {
 public:
  explicit crashed(const std::string& point) : std::runtime_error("crashed at " + point) {}
};

/// Shares of all operations, 0…1.
struct fault_rates {
  double timeout_before = 0;   ///< not done, outcome unknown
  double done_but_failed = 0;  ///< done, outcome unknown
  double unavailable = 0;      ///< not done, and said so
};

class fault_store final : public stores::store {
 public:
  template <class T>
  using awaitable = stores::awaitable<T>;

  /// `inner` must outlive it.
  fault_store(stores::store& inner, std::uint64_t seed, fault_rates rates)
      : inner_(inner), random_(seed), rates_(rates) {}

  /// From the next time that an operation reaches this point, everything throws `crashed`.
  void crash_at(std::string point) {
    const std::lock_guard lock(mutex_);
    crash_point_ = std::move(point);
  }
  /// Runs `what` once, in the middle of the operation that reaches this point next.
  void interfere_at(std::string point, std::function<void()> what) {
    const std::lock_guard lock(mutex_);
    interference_ = {std::move(point), std::move(what)};
  }
  /// The crash is over.
  void restart() {
    const std::lock_guard lock(mutex_);
    crash_point_.clear();
    down_ = false;
  }
  /// How many there were by the schedule.
  std::size_t faults() const {
    const std::lock_guard lock(mutex_);
    return faults_;
  }

  /// From now on `known` throws, or no longer.
  void fail_known(bool fails) { known_fails_ = fails; }
  /// The next `follow` throws.
  void fail_follow() { follow_fails_ = true; }
  /// What was followed ("+id") and is no longer ("-id"), in order.
  std::vector<std::string> followed() const {
    const std::lock_guard lock(mutex_);
    return followed_;
  }

  awaitable<stores::create_result> create(const stores::new_task& task) override {
    return disturbed("create", inner_.create(task));
  }
  awaitable<task_ptr> get(std::string_view owner, std::string_view id) override {
    return disturbed("get", inner_.get(owner, id));
  }
  awaitable<task_ptr> look(std::string_view owner, std::string_view id) override {
    return disturbed("get", inner_.look(owner, id));
  }
  awaitable<std::optional<stores::list_page>> list(std::string_view owner,
                                                   std::optional<task_status> status,
                                                   std::string_view cursor,
                                                   std::size_t limit) override {
    return disturbed("list", inner_.list(owner, status, cursor, limit));
  }
  awaitable<stores::change_result> answer(std::string_view owner, std::string_view id,
                                          std::span<const stores::response> responses) override {
    return disturbed("answer", inner_.answer(owner, id, responses));
  }
  awaitable<stores::change_result> cancel(std::string_view owner, std::string_view id,
                                          std::string_view reason,
                                          stores::visibility sees) override {
    return disturbed("cancel", inner_.cancel(owner, id, reason, sees));
  }
  awaitable<stores::change_result> set_retention(std::string_view owner, std::string_view id,
                                                 std::optional<milliseconds> retention) override {
    return disturbed("set_retention", inner_.set_retention(owner, id, retention));
  }
  awaitable<stores::change_result> reveal(std::string_view owner, std::string_view id,
                                          std::optional<milliseconds> retention) override {
    return disturbed("reveal", inner_.reveal(owner, id, retention));
  }
  awaitable<stores::change_result> report(std::string_view id, stores::writer worker,
                                          const stores::report_change& change) override {
    return disturbed("report", inner_.report(id, worker, change));
  }
  awaitable<stores::change_result> ask(std::string_view id, stores::writer worker,
                                       std::span<const stores::question> questions) override {
    return disturbed("ask", inner_.ask(id, worker, questions));
  }
  awaitable<stores::change_result> finish(std::string_view id, stores::writer worker,
                                          const outcome& result,
                                          std::string_view message) override {
    return disturbed("finish", inner_.finish(id, worker, result, message));
  }
  awaitable<stores::change_result> retry(std::string_view id, stores::writer worker,
                                         std::string_view why, monotonic_time not_before) override {
    return disturbed("retry", inner_.retry(id, worker, why, not_before));
  }
  awaitable<stores::change_result> release(std::string_view id, stores::writer worker) override {
    return disturbed("release", inner_.release(id, worker));
  }
  awaitable<std::vector<task_ptr>> claim(const stores::claim_request& request) override {
    return disturbed("claim", inner_.claim(request));
  }
  awaitable<std::size_t> queued_before(std::string_view id, std::size_t most) override {
    return disturbed("queued_before", inner_.queued_before(id, most));
  }
  awaitable<stores::renew_result> renew(process_id process, milliseconds lease) override {
    return disturbed("renew", inner_.renew(process, lease));
  }
  awaitable<stores::recover_result> recover() override {
    return disturbed("recover", inner_.recover());
  }
  awaitable<std::vector<task_ptr>> claimed(process_id process) override {
    return disturbed("claimed", inner_.claimed(process));
  }
  awaitable<void> leave(std::string_view id, std::uint64_t epoch) override {
    return inner_.leave(id, epoch);
  }
  awaitable<std::vector<stores::run_name>> held(process_id process) override {
    return disturbed("held", inner_.held(process));
  }
  awaitable<std::vector<task_ptr>> external(std::string_view tool, std::string_view after,
                                            std::size_t limit) override {
    return disturbed("external", inner_.external(tool, after, limit));
  }
  awaitable<std::size_t> expire(std::size_t batch) override {
    return disturbed("expire", inner_.expire(batch));
  }
  awaitable<std::vector<std::string>> purge(std::size_t batch) override {
    return disturbed("purge", inner_.purge(batch));
  }
  void watch(observer on_change) override { inner_.watch(std::move(on_change)); }
  void follow(std::string_view id) override {
    if (follow_fails_.exchange(false)) throw std::bad_alloc();
    note("+", id);
    inner_.follow(id);
  }
  void unfollow(std::string_view id) noexcept override {
    note("-", id);
    inner_.unfollow(id);
  }
  task_ptr known(std::string_view id) const override {
    if (known_fails_) throw std::runtime_error("what is known cannot be read");
    return inner_.known(id);
  }
  stores::instant now() const override { return inner_.now(); }
  void limit(const stores::byte_bounds& bounds) override { inner_.limit(bounds); }
  awaitable<std::optional<stores::found_page>> search(const stores::task_filter& filter,
                                                      std::string_view cursor,
                                                      std::size_t limit) override {
    return disturbed("search", inner_.search(filter, cursor, limit));
  }
  awaitable<task_ptr> find(std::string_view id) override {
    return disturbed("find", inner_.find(id));
  }
  awaitable<task_ptr> oldest_waiting() override {
    return disturbed("oldest_waiting", inner_.oldest_waiting());
  }
  awaitable<std::vector<stores::owner_use>> owners(std::size_t most) override {
    return disturbed("owners", inner_.owners(most));
  }
  awaitable<std::vector<stores::process_info>> processes() override {
    return disturbed("processes", inner_.processes());
  }
  awaitable<stores::store_stats> stats() override { return disturbed("stats", inner_.stats()); }
  stores::write_figures writes() const override { return inner_.writes(); }
  awaitable<stores::counts_by_tool> counts() override {
    return disturbed("counts", inner_.counts());
  }
  awaitable<bool> pause(std::string_view tool) override {
    return disturbed("pause", inner_.pause(tool));
  }
  awaitable<bool> resume(std::string_view tool) override {
    return disturbed("resume", inner_.resume(tool));
  }
  awaitable<stores::paused_tools> paused() override { return disturbed("paused", inner_.paused()); }
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
  enum class fault : std::uint8_t { none, before, after, unavailable };

  // `work` does not start before it is awaited: an operation that fails before simply drops it.
  template <class T>
  awaitable<T> disturbed(std::string name, awaitable<T> work) {
    interfere(name + ".before");
    const fault chosen = begin(name);
    if (chosen == fault::unavailable) throw stores::store_error(name + ": unavailable", false);
    if (chosen == fault::before) throw stores::store_error(name + ": timed out", true);
    T result = co_await std::move(work);
    end(name);
    if (chosen == fault::after) throw stores::store_error(name + ": no answer", true);
    co_return result;
  }

  void note(std::string_view sign, std::string_view id) {
    const std::lock_guard lock(mutex_);
    followed_.push_back(std::string(sign).append(id));
  }
  void reach(const std::string& point) {
    if (!down_ && point == crash_point_) down_ = true;
    if (down_) throw crashed(point);
  }
  fault begin(const std::string& name) {
    const std::lock_guard lock(mutex_);
    reach(name + ".before");
    double roll = std::uniform_real_distribution<double>(0, 1)(random_);
    const auto hit = [&](double rate) {
      const bool yes = roll < rate;
      roll -= rate;
      if (yes) ++faults_;
      return yes;
    };
    if (hit(rates_.timeout_before)) return fault::before;
    // What these did cannot be told again by repeating them; their callers come back every tick.
    const bool counts = name == "expire" || name == "purge" || name == "recover";
    if (!counts && hit(rates_.done_but_failed)) return fault::after;
    if (hit(rates_.unavailable)) return fault::unavailable;
    return fault::none;
  }
  void end(const std::string& name) {
    {
      const std::lock_guard lock(mutex_);
      reach(name + ".after");
    }
    interfere(name + ".after");
  }
  void interfere(const std::string& point) {
    std::function<void()> what;
    {
      const std::lock_guard lock(mutex_);
      if (interference_.first != point) return;
      what = std::exchange(interference_, {}).second;
    }
    what();
  }

  stores::store& inner_;
  mutable std::mutex mutex_;  // beneath it:
  std::mt19937_64 random_;
  fault_rates rates_;
  std::string crash_point_;
  std::pair<std::string, std::function<void()>> interference_;  // where, what
  bool down_ = false;
  std::size_t faults_ = 0;
  std::vector<std::string> followed_;
  std::atomic<bool> follow_fails_{false}, known_fails_{false};
};

}  // namespace longhaul::testkit
