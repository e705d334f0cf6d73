// SPDX-License-Identifier: Apache-2.0
#include "postgres/postgres_store.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <utility>

#include "longhaul/stores/cursor.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/stores/transitions.hpp"
#include "postgres/opening.hpp"
#include "postgres/outputs.hpp"
#include "postgres/patience.hpp"
#include "postgres/places.hpp"
#include "postgres/reads.hpp"
#include "postgres/tunables.hpp"
#include "postgres/upkeep.hpp"

namespace longhaul::postgres {

namespace asio = boost::asio;

postgres_store::postgres_store(database_options options)
    : home_(std::move(options)), work_(home_.context.get_executor()) {
  thread_ = std::thread([this] { home_.context.run(); });
  try {
    asio::co_spawn(home_.context, open_now(), asio::use_future).get();
  } catch (const stores::store_error& e) {
    close();
    throw std::runtime_error(std::string("the store cannot be opened: ") + e.what());
  } catch (...) {
    close();
    throw;
  }
}

awaitable<void> postgres_store::open_now() {
  const auto open = [this](connection& link) { return open_database(home_, link); };
  opened there = co_await with_connection(home_, purpose::reads, open);
  secret_ = std::move(there.secret);
  found_ = std::move(there.found);
  listener_.start();
}

bool postgres_store::begin() {
  const guard lock(mutex_);
  if (closed_) return false;
  ++under_way_;
  return true;
}

void postgres_store::end() noexcept {
  const guard lock(mutex_);
  --under_way_;
  quiet_.notify_all();
}

// What is under way comes to its end, and with it the thread, which has nothing to do then.
void postgres_store::close() noexcept {
  {
    guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    while (under_way_ > 0) quiet_.wait(lock);
  }
  writer_.close();
  whole_.close();
  states_.close();
  asio::post(home_.context, [this] { listener_.stop(); });
  work_.reset();
  if (thread_.joinable()) thread_.join();
  home_.links.close();
  home_.lease_link.close();
}

bool postgres_store::shows(const task_record& task, std::string_view owner) const {
  return task.owner() == owner && !stores::expired(task, now().mono);
}

void postgres_store::limit(const stores::byte_bounds& bounds) {
  std::promise<void> done;
  asio::post(home_.context, [&] {
    home_.use.limit(bounds);
    done.set_value();
  });
  done.get_future().wait();
}

milliseconds postgres_store::report_interval() const noexcept { return tunables::gather_reports; }

// --- callers' side

awaitable<stores::create_result> postgres_store::create(const stores::new_task& task) {
  return writer_.create(task);
}

awaitable<task_ptr> postgres_store::get(std::string_view owner, std::string_view id) {
  if (!is_task_id(id)) co_return nullptr;
  const task_ptr found = co_await whole_.find(id);
  co_return found&& shows(*found, owner) ? found : nullptr;
}

awaitable<task_ptr> postgres_store::look(std::string_view owner, std::string_view id) {
  if (!is_task_id(id)) co_return nullptr;
  const task_ptr found = co_await states_.find(id);
  co_return found&& shows(*found, owner) ? found : nullptr;
}

awaitable<std::optional<stores::list_page>> postgres_store::list(std::string_view owner,
                                                                 std::optional<task_status> status,
                                                                 std::string_view cursor,
                                                                 std::size_t limit) {
  page_request wanted;
  wanted.owner = owner;
  wanted.status = status;
  if (!cursor.empty()) {
    const auto last = stores::parse_cursor(cursor);
    if (!last) co_return std::nullopt;
    wanted.before = *last;
  }
  limit = std::clamp<std::size_t>(limit, 1, std::size_t{1} << 30U);
  wanted.limit = limit + 1;  // one more: is there a next page?
  const auto read = [&](connection& link) { return page_of(home_, link, wanted); };
  stores::list_page page;
  for (task_row& row : co_await perform(purpose::reads, read)) {
    page.tasks.push_back(std::move(row.record));
  }
  if (page.tasks.size() > limit) {
    page.tasks.resize(limit);
    page.next_cursor = stores::make_cursor(page.tasks.back()->id());
  }
  co_return page;
}

awaitable<stores::change_result> postgres_store::answer(
    std::string_view owner, std::string_view id, std::span<const stores::response> responses) {
  return writer_.change(
      id, owner,
      [responses](const task_record& task, stores::instant now) {
        return stores::answered(task, responses, now);
      },
      growth::bounded);
}

awaitable<stores::change_result> postgres_store::cancel(std::string_view owner, std::string_view id,
                                                        std::string_view reason,
                                                        stores::visibility sees) {
  const auto next = [reason, sees](const task_record& task, stores::instant now) {
    return stores::cancelled(task, reason, sees, now);
  };
  bool repeated = false;
  stores::change_result result =
      co_await writer_.change(id, owner, next, growth::free, 0, &repeated);
  // A repetition finds what the first attempt did.
  const bool ours = repeated && result.code == stores::change_code::already_terminal &&
                    result.task->status == task_status::cancelled;
  if (ours) result.code = stores::change_code::applied;
  co_return result;
}

awaitable<stores::change_result> postgres_store::set_retention(
    std::string_view owner, std::string_view id, std::optional<milliseconds> retention) {
  return writer_.change(id, owner, [retention](const task_record& task, stores::instant now) {
    return stores::retained(task, retention, now);
  });
}

awaitable<stores::change_result> postgres_store::reveal(std::string_view owner, std::string_view id,
                                                        std::optional<milliseconds> retention) {
  return writer_.change(id, owner, [retention](const task_record& task, stores::instant now) {
    return stores::revealed(task, retention, now);
  });
}

// --- workers' side

awaitable<stores::change_result> postgres_store::report(std::string_view id, stores::writer worker,
                                                        const stores::report_change& change) {
  return writer_.change(
      id, std::nullopt,
      [worker, &change](const task_record& task, stores::instant now) {
        return stores::reported(task, worker, change, now);
      },
      growth::free, change.checkpoint.size());
}

awaitable<stores::change_result> postgres_store::ask(std::string_view id, stores::writer worker,
                                                     std::span<const stores::question> questions) {
  return writer_.change(id, std::nullopt,
                        [worker, questions](const task_record& task, stores::instant now) {
                          return stores::asked(task, worker, questions, now);
                        });
}

awaitable<stores::change_result> postgres_store::finish(std::string_view id, stores::writer worker,
                                                        const outcome& result,
                                                        std::string_view message) {
  return writer_.end_run(
      id, worker,
      [worker, &result, message](const task_record& task, stores::instant now) {
        return stores::finished(task, worker, result, message, now);
      },
      result.body.size());
}

awaitable<stores::change_result> postgres_store::retry(std::string_view id, stores::writer worker,
                                                       std::string_view why,
                                                       monotonic_time not_before) {
  return writer_.end_run(id, worker,
                         [worker, why, not_before](const task_record& task, stores::instant now) {
                           return stores::retried(task, worker, why, not_before, now);
                         });
}

awaitable<stores::change_result> postgres_store::release(std::string_view id,
                                                         stores::writer worker) {
  return writer_.end_run(id, worker, [worker](const task_record& task, stores::instant now) {
    return stores::released(task, worker, now);
  });
}

// --- processes

awaitable<std::vector<task_ptr>> postgres_store::claim(const stores::claim_request& request) {
  if (!home_.plan.starts.is_over(now().mono)) co_return std::vector<task_ptr>();  // idle is cheap
  const auto begin = [this, &request](connection& link) { return claims_.claim(link, request); };
  co_return co_await perform(purpose::writes, begin);
}

awaitable<std::size_t> postgres_store::queued_before(std::string_view id, std::size_t most) {
  return perform(purpose::reads, [this, id = std::string(id), most](connection& link) {
    return count_before(home_, link, id, most);
  });
}

awaitable<stores::renew_result> postgres_store::renew(process_id process, milliseconds lease) {
  return perform(purpose::lease, [this, process, lease, first = true](connection& link) mutable {
    const auto limit =
        std::exchange(first, false) ? tunables::renewal_answer_time : tunables::answer_time;
    return postgres::renew(home_, link, process, lease, limit);
  });
}

awaitable<stores::recover_result> postgres_store::recover() {
  return perform(purpose::writes,
                 [this](connection& link) { return postgres::recover(home_, link); });
}

awaitable<std::vector<task_ptr>> postgres_store::claimed(process_id process) {
  return perform(purpose::reads,
                 [this, process](connection& link) { return claimed_by(home_, link, process); });
}

awaitable<void> postgres_store::leave(std::string_view id, std::uint64_t epoch) {
  const auto free = [this, id, epoch](connection& link) {
    return leave_place(home_, link, id, epoch);
  };
  co_await perform(purpose::reads, free);
}

awaitable<std::vector<stores::run_name>> postgres_store::held(process_id process) {
  return perform(purpose::reads, [this, process](connection& link) {
    return places_left_behind(home_, link, process);
  });
}

awaitable<std::vector<task_ptr>> postgres_store::external(std::string_view tool,
                                                          std::string_view after,
                                                          std::size_t limit) {
  const auto read = [this, tool = std::string(tool), after = std::string(after),
                     limit](connection& link) {
    return external_tasks(home_, link, tool, after, limit);
  };
  std::vector<task_ptr> result;
  for (task_row& row : co_await perform(purpose::reads, read)) {
    result.push_back(std::move(row.record));
  }
  co_return result;
}

// --- what is due

awaitable<std::size_t> postgres_store::expire(std::size_t most) {
  if (!home_.plan.limits.is_over(now().mono)) co_return 0;
  const auto some = [this, most](connection& link) { return postgres::expire(home_, link, most); };
  co_return co_await perform(purpose::writes, some);
}

awaitable<std::vector<std::string>> postgres_store::purge(std::size_t most) {
  std::vector<std::string> removed;
  while (removed.size() < most && home_.plan.removals.is_over(now().mono)) {
    const std::size_t chunk = std::min(tunables::upkeep_chunk, most - removed.size());
    const auto some = [this, chunk](connection& link) {
      return postgres::purge(home_, link, chunk);
    };
    purged gone;
    try {
      gone = co_await perform(purpose::writes, some);
    } catch (const stores::store_error&) {  // what was removed before is told all the same
      if (removed.empty()) throw;
    }
    std::ranges::move(gone.ids, std::back_inserter(removed));
    if (gone.all) break;
  }
  co_return removed;
}

// --- what programs print

// An operation that is repeated finds what it did.
awaitable<bool> postgres_store::kept_outputs::write(const stores::output_news& news) {
  return home_.perform(purpose::reads, [this, &news](connection& link) {
    return write_output(home_.home_, link, news);
  });
}

awaitable<std::optional<stores::output_part>> postgres_store::kept_outputs::read(
    std::string_view task, std::string_view stream, std::optional<std::uint64_t> offset,
    std::size_t most) {
  return home_.perform(purpose::reads, [=, this](connection& link) {
    return read_output(home_.home_, link, task, stream, offset, most);
  });
}

// --- the rest

awaitable<std::vector<std::string>> postgres_store::unknown(std::span<const std::string> ids) {
  return perform(purpose::reads,
                 [this, ids](connection& link) { return unknown_of(home_, link, ids); });
}

}  // namespace longhaul::postgres
