// SPDX-License-Identifier: Apache-2.0
// What the engine does beside its callers: claims tasks that wait, ticks (reports, limits,
// retention, lease, recovery, audit), drains and stops.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "longhaul/error_codes.hpp"
#include "tasks/certain.hpp"
#include "tasks/engine.hpp"
#include "tasks/running_task.hpp"
#include "tasks/sync.hpp"

namespace longhaul::tasks {

void engine::start() {
  sync(keep_lease());
  if (options_.store->exclusive()) sync(recover_at_start());
  threads_.emplace_back([this] { keeper_.run(); });
  for (const auto& context : handlers_) {
    threads_.emplace_back([&handlers = *context] { handlers.run(); });
  }
  backlog_ = true;  // what an earlier process left waits in the store
  pump();
  if (!options_.manual) {
    boost::asio::post(keeper_, [this] { schedule_tick(); });
  }
}

void engine::watch_trouble() {
  const std::string now = options_.store->trouble_in_full();
  if (now == told_trouble_) return;
  if (now.empty()) {
    options_.log.info("store.mended", "the store can be written again");
  } else {
    log_trouble("store.trouble", now);
  }
  told_trouble_ = now;
}

// --- claiming

// A claim under way has cleared the backlog and may set it again: it must look once more for what
// has changed meanwhile. `pumping_` is read first: a claim that begins later sees the change
// itself.
bool engine::pump_wanted() {
  if (draining_ || !(pumping_ || backlog_ || volatile_backlog_)) return false;
  pump_again_ = true;
  return !pumping_.exchange(true);
}

void engine::pump() {
  if (pump_wanted()) boost::asio::co_spawn(keeper_, pump_all(), boost::asio::detached);
}

awaitable<void> engine::pump_all() {
  while (true) {
    while (pump_again_.exchange(false)) {
      auto durable = pump_store(*options_.store, backlog_);
      const bool some = co_await std::move(durable);
      auto volatile_work = pump_store(*volatile_, volatile_backlog_);
      const bool more = co_await std::move(volatile_work);
      if (some || more) pump_again_ = true;
    }
    pumping_ = false;
    // Whoever asked between the last look and the line above found us pumping.
    if (!pump_again_ || pumping_.exchange(true)) co_return;
  }
}

stores::claim_request engine::claim_for(slots::room room) const {
  stores::claim_request request;
  request.process = process_;
  const auto all = tools().all();
  for (const tool_ptr& tool : *all) {
    request.tools.emplace(tool->options.name, slots_.left(use_of(*tool)));
  }
  request.saturated = std::move(room.saturated);
  request.count = room.count;
  return request;
}

awaitable<bool> engine::pump_store(stores::store& from, std::atomic<bool>& backlog) {
  if (draining_ || !may_claim(from) || !backlog) co_return false;
  slots::room room = slots_.reserve(64);
  const std::size_t count = room.count;
  if (count == 0) co_return false;
  const stores::claim_request request = claim_for(std::move(room));
  // Clear first: a task created while we claim sets it again.
  backlog = false;
  std::vector<task_ptr> claimed;
  try {
    claimed = co_await from.claim(request);
  } catch (const std::exception& e) {
    slots_.give_back(count);
    backlog = true;  // claims whose outcome is unknown are found by the audit
    if (!told()) log_trouble("claim.failed", std::string("the next tick tries again: ") + e.what());
    co_return false;
  }
  // Full, or cut by a bound: look again when somebody gives a slot back.
  const bool cut =
      !request.saturated.empty() || std::any_of(request.tools.begin(), request.tools.end(),
                                                [](const auto& tool) { return tool.second == 0; });
  if (!claimed.empty() || cut) backlog = true;
  std::vector<std::pair<task_ptr, tool_ptr>> found;
  for (task_ptr& task : claimed) {
    tool_ptr tool = tools().find(task->tool());
    if (tool) slots_.use_reserved(task->origin->quota, use_of(*tool));
    found.emplace_back(std::move(task), std::move(tool));
  }
  const auto gone = std::count_if(found.begin(), found.end(),
                                  [](const auto& each) { return each.second == nullptr; });
  slots_.give_back(count - found.size() + static_cast<std::size_t>(gone));
  for (auto& [task, tool] : found) {
    if (tool) {
      co_await start(from, std::move(task), std::move(tool));
    } else {  // removed since it was claimed: it waits as before
      co_await hand_back(from, std::move(task));
    }
  }
  co_return !claimed.empty();
}

// --- ticking

void engine::schedule_tick() {
  if (closing_) return;
  timer_.expires_after(options_.tick_interval);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || closing_) return;
    boost::asio::co_spawn(keeper_, housekeep(),
                          [this](const std::exception_ptr&) { schedule_tick(); });
  });
}

void engine::tick() {
  {
    const std::lock_guard lock(tick_mutex_);
    sync(housekeep());
  }
  hub_.look_at_the_clock();
}

awaitable<void> engine::housekeep() {
  watch_trouble();
  using step = awaitable<void> (engine::*)();
  for (const step part :
       {&engine::keep_lease, &engine::recover_lost, &engine::flush_reports, &engine::retry_deferred,
        &engine::expire_and_purge, &engine::look_for_work, &engine::audit}) {
    try {
      auto work = (this->*part)();
      co_await std::move(work);
    } catch (const std::exception& e) {
      if (told()) continue;
      log_trouble("upkeep.failed", std::string("the next tick tries again: ") + e.what());
    }
  }
}

awaitable<void> engine::keep_lease() {
  const monotonic_time now = clock().monotonic();
  if (renewed_at_ && now - *renewed_at_ < options_.renew_every) co_return;
  stores::renew_result result;
  try {
    auto renewing = options_.store->renew(process_, options_.lease);
    result = co_await std::move(renewing);
  } catch (const std::exception& e) {
    // What we hold stays ours until a write says otherwise; we only claim nothing new.
    if (!renewed_at_ || now - *renewed_at_ > options_.lease - options_.trust_margin) {
      may_claim_ = false;
      alive_since_.reset();
    }
    if (!told()) log_trouble("lease.not_renewed", e.what());
    co_return;
  }
  if (!result.alive) {
    renewed_at_ = now;  // asked again, and said again, with the next renewal only
    may_claim_ = false;
    alive_since_.reset();
    log_trouble(
        "lease.lost",
        "this process was declared dead (its lease had run out): it claims nothing any more");
    co_return;
  }
  if (!alive_since_ || now - *renewed_at_ > options_.lease) alive_since_ = now;
  renewed_at_ = now;
  may_claim_ = true;
  auto volatile_lease = volatile_->renew(process_, options_.lease);
  co_await std::move(volatile_lease);
}

// Only who kept its own lease for a whole one may declare others dead: after an outage of the store
// everybody's lease has run out, and nobody is dead.
awaitable<void> engine::recover_lost() {
  if (!recovered_) {
    auto recovering = recover_now();
    co_await std::move(recovering);
    recovered_ = true;
    backlog_ = true;
  }
  const monotonic_time now = clock().monotonic();
  if (!alive_since_ || now - *alive_since_ < options_.lease) co_return;
  if (recovered_at_ && now - *recovered_at_ < options_.lease / 3) co_return;
  recovered_at_ = now;
  auto recovering = recover_now();
  co_await std::move(recovering);
}

// Nobody is served before it is done, so a store that stumbles is given a few more chances.
awaitable<void> engine::recover_at_start() {
  auto delay = std::chrono::steady_clock::duration(tunables::retry_delay);
  for (int attempt = 0;; ++attempt) {
    try {
      auto recovering = recover_now();
      co_await std::move(recovering);
      co_return;
    } catch (const stores::store_error& e) {
      if (!options_.store->trouble().empty()) {
        // A full disk: what is there can be read meanwhile.
        recovered_ = false;
        log_trouble("recover.waits", std::string("nothing runs before: ") + e.what());
        co_return;
      }
      if (attempt == tunables::retry_attempts) throw;
      log_trouble("recover.failed", std::string("once more: ") + e.what());
    }
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, delay);
    auto waiting = timer.async_wait(boost::asio::use_awaitable);
    co_await std::move(waiting);
    delay *= 4;
  }
}

awaitable<void> engine::recover_now() {
  auto recovering = options_.store->recover();
  const stores::recover_result result = co_await std::move(recovering);
  if (result.handed_back + result.failed == 0) co_return;
  options_.log.info("recover", "tasks of processes that are gone",
                    {{"rerun", result.handed_back}, {"failed", result.failed}});
  backlog_ = true;
}

void engine::mark_dirty(const std::shared_ptr<running_task>& run) {
  const std::lock_guard lock(dirty_mutex_);
  dirty_.push_back(run);
}

awaitable<void> engine::flush_reports() {
  std::vector<std::shared_ptr<running_task>> due, later;
  {
    const std::lock_guard lock(dirty_mutex_);
    due.swap(dirty_);
  }
  const monotonic_time now = clock().monotonic();
  for (const auto& run : due) {
    if (run->ending()) continue;  // its end takes the last report along
    if (now - run->last_report < run->store().report_interval()) {
      later.push_back(run);
      continue;
    }
    auto change = run->take_report();
    if (!change) continue;
    run->last_report = now;
    try {
      auto reporting = run->store().report(run->id(), run->writer(), *change);
      const stores::change_result result = co_await std::move(reporting);
      if (result.code == stores::change_code::superseded ||
          result.code == stores::change_code::already_terminal ||
          result.code == stores::change_code::not_found) {
        run->request_stop();
      }
    } catch (const stores::store_error& e) {
      log_trouble("task.report_unwritten", e.what(), run->id());
      run->put_back(*change);
    }
  }
  const std::lock_guard lock(dirty_mutex_);
  dirty_.insert(dirty_.end(), later.begin(), later.end());
}

awaitable<void> engine::retry_deferred() {
  std::vector<std::pair<std::shared_ptr<running_task>, outcome>> ends;
  {
    const std::lock_guard lock(deferred_mutex_);
    ends.swap(deferred_);
  }
  for (auto& [run, result] : ends) {
    auto writing = write_end(run, std::move(result));
    if (co_await std::move(writing)) forget(run);
  }
}

awaitable<void> engine::expire_and_purge() {
  // The one in memory first: it never fails, and must not grow while the other one is down. It
  // holds every plain call of a `never` tool for one tick: take all of them.
  std::size_t removed = tunables::tick_batch;
  while (removed == tunables::tick_batch) {
    auto volatile_old = purge(*volatile_);
    removed = co_await std::move(volatile_old);
  }
  auto volatile_limits = volatile_->expire(tunables::tick_batch);
  co_await std::move(volatile_limits);
  auto limits = options_.store->expire(tunables::tick_batch);
  co_await std::move(limits);
  auto old = purge(*options_.store);
  co_await std::move(old);
}

awaitable<std::size_t> engine::purge(stores::store& in) {
  auto removing = in.purge(tunables::tick_batch);
  const std::vector<std::string> removed = co_await std::move(removing);
  if (options_.on_removed && !removed.empty()) options_.on_removed(removed);
  co_return removed.size();
}

awaitable<std::size_t> engine::remove_expired() {
  std::size_t total = 0, removed = tunables::tick_batch, failed = tunables::tick_batch;
  while (failed == tunables::tick_batch) {
    auto limits = options_.store->expire(tunables::tick_batch);
    failed = co_await std::move(limits);
  }
  while (removed == tunables::tick_batch) {
    auto old = purge(*options_.store);
    removed = co_await std::move(old);
    total += removed;
  }
  co_return total;
}

awaitable<void> engine::look_for_work() {
  const monotonic_time now = clock().monotonic();
  if (!looked_at_ || now - *looked_at_ >= options_.claim_poll) {
    looked_at_ = now;
    backlog_ = true;
  }
  pump();
  co_return;
}

// A claim of this boot without a running handler: its create or claim was committed although we
// were told otherwise. Seen twice in a row, it is handed back or failed.
awaitable<void> engine::audit() {
  const monotonic_time now = clock().monotonic();
  if (audited_at_ && now - *audited_at_ < options_.audit_every) co_return;
  audited_at_ = now;
  auto reading = options_.store->claimed(process_);
  const auto claims = co_await std::move(reading);
  std::set<std::pair<std::string, std::uint64_t>> unknown;
  for (const task_ptr& task : claims) {
    if (find_running(task->id())) continue;
    std::pair<std::string, std::uint64_t> claim(task->id(), task->epoch);
    if (!suspects_.contains(claim)) {
      unknown.insert(std::move(claim));
      continue;
    }
    log_trouble("task.unclaimed", "claimed here, but nothing runs it; giving it back", task->id());
    auto giving = give_up(*options_.store, task);
    co_await std::move(giving);
  }
  suspects_ = std::move(unknown);
}

awaitable<void> engine::hand_back(stores::store& in, task_ptr task) {
  const stores::writer writer{task->epoch, {}};
  try {
    const auto release = [&] { return in.release(task->id(), writer); };
    co_await certain(release);
  } catch (const std::exception& e) {
    log_trouble("task.not_handed_back", e.what(), task->id());
  }
}

awaitable<void> engine::give_up(stores::store& in, task_ptr task) {
  const stores::writer by{task->epoch, {}};
  // What exists in memory only runs nowhere else.
  if (task->origin->crash_policy == on_crash::rerun && &in == options_.store.get()) {
    auto releasing = certain([&] { return in.release(task->id(), by); });
    co_await std::move(releasing);
    backlog_ = true;
    co_return;
  }
  const std::string message = "executor lost, outcome unknown";
  const outcome lost = outcome::protocol_error(error_codes::executor_lost, message);
  auto failing = certain([&] { return in.finish(task->id(), by, lost, message); });
  co_await std::move(failing);
}

// --- ending

void engine::drain(milliseconds grace, milliseconds stop_grace) {
  if (draining_.exchange(true)) return hurry();
  launch_all();  // a caller's loop that ends now may not come to it
  const auto idle = [this] { return running() == 0; };
  {
    std::unique_lock lock(idle_mutex_);
    idle_.wait_for(lock, grace, [&] { return hurry_ || idle(); });
  }
  for (const auto& run : all_running()) {
    if (run->ending()) continue;           // its end is known and about to be written
    if (run->stop_requested()) continue;   // its end is written, or it is not ours any more
    if (run->leave_unstarted()) continue;  // whoever was about to start it hands it back
    try {
      if (auto change = run->take_report()) {
        sync(certain([&] { return run->store().report(run->id(), run->writer(), *change); }));
      }
      sync(give_up(run->store(), run->claimed()));
    } catch (const std::exception& e) {
      log_trouble("task.not_handed_back", e.what(), run->id());
    }
    run->request_stop();
  }
  {
    std::unique_lock lock(idle_mutex_);
    idle_.wait_for(lock, stop_grace, idle);
  }
  hub_.drained();  // what still waits for a slot gets none
}

void engine::hurry() {
  hurry_ = true;
  const std::lock_guard lock(idle_mutex_);
  idle_.notify_all();
}

void engine::stop() {
  if (closing_.exchange(true)) return;
  draining_ = true;
  launch_all();
  for (const auto& run : all_running()) run->request_stop();
  pool_.close();  // waits for blocking handlers
  handler_work_.clear();
  {  // What handlers have left behind on their threads is nobody's, and may run for ever.
    std::unique_lock lock(idle_mutex_);
    idle_.wait(lock, [&] { return live_ == 0; });
  }
  for (const auto& context : handlers_) context->stop();
  keeper_work_.reset();
  boost::asio::post(keeper_, [this] { timer_.cancel(); });
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace longhaul::tasks
