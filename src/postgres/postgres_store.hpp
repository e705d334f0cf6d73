// SPDX-License-Identifier: Apache-2.0
// The store that many processes share: a schema in a PostgreSQL database.
//
//   create, answer, finish, … ──► writer (group commit) ──┐
//   get, look ──► reader (many ids a query) ──────────────┼──► connections ──► PostgreSQL
//   claim, recover, expire, purge, list, … ───────────────┘
//
// Every transition is decided here, by `stores/transitions`, and written only if the row is still
// what it was decided on; so no rule is in the database, and no two processes can disagree. Nothing
// is acknowledged before its commit. Time is the database's.
//
// Threads: any. One thread of the store's own does all the work; operations complete on the
// awaiting coroutine's executor.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/mutex.hpp"
#include "longhaul/stores/store.hpp"
#include "postgres/claims.hpp"
#include "postgres/database.hpp"
#include "postgres/listener.hpp"
#include "postgres/patience.hpp"
#include "postgres/reader.hpp"
#include "postgres/writer.hpp"

namespace longhaul::postgres {

class postgres_store final : public stores::store {
 public:
  /// Connects, and makes the schema or brings it to the newest version. Blocks. Throws
  /// `std::runtime_error` with what to do.
  explicit postgres_store(database_options options);
  ~postgres_store() override { close(); }

  stores::instant now() const override { return home_.time.now(); }

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
  awaitable<void> leave(std::string_view id, std::uint64_t epoch) override;
  awaitable<std::vector<stores::run_name>> held(process_id process) override;
  awaitable<std::vector<task_ptr>> external(std::string_view tool, std::string_view after,
                                            std::size_t limit) override;
  awaitable<std::size_t> expire(std::size_t most) override;
  awaitable<std::vector<std::string>> purge(std::size_t most) override;
  void watch(observer on_change) override { home_.observer = std::move(on_change); }
  void follow(std::string_view id) override { home_.tasks.follow(id); }
  void unfollow(std::string_view id) noexcept override { home_.tasks.unfollow(id); }
  task_ptr known(std::string_view id) const override { return home_.tasks.known(id); }
  void limit(const stores::byte_bounds& bounds) override;
  awaitable<std::optional<stores::found_page>> search(const stores::task_filter& filter,
                                                      std::string_view cursor,
                                                      std::size_t limit) override;
  awaitable<task_ptr> find(std::string_view id) override;
  awaitable<task_ptr> oldest_waiting() override;
  awaitable<std::vector<stores::owner_use>> owners(std::size_t most) override;
  awaitable<std::vector<stores::process_info>> processes() override;
  awaitable<stores::store_stats> stats() override;
  stores::write_figures writes() const override { return writer_.figures(); }
  awaitable<stores::counts_by_tool> counts() override;
  awaitable<bool> pause(std::string_view tool) override;
  awaitable<bool> resume(std::string_view tool) override;
  awaitable<stores::paused_tools> paused() override;
  awaitable<std::vector<std::string>> unknown(std::span<const std::string> ids) override;
  std::string secret() override { return secret_; }
  stores::shared_output* outputs() override { return &outputs_; }
  std::string trouble() const override { return home_.current_trouble().in_short; }
  std::string trouble_in_full() const override { return home_.current_trouble().in_full; }
  stores::found_at_open found() const override { return found_; }
  void close() noexcept override;
  milliseconds report_interval() const noexcept override;
  bool exclusive() const noexcept override { return false; }
  bool durable() const noexcept override { return true; }

 private:
  /// Both run `work` on the database thread, the second one with a connection.
  template <class Work>
  auto on_database_thread(Work work) -> decltype(work());
  template <class Work>
  auto perform(purpose use, Work work) -> decltype(work(std::declval<connection&>()));
  awaitable<void> open_now();
  awaitable<bool> write_pause(std::string_view tool, bool paused);
  class kept_outputs final : public stores::shared_output {
   public:
    explicit kept_outputs(postgres_store& home) : home_(home) {}
    awaitable<bool> write(const stores::output_news& news) override;
    awaitable<std::optional<stores::output_part>> read(std::string_view task,
                                                       std::string_view stream,
                                                       std::optional<std::uint64_t> offset,
                                                       std::size_t most) override;

   private:
    postgres_store& home_;
  };

  bool shows(const task_record& task, std::string_view owner) const;
  bool begin();
  void end() noexcept;

  database home_;
  writer writer_{home_};
  reader whole_{home_, detail::whole}, states_{home_, detail::state};
  claims claims_{home_};
  listener listener_{home_};
  kept_outputs outputs_{*this};
  std::string secret_;
  stores::found_at_open found_;

  guarded_mutex mutex_;
  condition quiet_;
  std::size_t under_way_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  bool closed_ LONGHAUL_GUARDED_BY(mutex_) = false;

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

template <class Work>
auto postgres_store::on_database_thread(Work work) -> decltype(work()) {
  if (!begin()) throw stores::store_error("the store is closed", false);
  // Ends where the work is done: its caller's executor may not run any more.
  struct visit {
    explicit visit(postgres_store& store) : home(store) {}
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit() { home.end(); }
    postgres_store& home;
  };
  auto visiting = [this, work = std::move(work)]() mutable -> decltype(work()) {
    const visit here(*this);
    co_return co_await work();
  };
  auto done = boost::asio::co_spawn(home_.context, std::move(visiting), boost::asio::use_awaitable);
  co_return co_await std::move(done);
}

template <class Work>
auto postgres_store::perform(purpose use, Work work)
    -> decltype(work(std::declval<connection&>())) {
  return on_database_thread([this, use, work = std::move(work)]() mutable {
    return with_connection(home_, use, std::move(work));
  });
}

}  // namespace longhaul::postgres
