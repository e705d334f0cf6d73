// SPDX-License-Identifier: Apache-2.0
#include "tasks/direct_calls.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>
#include <variant>

#include "stores/tunables.hpp"
#include "tasks/certain.hpp"
#include "tasks/outcomes.hpp"

namespace longhaul::tasks {
namespace {

// Everything that may run without a row fits every bound that rows are counted for: then nobody
// needs to count these.
bool allow_all(const engine_options& options) {
  const auto fits = [](std::size_t most, std::size_t all) { return most == 0 || all <= most; };
  const std::size_t runs = options.max_running;
  const std::size_t bytes = runs * (tunables::direct_arguments + stores::tunables::task_overhead);
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

// A quick one runs where its caller is, among whose requests it is counted.
bool needs_slot(const tool_definition& tool) {
  return !is_quick(tool) || tool.options.max_running != 0;
}

}  // namespace

// Of a quick run: it leaves with its frame, which may be destroyed before it has ended.
class direct_calls::presence {
 public:
  presence(direct_calls& calls, std::shared_ptr<direct_run> run)
      : calls_(calls), run_(std::move(run)) {}
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;
  ~presence() { calls_.leave(run_); }

 private:
  direct_calls& calls_;
  const std::shared_ptr<direct_run> run_;
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
         !work.idempotency_key.empty() || work.born_finished;
}

bool direct_calls::take_slot(const submission& work) {
  return !core_.lanes.in_memory().backlog &&
         core_.slots.try_acquire(work.quota.empty() ? work.owner : work.quota, use_of(*work.tool));
}

task_ptr direct_calls::run(const submission& work, const std::shared_ptr<follower>& caller,
                           const boost::asio::any_io_executor& here) {
  if (core_.draining || needs_row(work)) return nullptr;
  const bool slot = needs_slot(*work.tool);
  if (slot && !take_slot(work)) return nullptr;
  const auto run = make_run(work, caller, here, slot);
  core_.direct.put(run);
  core_.log.begin(*run->now());
  if (core_.draining) run->lose(executor_lost_message);  // either it saw us, or we see it
  if (is_quick(*work.tool)) {
    run->tell_states(false);
    boost::asio::co_spawn(here, run_here(run),
                          boost::asio::bind_cancellation_slot(run->stopping()->cancellation(),
                                                              [run](const std::exception_ptr&) {}));
    run->tell_states(true);  // before the state is read: what comes later is told
  } else {
    launcher_.launch(run, here);
  }
  return run->now();
}

std::shared_ptr<direct_run> direct_calls::make_run(const submission& work,
                                                   const std::shared_ptr<follower>& caller,
                                                   const boost::asio::any_io_executor& here,
                                                   bool slot) {
  stores::new_task task;
  task.origin = intake_.origin_for(work);
  task.retention = milliseconds(0);
  task.hidden = true;
  task.claim_for = core_.process;
  auto begun = std::make_shared<task_record>(stores::initial(task, core_.now()));
  const launcher::seat seat = is_quick(*work.tool) ? launcher::seat{std::make_shared<stopper>(here)}
                                                   : launcher_.seat_for(*work.tool);
  auto run = std::make_shared<direct_run>(*this, std::move(begun), work.tool, seat.stopping,
                                          seat.handlers, caller, slot);
  run->was_read(work.arguments.read());
  return run;
}

boost::asio::awaitable<void> direct_calls::run_here(std::shared_ptr<direct_run> run) {
  const presence here(*this, run);
  co_await launcher_.run_coroutine(run);
}

void direct_calls::leave(const std::shared_ptr<direct_run>& run) {
  if (!core_.direct.remove(run)) return;  // it has a row, or left already
  if (run->holds_slot()) core_.slots.release(run->origin()->quota, use_of(run->tool()));
  core_.emptied.tell();
}

void direct_calls::ended(const std::shared_ptr<direct_run>& run) {
  leave(run);
  claimer_.claim_soon();
}

void direct_calls::attach(const direct_run& run) {
  const auto caller = run.told().lock();
  if (!caller) return;
  auto following = core_.hub.follow(run.id(), caller);
  const guard lock(mutex_);
  callers_.insert_or_assign(run.id(), std::move(following));
}

void direct_calls::detach(const std::string& id) {
  hub::subscription last;  // ends without the lock
  const guard lock(mutex_);
  const auto found = callers_.find(id);
  if (found == callers_.end()) return;
  last = std::move(found->second);
  callers_.erase(found);
}

void direct_calls::was_told(const task_record& task) {
  if (task.terminal() && lanes::is_in_memory(task.id())) detach(task.id());
}

// The store in memory completes inline: no other question of the same coroutine comes in between.
boost::asio::awaitable<std::shared_ptr<running_task>> direct_calls::make_row(
    std::shared_ptr<direct_run> run) {
  lane& home = core_.lanes.in_memory();
  const stores::new_task task = run->begin_row();
  if (task.begun->terminal()) co_return nullptr;
  const auto create = [&] { return home.store->create(task); };
  const stores::create_result created = co_await certain(create);
  if (created.code != stores::create_code::created) {
    run->stay();
    throw question_error("the question cannot be kept now (" + std::string(created.bound) + ")");
  }
  auto row = std::make_shared<running_task>(runs_, home, created.task, *run, run->reported(),
                                            run->holds_slot());
  // A change of the row finds it and its caller, before anybody can change the row. Of the creation
  // the caller hears nothing: the run may end at this very moment, and that is its news then.
  attach(*run);
  core_.running.put(row);
  if (run->become(row)) {
    core_.direct.remove(run);
    row->has_news();
    co_return row;
  }
  core_.running.remove(row);
  detach(run->id());
  co_await home.store->cancel(run->origin()->owner, run->id(), std::string_view());
  co_return nullptr;
}

}  // namespace longhaul::tasks
