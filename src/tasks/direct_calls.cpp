// SPDX-License-Identifier: Apache-2.0
#include "tasks/direct_calls.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>
#include <variant>

#include "longhaul/stores/bounds.hpp"
#include "tasks/certain.hpp"
#include "tasks/outcomes.hpp"

namespace longhaul::tasks {
namespace {

// Everything that may run without a row fits every bound that rows are counted for: then nobody
// needs to count these.
bool allow_all(const engine_options& options) {
  const auto fits = [](std::size_t most, std::size_t all) { return most == 0 || all <= most; };
  const std::size_t runs = 2 * options.max_running;  // with slots, and quick ones without
  const std::size_t bytes = runs * (tunables::direct_arguments + stores::rules::task_overhead);
  const stores::create_bounds& count = options.bounds;
  const byte_limits& size = options.limits;
  return fits(count.open_per_quota, runs) && fits(count.open_total, runs) &&
         fits(count.stored_per_quota, runs) && fits(count.stored_total, runs) &&
         fits(size.max_open_bytes_per_owner, bytes) && fits(size.max_open_bytes, bytes) &&
         fits(size.max_stored_bytes_per_owner, bytes) && fits(size.max_stored_bytes, bytes) &&
         fits(size.max_memory / 2, bytes);
}

bool is_quick(const tool_definition& tool) {
  return tool.options.quick && std::holds_alternative<coroutine_handler>(tool.handler);
}

}  // namespace

// Of a quick handler: it is counted as long as its frame is there, started or not. A frame that is
// destroyed before its handler has ended (its executor is gone) takes all of the call along.
class direct_calls::presence {
 public:
  explicit presence(direct_calls& calls)
      : calls_(calls), others_(calls.core_.visiting.fetch_add(1)), counts_(true) {}
  presence(presence&& other) noexcept
      : calls_(other.calls_),
        others_(other.others_),
        counts_(std::exchange(other.counts_, false)),
        run_(std::move(other.run_)) {}
  presence& operator=(presence&&) = delete;
  ~presence() {
    if (!counts_) return;
    if (run_) calls_.abandon(run_);
    engine_core& core = calls_.core_;
    core.emptied.tell([&core] { --core.visiting; });
  }

  /// How many there were before it.
  std::size_t others() const noexcept { return others_; }
  void is_of(std::shared_ptr<direct_run> run) noexcept { run_ = std::move(run); }
  const std::shared_ptr<direct_run>& run() const noexcept { return run_; }
  /// Its handler has ended.
  void over() noexcept { run_.reset(); }

 private:
  direct_calls& calls_;
  const std::size_t others_;
  bool counts_;
  std::shared_ptr<direct_run> run_;
};

direct_calls::direct_calls(engine_core& core, launcher& starts, intake& submissions, runs& rows,
                           claimer& claims)
    : core_(core),
      launcher_(starts),
      intake_(submissions),
      runs_(rows),
      claimer_(claims),
      bounds_allow_(allow_all(core.options)) {}

bool direct_calls::needs_row(const submission& work) const noexcept {
  const tool_options& tool = work.tool->options;
  const std::size_t most = core_.options.limits.max_arguments;
  const std::size_t size = work.arguments.json().size() + work.meta.size();
  return !bounds_allow_ || size > tunables::direct_arguments || (most != 0 && size > most) ||
         tool.policy != task_policy::never || tool.external || tool.plain_retention ||
         !work.idempotency_key.empty() || work.born_finished || wants_queue(tool) ||
         core_.paused.contains(tool.name);
}

// Rows that wait for a slot come first.
bool direct_calls::take(slot_hold& slot) const {
  return !core_.lanes.in_memory().backlog && slot.take();
}

task_ptr direct_calls::run(const submission& work, const std::shared_ptr<follower>& caller,
                           const boost::asio::any_io_executor& here) {
  if (core_.draining || needs_row(work)) return nullptr;
  return is_quick(*work.tool) ? run_here(work, caller, here) : run_elsewhere(work, caller, here);
}

task_ptr direct_calls::run_here(const submission& work, const std::shared_ptr<follower>& caller,
                                const boost::asio::any_io_executor& here) {
  presence visitor(*this);
  slot_hold slot(core_, claimer_, work.quota_or_owner(), use_of(*work.tool));
  const bool limited = work.tool->options.max_running != 0;
  if (limited ? !take(slot) : visitor.others() >= core_.options.max_running) return nullptr;
  const auto run = make_run(work, caller, {std::make_shared<stopper>(here)}, limited);
  if (!enter(run, slot)) return run->now();
  visitor.is_of(run);
  boost::asio::co_spawn(here, visit(std::move(visitor)),
                        boost::asio::bind_cancellation_slot(run->stopping()->cancellation(),
                                                            [run](const std::exception_ptr&) {}));
  return run->tell_from_now();
}

boost::asio::awaitable<void> direct_calls::visit(presence visitor) {
  co_await launcher_.run_coroutine(visitor.run());
  visitor.over();
}

task_ptr direct_calls::run_elsewhere(const submission& work,
                                     const std::shared_ptr<follower>& caller,
                                     const boost::asio::any_io_executor& here) {
  slot_hold slot(core_, claimer_, work.quota_or_owner(), use_of(*work.tool));
  if (!take(slot)) return nullptr;
  const auto run = make_run(work, caller, launcher_.seat_for(*work.tool), true);
  if (!enter(run, slot)) return run->now();
  try {
    launcher_.launch(run, here);
  } catch (...) {
    leave(*run);
    throw;
  }
  return run->tell_from_now();
}

std::shared_ptr<direct_run> direct_calls::make_run(const submission& work,
                                                   const std::shared_ptr<follower>& caller,
                                                   launcher::seat seat, bool slot) {
  stores::new_task task;
  task.origin = intake_.origin_for(work);
  task.retention = milliseconds(0);
  task.hidden = true;
  task.answered = work.answered;
  task.claim_for = core_.process.get();
  auto begun = std::make_shared<task_record>(stores::initial(task, core_.now()));
  core_.log.begin(*begun);
  for (const auto& one : core_.options.observers) one->created(*begun);
  auto run = std::make_shared<direct_run>(*this, std::move(begun), work.tool,
                                          std::move(seat.stopping), seat.handlers, caller, slot);
  run->was_read(work.arguments.read());
  return run;
}

// False: a drain has begun, and it has ended already. Either the drain sees the run, or we see the
// drain.
bool direct_calls::enter(const std::shared_ptr<direct_run>& run, slot_hold& slot) {
  core_.direct.put(run);
  slot.keep();  // it is given back when the run leaves
  if (!core_.draining) return true;
  run->lose("the server is shutting down");
  leave(*run);
  return false;
}

void direct_calls::leave(direct_run& run) noexcept {
  if (!core_.direct.remove(run)) return;  // it has a row, or left already
  core_.emptied.tell();
  if (!run.holds_slot()) return;
  core_.slots.release(run.origin()->quota, use_of(run.tool()));
  claimer_.claim_soon();
}

// Its executor is gone: nobody will ever say how it ended, nor hear of it there.
void direct_calls::abandon(const std::shared_ptr<direct_run>& run) noexcept {
  run->abandon();
  leave(*run);
  detach(run->id());
  if (const auto row = run->row_or_null()) runs_.abandon(row);
}

// --- its row

void direct_calls::attach(const direct_run& run) {
  const auto caller = run.told().lock();
  if (!caller) return;
  auto following = core_.hub.follow(run.id(), caller);
  const guard lock(mutex_);
  callers_.insert_or_assign(run.id(), std::move(following));
  attached_ = callers_.size();
}

void direct_calls::detach(const std::string& id) {
  if (attached_ == 0) return;
  hub::subscription last;  // ends without the lock
  const guard lock(mutex_);
  const auto found = callers_.find(id);
  if (found == callers_.end()) return;
  last = std::move(found->second);
  callers_.erase(found);
  attached_ = callers_.size();
}

void direct_calls::was_told(const task_record& task) {
  if (task.terminal() && lanes::is_in_memory(task.id())) detach(task.id());
}

// If no row comes of it, whatever the reason, the run stays what it was.
class direct_calls::row_in_the_making {
 public:
  explicit row_in_the_making(direct_run& run) : run_(run) {}
  row_in_the_making(const row_in_the_making&) = delete;
  row_in_the_making& operator=(const row_in_the_making&) = delete;
  ~row_in_the_making() { run_.stay(); }

 private:
  direct_run& run_;
};

stores::new_task direct_calls::row_of(direct_run& run) const {
  stores::new_task row = run.begin_row();
  row.bounds = core_.options.bounds;
  return row;
}

// The store in memory completes inline: no other question of the same coroutine comes in between.
boost::asio::awaitable<std::shared_ptr<running_task>> direct_calls::make_row(
    std::shared_ptr<direct_run> run) {
  const lane& home = core_.lanes.in_memory();
  const row_in_the_making making(*run);
  const stores::new_task task = row_of(*run);
  if (task.begun->terminal()) co_return nullptr;
  std::exception_ptr failure;
  try {
    task_ptr created = co_await create_row(task);
    if (auto row = adopt(run, std::move(created))) co_return row;
  } catch (...) {
    failure = std::current_exception();
  }
  detach(run->id());  // the end of this row is no news of the run
  co_await home.store->cancel(run->origin()->owner, run->id(), std::string_view());
  if (failure) std::rethrow_exception(failure);
  co_return nullptr;
}

// Whatever it throws, there may be a row now: its observers come after it.
boost::asio::awaitable<task_ptr> direct_calls::create_row(const stores::new_task& task) {
  const auto create = [&] { return core_.lanes.in_memory().store->create(task); };
  stores::create_result created = co_await certain(create);
  if (created.code != stores::create_code::created) {
    core_.tell_refusal(*task.origin, created.bound);
    throw question_error("the question cannot be kept now (" + std::string(created.bound) + ")");
  }
  co_return std::move(created.task);
}

// Null: it has ended meanwhile. A change of the row finds it and its caller, before anybody can
// change the row. Of the creation the caller hears nothing: the run may end at this very moment,
// and that is its news then.
std::shared_ptr<running_task> direct_calls::adopt(const std::shared_ptr<direct_run>& run,
                                                  task_ptr row) {
  auto adopted = std::make_shared<running_task>(runs_, core_.lanes.in_memory(), std::move(row),
                                                *run, run->reported(), run->holds_slot());
  attach(*run);
  core_.running.put(adopted);
  bool is_row = false;
  try {
    adopted->has_news();
    is_row = run->become(adopted);
  } catch (...) {
    core_.running.remove(*adopted);
    throw;
  }
  if (!is_row) {
    core_.running.remove(*adopted);
    return nullptr;
  }
  core_.direct.remove(*run);
  catch_up(*run, *adopted);
  return adopted;
}

// A tick may have ended the row before anybody followed it.
void direct_calls::catch_up(direct_run& run, running_task& row) {
  const task_ptr now = row.store().known(run.id());
  if (now && !now->terminal()) return;
  if (const auto caller = run.told().lock(); caller && now) caller->on_task(now);
  detach(run.id());
  row.request_stop();
}

}  // namespace longhaul::tasks
