// SPDX-License-Identifier: Apache-2.0
#include "tasks/engine.hpp"

#include <atomic>
#include <utility>

#include "tasks/certain.hpp"
#include "tasks/claimer.hpp"
#include "tasks/direct_calls.hpp"
#include "tasks/drain.hpp"
#include "tasks/engine_core.hpp"
#include "tasks/intake.hpp"
#include "tasks/keeper.hpp"
#include "tasks/launcher.hpp"
#include "tasks/lease.hpp"
#include "tasks/offload.hpp"
#include "tasks/operations.hpp"
#include "tasks/outcomes.hpp"
#include "tasks/questions.hpp"
#include "tasks/reaper.hpp"
#include "tasks/recovery.hpp"
#include "tasks/reporter.hpp"
#include "tasks/runs.hpp"
#include "tasks/stall_watch.hpp"
#include "tasks/sync.hpp"
#include "tasks/wait_words.hpp"
#include "typed/question_answer.hpp"

namespace longhaul::tasks {
namespace {

task_ptr unless_hidden(task_ptr task) {
  if (task && task->hidden) task = nullptr;
  return task;
}

}  // namespace

// In the order in which they need each other; the threads end first.
struct engine::parts {
  explicit parts(engine_options options)
      : core(std::move(options)),
        ours(core),
        past(core, ours),
        reports(core),
        starts(core.options.handler_threads, core.log.lines(), core.options.hooks),
        ticks(core),
        claims(
            core, ticks.executor(), [this](const lane& home) { return may_claim(home); },
            [this](lane& home, task_ptr task, tool_ptr tool) {
              return begun.start(home, std::move(task), std::move(tool));
            }),
        begun(core, starts, reports, claims),
        submissions(core, starts, begun, claims),
        direct(core, starts, submissions, begun, claims),
        time(core, claims),
        stalls(core, reports),
        operator_side(core, submissions, claims),
        words(core),
        way_out(core, starts, reports, claims) {}

  bool may_claim(const lane& home) const {
    return !home.is_durable || (ours.may_claim() && past.is_done());
  }
  stores::store& store_of(std::string_view id) { return *core.lanes.lane_of(id).store; }
  // A run that ended while its row was made: its end is logged, and that of the row is none.
  bool has_ended_without(const task_record& row) const {
    if (!row.terminal() || !lanes::is_in_memory(row.id())) return false;
    const auto run = core.direct.find(row.id());
    return run && run->now()->terminal();
  }
  // The call of this id, as long as it has no row.
  std::shared_ptr<direct_run> direct_call(std::string_view owner, std::string_view id) const {
    if (!lanes::is_in_memory(id)) return nullptr;
    auto run = core.direct.find(id);
    return run && run->origin()->owner == owner ? run : nullptr;
  }
  void on_change(const task_ptr& task) {
    begun.on_change(*task);
    if (task->terminal() || !task->hidden) core.waiting.remove(task->id());
    if (task->epoch > 0 && stores::claimable(*task)) core.note_start(*task);
    // Others with its key may begin, which may have waited although there were slots.
    if (task->origin->concurrency_key && !task->process) core.lanes.lane_of(task->id()).look = true;
    if (!has_ended_without(*task)) core.tell_change(*task);
    core.hub.publish(task);
    direct.was_told(*task);
  }
  awaitable<stores::change_result> cancel(std::string_view owner, std::string_view id,
                                          std::string_view reason, stores::visibility sees) {
    int attempts = 0;
    const auto write = [&] {
      ++attempts;
      return store_of(id).cancel(owner, id, reason, sees);
    };
    stores::change_result result = co_await certain(write);
    // A repetition finds what the first attempt did.
    if (attempts > 1 && result.code == stores::change_code::already_terminal &&
        result.task->status == task_status::cancelled) {
      result.code = stores::change_code::applied;
    }
    co_return result;
  }
  bool is_quiet(const running_task& run) const {
    if (core.pauses.holds(run.id())) return true;
    if (!run.waits_for_answers()) return false;
    const task_ptr now = run.store().known(run.id());
    return now && now->status == task_status::input_required;
  }
  bool at_rest() const {
    if (claims.claiming() || core.offloaded > 0) return false;
    for (const auto& run : core.direct.all()) {
      if (!core.pauses.holds(run->id())) return false;
    }
    for (const auto& run : core.running.all()) {
      if (!is_quiet(*run)) return false;
    }
    return !claims.claiming();
  }
  void look_into_lanes() {
    core.lanes.durable().look = true;
    core.lanes.in_memory().look = true;
  }
  awaitable<void> look_for_work() {
    const monotonic_time now = core.monotonic();
    const bool polls = !looked_at || now - *looked_at >= core.options.claim_poll;
    if (polls) looked_at = now;
    if (core.next_start.load() <= now) {
      core.next_start = monotonic_time::max();
      look_into_lanes();
    }
    if (polls) {
      look_into_lanes();
      co_await operator_side.look_if_needed();
    }
    if (!core.waiting.without_tool(*core.options.tools).empty()) core.lanes.durable().look = true;
    claims.claim_soon();
    co_return;
  }

  engine_core core;
  lease ours;
  recovery past;
  reporter reports;
  launcher starts;
  keeper ticks;
  claimer claims;
  runs begun;
  intake submissions;
  direct_calls direct;
  reaper time;
  stall_watch stalls;
  tasks::operations operator_side;
  wait_words words;
  tasks::drain way_out;
  std::optional<monotonic_time> looked_at;  // for work that nobody told of
  std::atomic<bool> stopping{false};
};

engine::engine(engine_options options) : parts_(std::make_unique<parts>(std::move(options))) {
  const auto observe = [all = parts_.get()](const task_ptr& task) { all->on_change(task); };
  parts_->core.lanes.durable().store->watch(observe);
  parts_->core.lanes.in_memory().store->watch(observe);
}

engine::~engine() {
  stop();
  // What was left running holds things of the handlers' contexts: it goes first.
  parts_->core.running.clear();
  parts_->core.direct.clear();
  parts_->reports.clear();
}

void engine::start() {
  parts& all = *parts_;
  sync(all.ours.keep());
  if (all.core.options.store->exclusive()) sync(all.past.begin());
  sync(all.operator_side.look_if_needed());
  all.starts.start();
  std::vector<keeper::step> lease = {[&all] { return all.ours.keep(); }};
  std::vector<keeper::step> upkeep = {[&all] { return all.past.look(); },
                                      [&all] { return all.reports.flush(); },
                                      [&all] { return all.begun.write_late_ends(); },
                                      [&all] { return all.time.look(); },
                                      [&all] { return all.stalls.look(); },
                                      [&all] { return all.look_for_work(); },
                                      [&all] { return all.time.audit(); }};
  all.ticks.start({std::move(lease), std::move(upkeep)});
  all.core.lanes.durable().backlog = true;  // what an earlier process left waits there
  all.claims.claim_soon();
}

const clock_source& engine::clock() const noexcept { return *parts_->core.options.clock; }
const tool_source& engine::tools() const noexcept { return *parts_->core.options.tools; }
bool engine::draining() const noexcept { return parts_->core.draining; }
stores::store& engine::store() noexcept { return *parts_->core.options.store; }
std::optional<milliseconds> engine::lease_age() const { return parts_->ours.age(); }
tasks::operations& engine::operations() noexcept { return parts_->operator_side; }
std::size_t engine::followers() const { return parts_->core.hub.followers(); }
std::size_t engine::pool_threads() const { return parts_->starts.pool().threads(); }
std::size_t engine::running() const {
  return parts_->core.running.size() + parts_->core.direct.size();
}

std::string engine::new_id(const tool_definition& tool) const {
  const task_policy policy = tool.options.policy;
  return lanes::new_id(policy, parts_->core.lanes.time_of(policy).wall);
}

std::optional<milliseconds> engine::retention_for(const tool_definition& tool, bool wished,
                                                  std::optional<milliseconds> wish) const {
  return parts_->submissions.retention_for(tool, wished, wish);
}

awaitable<stores::create_result> engine::submit(const submission& work) {
  return parts_->submissions.submit(work);
}

awaitable<stores::create_result> engine::submit_external(const external_submission& work) {
  return parts_->submissions.submit_external(work);
}

task_ptr engine::run_directly(const submission& work, const std::shared_ptr<follower>& caller,
                              const boost::asio::any_io_executor& here) {
  return parts_->direct.run(work, caller, here);
}

// --- callers' side

awaitable<task_ptr> engine::get(std::string_view owner, std::string_view id) {
  if (lanes::is_in_memory(id)) co_return nullptr;
  co_return unless_hidden(co_await store().look(owner, id));
}

awaitable<task_ptr> engine::get_whole(std::string_view owner, std::string_view id) {
  if (lanes::is_in_memory(id)) co_return nullptr;
  co_return unless_hidden(co_await store().get(owner, id));
}

awaitable<task_ptr> engine::get_any(std::string_view owner, std::string_view id) {
  if (const auto direct = parts_->direct_call(owner, id)) co_return direct->now();
  co_return co_await parts_->store_of(id).look(owner, id);
}

awaitable<std::optional<stores::list_page>> engine::list(std::string_view owner,
                                                         std::optional<task_status> status,
                                                         std::string_view cursor,
                                                         std::size_t limit) {
  return store().list(owner, status, cursor, limit);
}

awaitable<stores::change_result> engine::answer(std::string_view owner, std::string_view id,
                                                std::span<const stores::response> responses) {
  stores::store& store = parts_->store_of(id);
  const task_ptr task = co_await store.get(owner, id);
  if (!task) co_return stores::change_result{stores::change_code::not_found, nullptr};
  std::size_t bytes = 0;
  for (const stores::response& given : responses) bytes += given.value.size();
  // A question never changes under its key, so what fits now fits when it is written.
  std::vector<stores::response> fitting;
  const auto check = [&] { fitting = fitting_responses(*task, responses); };
  if (bytes > tunables::checked_inline) {
    co_await offload(check);
  } else {
    check();
  }
  const auto write = [&] { return store.answer(owner, id, fitting); };
  co_return co_await certain(write);
}

awaitable<stores::change_result> engine::cancel_visible(std::string_view owner, std::string_view id,
                                                        std::string_view reason) {
  return parts_->cancel(owner, id, reason, stores::visibility::shown_only);
}

awaitable<stores::change_result> engine::cancel(std::string_view owner, std::string_view id,
                                                std::string_view reason) {
  if (const auto direct = parts_->direct_call(owner, id)) {
    if (auto result = direct->cancel(reason)) co_return *std::move(result);
  }
  co_return co_await parts_->cancel(owner, id, reason, stores::visibility::hidden_too);
}

awaitable<stores::change_result> engine::set_retention(std::string_view owner, std::string_view id,
                                                       std::optional<milliseconds> retention) {
  const auto kept = parts_->submissions.within_bounds(retention);
  const auto write = [&] { return parts_->store_of(id).set_retention(owner, id, kept); };
  co_return co_await certain(write);
}

awaitable<stores::change_result> engine::reveal(std::string_view owner, std::string_view id,
                                                std::optional<milliseconds> retention) {
  const auto write = [&] { return parts_->store_of(id).reveal(owner, id, retention); };
  co_return co_await certain(write);
}

// --- writers from outside

awaitable<stores::change_result> engine::report(std::string_view id, stores::writer writer,
                                                const stores::report_change& change) {
  const auto write = [&] { return parts_->store_of(id).report(id, writer, change); };
  co_return co_await certain(write);
}

awaitable<stores::change_result> engine::ask(std::string_view id, stores::writer writer,
                                             std::span<const stores::question> questions) {
  const auto write = [&] { return parts_->store_of(id).ask(id, writer, questions); };
  co_return co_await certain(write);
}

awaitable<stores::change_result> engine::finish(std::string_view id, stores::writer writer,
                                                const outcome& result, std::string_view message) {
  const outcome kept = bounded(result, parts_->core.options.limits.max_result);
  const std::string line = message.empty() ? message_of(kept) : std::string(message);
  const auto write = [&] { return parts_->store_of(id).finish(id, writer, kept, line); };
  co_return co_await certain(write);
}

// Ids of the lane in memory come behind all others.
awaitable<std::vector<task_ptr>> engine::external(std::string_view tool, std::string_view after,
                                                  std::size_t limit) {
  const bool in_memory = lanes::is_in_memory(after);
  std::vector<task_ptr> result;
  if (!in_memory) result = co_await store().external(tool, after, limit);
  if (result.size() < limit) {
    stores::store& memory = *parts_->core.lanes.in_memory().store;
    const std::string_view begin = in_memory ? after : std::string_view();
    const auto more = co_await memory.external(tool, begin, limit - result.size());
    result.insert(result.end(), more.begin(), more.end());
  }
  co_return result;
}

awaitable<stores::change_result> engine::leave_unanswered(std::string_view owner,
                                                          std::string_view id, std::string_view key,
                                                          int error_code,
                                                          std::string_view message) {
  stores::store& store = parts_->store_of(id);
  const task_ptr task = co_await store.get(owner, id);
  if (!task) co_return stores::change_result{stores::change_code::not_found, nullptr};
  std::vector<stores::response> none;
  if (const task_input* input = find_input(*task, key)) {
    none.push_back({input->key, detail::no_answer(input->request, error_code, message)});
  }
  const auto write = [&] { return store.answer(owner, id, none); };
  co_return co_await certain(write);
}

void engine::ask_again(const std::string& id, const question_event& event) {
  parts_->core.hub.publish(id, event);
}

hub::subscription engine::follow(const std::string& id, const std::shared_ptr<follower>& who) {
  return parts_->core.hub.follow(id, who);
}

bool engine::is_shared(std::string_view id) const { return parts_->core.lanes.is_shared(id); }
std::string engine::keys_kept_by() const { return parts_->submissions.keys_kept_by(); }
const wait_words& engine::waits() const noexcept { return parts_->words; }
bool engine::has_callers(const std::string& id, const follower& but) const {
  return parts_->core.hub.has_callers(id, but);
}

awaitable<void> engine::offload(std::function<void()> work) {
  return tasks::offload(parts_->starts.pool(), parts_->core.offloaded, std::move(work));
}

// --- time, and the end

void engine::tick() {
  parts_->core.pauses.look_at_the_clock();
  parts_->ticks.tick();
  parts_->core.hub.look_at_the_clock();
  for (const auto& run : parts_->core.direct.all()) {
    if (const auto caller = run->told().lock()) caller->on_clock();
  }
}

bool engine::at_rest() const { return parts_->at_rest(); }
std::optional<monotonic_time> engine::next_wake() const { return parts_->core.pauses.next(); }
void engine::flush() { parts_->ticks.flush(); }
awaitable<std::size_t> engine::remove_expired() { return parts_->time.remove_expired(); }

void engine::drain(milliseconds grace, milliseconds stop_grace) {
  parts_->way_out.run(grace, stop_grace);
}
void engine::hurry() { parts_->way_out.hurry(); }

void engine::stop() {
  parts& all = *parts_;
  if (all.stopping.exchange(true)) return;
  all.core.draining = true;
  all.starts.launch_all();
  all.way_out.stop_all();
  all.starts.stop();
  // Quick tools run on executors that are not ours.
  all.core.emptied.wait(milliseconds::max(), [&all] { return all.core.visiting == 0; });
  all.ticks.stop();
}

}  // namespace longhaul::tasks
