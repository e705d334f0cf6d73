// SPDX-License-Identifier: Apache-2.0
#include "tasks/intake.hpp"

#include <algorithm>
#include <utility>

#include "base/digest.hpp"
#include "base/random.hpp"
#include "json/canonical.hpp"
#include "longhaul/stores/bounds.hpp"
#include "tasks/certain.hpp"
#include "tasks/offload.hpp"
#include "tasks/outcomes.hpp"
#include "tasks/slot_hold.hpp"
#include "typed/key_template.hpp"

namespace longhaul::tasks {
namespace {

stores::create_result busy(std::string_view bound) {
  return {stores::create_code::busy, nullptr, bound};
}

}  // namespace

// A slot, or a place beyond them for a handler that hands its work over; or nothing, and the task
// waits.
class intake::place {
 public:
  place(engine_core& core, claimer& claims, const task_origin& origin, tool_use use)
      : core_(core), slot_(core, claims, origin.quota, use) {}
  place(const place&) = delete;
  place& operator=(const place&) = delete;
  ~place() {
    if (beyond_) --core_.handing_over;
  }

  bool take_slot() { return slot_.take(); }
  /// False: they never wait for a slot, so they are refused where others would wait.
  bool take_beyond() {
    beyond_ =
        core_.handing_over.fetch_add(1) < core_.options.max_running + core_.options.max_parked;
    if (!beyond_) --core_.handing_over;
    return beyond_;
  }
  bool any() const noexcept { return slot_.held() || beyond_; }
  /// From now on it is the run's.
  void use() noexcept {
    slot_.keep();
    beyond_ = false;
  }

 private:
  engine_core& core_;
  slot_hold slot_;
  bool beyond_ = false;
};

std::optional<milliseconds> intake::retention_for(const tool_definition& tool, bool wished,
                                                  std::optional<milliseconds> wish) const {
  std::optional<milliseconds> wanted = core_.options.default_retention;
  if (wished) {
    wanted = wish;
  } else if (tool.options.retention) {
    wanted = tool.options.retention;
  }
  return within_bounds(wanted);
}

std::optional<milliseconds> intake::within_bounds(std::optional<milliseconds> retention) const {
  const auto& most = core_.options.max_retention;
  if (retention == milliseconds::max()) retention.reset();
  if (retention) retention = std::max(*retention, milliseconds(0));
  if (!most) return retention;
  return retention ? std::min(*retention, *most) : most;
}

// The work behind a plain call is kept for its waiter alone, and for who reads what it left.
std::optional<milliseconds> intake::retention_of(const submission& work, const lane& home) const {
  const tool_definition& tool = *work.tool;
  if (!work.hidden) return retention_for(tool, work.retention_given, work.retention);
  const bool keyed = !work.idempotency_key.empty();
  milliseconds least{0};
  if (keyed) least = tunables::hidden_retention_keyed_in_memory;
  if (home.is_durable && !home.store->exclusive()) {
    least = tunables::hidden_retention_shared;
  } else if (home.is_durable) {
    least = std::max<milliseconds>(least, tunables::hidden_retention);
    if (keyed && home.store->durable()) least = tunables::hidden_retention_keyed;
  }
  const milliseconds kept = std::max(least, tool.options.plain_retention.value_or(least));
  return tool.options.unique ? std::max(kept, tool.options.unique_for) : kept;
}

// The same in all processes that share it, and nothing that tells of its secret.
std::string intake::store_name() const {
  constexpr std::size_t bytes = 12;
  return in_hex(sha256("who keeps keys" + core_.lanes.durable().store->secret()), bytes);
}

std::string intake::keys_kept_by() const { return store_name() + "." + process_; }

// A call that is repeated may have been carried out by a process that has ended, or by another one
// that keeps its calls to itself, or its work has ended and is gone.
bool intake::may_be_forgotten(const submission& work, const lane& home,
                              std::optional<milliseconds> retention) const {
  if (!work.first_sent || work.idempotency_key.empty()) return false;
  if (work.first_sent->cancelled) return true;
  const milliseconds since = core_.lanes.durable().store->now().wall - work.first_sent->at;
  const bool strange = since < milliseconds(0);  // the clock was set back
  if (strange || (retention && since >= *retention)) return true;
  const std::string& kept_by = work.first_sent->kept_by;
  if (home.is_durable && home.store->durable()) return !kept_by.starts_with(store_name() + ".");
  return kept_by != keys_kept_by();
}

std::shared_ptr<task_origin> intake::origin_for(const submission& work) const {
  const tool_options& tool = work.tool->options;
  auto origin = std::make_shared<task_origin>();
  origin->created_at = core_.lanes.time_of(tool.policy).wall;
  origin->id = work.id.empty() ? lanes::new_id(tool.policy, origin->created_at) : work.id;
  origin->owner = work.owner;
  origin->quota = work.quota_or_owner();
  origin->tool = tool.name;
  origin->arguments = or_empty_object(work.arguments);
  origin->request_meta = work.meta;
  origin->idempotency_key = work.idempotency_key;
  if (!origin->idempotency_key.empty()) origin->arguments_hash = sha256(origin->arguments.view());
  origin->crash_policy = tool.on_crash;
  origin->retry_on = tool.retry_on;
  origin->max_attempts = tool.max_attempts;
  origin->retry_backoff = tool.retry_backoff;
  origin->retry_backoff_max = tool.retry_backoff_max;
  origin->attempt_limit = tool.attempt_limit;
  origin->overall_limit = tool.overall_limit;
  origin->answer_within = tool.answer_within;
  if (work.hidden) {
    const milliseconds limit = tunables::hidden_answer_within;
    origin->answer_within = std::min(origin->answer_within.value_or(limit), limit);
  }
  origin->stall_limit = tool.stall_limit;
  origin->expected = tool.expected;
  origin->retry_of = work.retry_of;
  origin->external = tool.external;
  if (origin->external) origin->token = random_token();
  return origin;
}

// What tells a task from others in the queue, or puts it with some.
void intake::name_for_queue(task_origin& origin, const submission& work) {
  const tool_options& tool = work.tool->options;
  // Who says that it is to be made again means it; who gives his call up, his own alone.
  const bool cancels = work.first_sent && work.first_sent->cancelled;
  if (tool.unique && work.retry_of.empty() && !cancels) {
    origin.unique_hash = sha256(json::canonical(json::value(origin.arguments)));
    origin.unique_for = tool.unique_for;
  }
  if (tool.concurrency != 0) {
    origin.concurrency_key = detail::key_of(tool.concurrency_key, origin.arguments);
  }
}

bool intake::too_large(const raw_json& arguments) const noexcept {
  const std::size_t most = core_.options.limits.max_arguments;
  return most != 0 && arguments.size() > most;
}

stores::create_result intake::refuse(const task_origin& origin, std::string_view bound) const {
  core_.tell_refusal(origin, bound);
  return busy(bound);
}

// Before anything is done with them.
stores::create_result intake::refuse_arguments(const std::string& owner,
                                               const std::string& tool) const {
  task_origin refused;
  refused.owner = owner;
  refused.tool = tool;
  return refuse(refused, stores::bound_names::arguments);
}

boost::asio::awaitable<stores::create_result> intake::submit(const submission& work) {
  if (too_large(work.arguments)) co_return refuse_arguments(work.owner, work.tool->options.name);
  stores::new_task task;
  const auto origin = origin_for(work);
  if (origin->arguments.size() <= tunables::checked_inline || !wants_queue(work.tool->options)) {
    name_for_queue(*origin, work);
  } else {
    auto naming =
        offload(launcher_.pool(), core_.offloaded, [&] { name_for_queue(*origin, work); });
    co_await std::move(naming);
  }
  lane& home = core_.lanes.lane_of(origin->id);
  task.origin = origin;
  task.retention = retention_of(work, home);
  task.hidden = work.hidden;
  task.answered = work.answered;
  task.bounds = core_.options.bounds;
  task.bounds.known_only = may_be_forgotten(work, home, task.retention);
  if (work.born_finished) {
    co_return co_await create_finished(home, std::move(task), *work.born_finished);
  }
  place room(core_, claimer_, *origin, use_of(*work.tool, *origin));
  if (task.bounds.known_only) {  // nothing begins
  } else if (origin->external) {
    if (!room.take_beyond()) co_return refuse(*origin, stores::bound_names::parked);
  } else if (claimer_.may_claim(home) && !core_.draining && !home.backlog && room.take_slot()) {
    task.claim_for = core_.process.get();
    task.concurrency = work.tool->options.concurrency;
  }
  waiting_hold waits(core_.waiting);  // before the row: whoever claims it finds what it runs
  // One that has a slot may be made to wait all the same, now or before its next attempt.
  const bool may_wait = !room.any() || wants_queue(work.tool->options);
  if (work.hidden && may_wait) waits.add({origin->id, origin->owner, work.tool});
  const stores::create_result result = co_await create(home, task);
  if (result.task && result.task->id() == origin->id) waits.keep();
  if (result.code == stores::create_code::created) {
    // What was created and is claimed since is somebody else's to begin.
    const bool claimed = result.task->process == task.claim_for && result.task->rev == 1;
    const bool begins = room.any() && (origin->external || claimed);
    if (begins) {
      room.use();
      const bool began = co_await runs_.start(home, result.task, work.tool, work.arguments.read());
      if (!began) claimer_.claim_soon();  // its slot is free again
    } else {
      home.backlog = true;
      claimer_.claim_soon();
    }
  }
  co_return result;
}

boost::asio::awaitable<stores::create_result> intake::create(lane& home,
                                                             const stores::new_task& task) {
  const auto write = [&home, &task] { return home.store->create(task); };
  const auto create = [&write] { return certain(write); };
  const auto is_new = [](const stores::create_result& made) {
    return made.code == stores::create_code::created;
  };
  stores::create_result result =
      co_await core_.measured(*task.origin, write_kind::create, create, is_new);
  if (is_new(result)) {
    for (const auto& one : core_.options.observers) one->created(*result.task);
  }
  if (result.code == stores::create_code::busy && !task.bounds.known_only) {
    core_.tell_refusal(*task.origin, result.bound);
  }
  co_return result;
}

boost::asio::awaitable<stores::create_result> intake::create_finished(lane& home,
                                                                      stores::new_task task,
                                                                      const outcome& result) {
  task.claim_for = core_.process.get();
  task.begins_anyway = true;
  stores::create_result created = co_await create(home, task);
  if (created.code != stores::create_code::created || created.task->terminal()) co_return created;
  const std::string message = message_of(result);
  const stores::writer writer{created.task->epoch, task.origin->token};
  const auto finish = [&] {
    return home.store->finish(created.task->id(), writer, result, message);
  };
  // The caller is told of the task as it was created: working.
  co_await certain(finish);
  co_return created;
}

boost::asio::awaitable<stores::create_result> intake::submit_external(
    const external_submission& work) {
  if (too_large(work.arguments)) co_return refuse_arguments(work.owner, work.tool);
  auto origin = std::make_shared<task_origin>();
  origin->created_at = core_.lanes.time_of(task_policy::always).wall;
  origin->id = lanes::new_id(task_policy::always, origin->created_at);
  origin->owner = work.owner;
  origin->quota = work.owner;
  origin->tool = work.tool;
  origin->arguments = or_empty_object(work.arguments);
  origin->idempotency_key = work.idempotency_key;
  origin->arguments_hash = sha256(origin->arguments.view());
  origin->overall_limit = work.overall_limit;
  origin->answer_within = work.answer_within;
  origin->external = true;
  origin->token = random_token();
  stores::new_task task;
  task.origin = std::move(origin);
  task.retention = within_bounds(work.retention ? work.retention : core_.options.default_retention);
  task.bounds = core_.options.bounds;
  co_return co_await create(core_.lanes.durable(), task);
}

}  // namespace longhaul::tasks
