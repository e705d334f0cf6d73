// SPDX-License-Identifier: Apache-2.0
#include "tasks/engine.hpp"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/digest.hpp"
#include "base/random.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "longhaul/error_codes.hpp"
#include "stores/bounds.hpp"
#include "stores/memory_store.hpp"
#include "stores/task_id.hpp"
#include "tasks/certain.hpp"
#include "tasks/failure.hpp"
#include "tasks/running_task.hpp"
#include "tasks/sync.hpp"
#include "typed/form_answer.hpp"

namespace longhaul::tasks {
namespace {

constexpr int internal_error = -32603;

std::size_t reserved(std::size_t total) { return total / tunables::reserved_slots_divisor; }

// The line that people read beside the status.
std::string message_of(const outcome& result) {
  if (!result.is_protocol_error) return {};
  return json::value(result.body)["message"].string().value_or(std::string());
}

// What is open and answered, as it is stored.
std::vector<stores::response> fitting_responses(const task_record& task,
                                                std::span<const stores::response> responses) {
  std::vector<stores::response> result;
  for (const stores::response& given : responses) {
    const task_input* input = find_input(task, given.key);
    if (input == nullptr || input->response || !given.value) continue;
    try {
      result.push_back({given.key, detail::fitting_answer(input->request, given.value)});
    } catch (const question_error& e) {
      throw unfit_answer(given.key, e.what());
    }
  }
  return result;
}

bool is_volatile(std::string_view id) noexcept { return id.starts_with('v'); }

stores::byte_bounds bounds_of(const byte_limits& limits, bool in_memory) {
  stores::byte_bounds bounds;
  bounds.open_per_quota = limits.max_open_bytes_per_owner;
  bounds.open_total = limits.max_open_bytes;
  bounds.stored_per_quota = limits.max_stored_bytes_per_owner;
  bounds.stored_total = limits.max_stored_bytes;
  if (in_memory) {
    bounds.memory_per_quota = limits.max_memory - limits.max_memory / 2;
    bounds.memory_total = limits.max_memory;
  }
  return bounds;
}

std::shared_ptr<stores::store> volatile_store(const engine_options& options) {
  // A waiter there is always told of the end: nothing is kept for it to read.
  const stores::memory_options how{.hidden_result_kept = milliseconds(0)};
  auto store = std::make_shared<stores::memory_store>(how, *options.clock);
  store->limit(bounds_of(options.limits, true));
  return store;
}

}  // namespace

engine::engine(engine_options options)
    : options_(std::move(options)),
      process_(new_process_id()),
      volatile_(volatile_store(options_)),
      hub_(tunables::followers_per_task),
      slots_(options_.max_running, reserved(options_.max_running), options_.max_parked),
      keeper_work_(keeper_.get_executor()),
      timer_(keeper_) {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, options_.handler_threads); ++i) {
    handlers_.push_back(std::make_unique<boost::asio::io_context>(1));
    handler_work_.emplace_back(handlers_.back()->get_executor());
  }
  const auto observe = [this](const task_ptr& task) { on_change(task); };
  options_.store->limit(bounds_of(options_.limits, !options_.store->durable()));
  options_.store->watch(observe);
  volatile_->watch(observe);
}

engine::~engine() {
  stop();
  // What was left running holds things of the handlers' contexts: it goes first.
  launching_.clear();
  for (running_shard& shard : running_) shard.by_id.clear();
  dirty_.clear();
  deferred_.clear();
}

stores::store& engine::store_of(std::string_view id) const noexcept {
  return is_volatile(id) ? *volatile_ : *options_.store;
}

// --- logging

void engine::log_begin(const task_record& task) const noexcept {
  options_.log.info("task.begin", {},
                    {task_field(task.id()),
                     {"tool", task.tool()},
                     {"owner", task.owner()},
                     {"attempt", task.attempt}});
}

void engine::log_change(const task_record& task) const noexcept {
  const logger& log = options_.log;
  const std::string_view status = to_string(task.status);
  if (!task.ends) {
    log.debug("task.change", {}, {task_field(task.id()), {"status", status}, {"rev", task.rev}});
    return;
  }
  const bool failed = task.status == task_status::failed;
  const auto ms = (task.updated_at - task.origin->created_at).count();
  log(failed ? log_level::warning : log_level::info, "task.end", {},
      {task_field(task.id()),
       {"tool", task.tool()},
       {"owner", task.owner()},
       {"attempt", task.attempt},
       {"outcome", task.result.is_error ? "tool_error" : status},
       {"ms", ms}});
}

void engine::log_refusal(const task_origin& origin, std::string_view bound) const noexcept {
  options_.log.stranger(log_level::info, "task.refused", {},
                        {{"tool", origin.tool}, {"owner", origin.owner}, {"bound", bound}});
}

void engine::log_trouble(std::string_view event, const std::string& text,
                         std::string_view id) const {
  if (id.empty()) return options_.log.warning(event, text);
  options_.log.warning(event, text, {task_field(id)});
}

// --- creating

std::string engine::new_id(const tool_definition& tool) const {
  std::string id = new_task_id(options_.clock->now());
  if (tool.options.policy == task_policy::never) id.insert(id.begin(), 'v');
  return id;
}

std::optional<milliseconds> engine::retention_for(const tool_definition& tool, bool wished,
                                                  std::optional<milliseconds> wish) const {
  std::optional<milliseconds> wanted = options_.default_retention;
  if (wished) {
    wanted = wish;
  } else if (tool.options.retention) {
    wanted = tool.options.retention;
  }
  return within_bounds(wanted);
}

std::optional<milliseconds> engine::within_bounds(std::optional<milliseconds> retention) const {
  if (retention == milliseconds::max()) retention.reset();
  if (retention) retention = std::max(*retention, milliseconds(0));
  if (!options_.max_retention) return retention;
  return retention ? std::min(*retention, *options_.max_retention) : options_.max_retention;
}

std::shared_ptr<task_origin> engine::origin_for(const submission& what,
                                                const tool_definition& tool) const {
  auto origin = std::make_shared<task_origin>();
  origin->created_at = options_.clock->now();
  origin->id = what.id.empty() ? new_id(tool) : what.id;
  origin->owner = what.owner;
  origin->quota = what.quota.empty() ? what.owner : what.quota;
  origin->tool = tool.options.name;
  origin->arguments = what.arguments ? what.arguments : raw_json::trusted("{}");
  origin->request_meta = what.meta;
  origin->idempotency_key = what.idempotency_key;
  if (!origin->idempotency_key.empty()) origin->arguments_hash = sha256(origin->arguments.view());
  origin->crash_policy = tool.options.on_crash;
  origin->max_attempts = tool.options.max_attempts;
  origin->retry_backoff = tool.options.retry_backoff;
  origin->attempt_limit = tool.options.attempt_limit;
  origin->overall_limit = tool.options.overall_limit;
  origin->answer_within = tool.options.answer_within;
  if (what.hidden) {
    const milliseconds limit = tunables::hidden_answer_within;
    origin->answer_within = std::min(origin->answer_within.value_or(limit), limit);
  }
  origin->external = tool.options.external;
  if (origin->external) origin->token = random_token();
  return origin;
}

bool engine::too_large(const raw_json& arguments) const noexcept {
  return options_.limits.max_arguments != 0 && arguments.size() > options_.limits.max_arguments;
}

outcome engine::bounded(outcome result) const {
  const std::size_t bytes = result.body.size(), most = options_.limits.max_result;
  if (most == 0 || bytes <= most) return result;
  std::string data;
  json::object(data).integer("bytes", bytes).integer("max_result", most).close();
  return outcome::protocol_error(
      error_codes::result_too_large,
      "the result has " + std::to_string(bytes) +
          " bytes, more than this server keeps (max_result: " + std::to_string(most) + ")",
      raw_json::trusted(std::move(data)));
}

awaitable<stores::create_result> engine::submit(const submission& what) {
  const tool_definition& tool = *what.tool;
  if (too_large(what.arguments)) {
    co_return stores::create_result(stores::create_code::busy, nullptr,
                                    stores::bound_names::arguments);
  }
  stores::new_task task;
  const auto origin = origin_for(what, tool);
  task.origin = origin;
  task.retention = retention_for(tool, what.retention_given, what.retention);
  task.hidden = what.hidden;
  task.bounds = options_.bounds;
  stores::store& in = store_of(origin->id);
  if (what.hidden) {
    const milliseconds least =
        is_volatile(origin->id) ? milliseconds(0) : tunables::hidden_retention;
    task.retention = std::max(least, tool.options.plain_retention.value_or(least));
  }
  if (what.born_finished) {
    auto creating = create_finished(in, std::move(task), *what.born_finished);
    co_return co_await std::move(creating);
  }

  std::atomic<bool>& backlog = is_volatile(origin->id) ? volatile_backlog_ : backlog_;
  // Tasks that wait come first: only an empty backlog lets a new one start at once. A handler that
  // only hands the work over runs beyond the slots rather than never.
  const bool slot = !origin->external && may_claim(in) && !draining_ && !backlog &&
                    slots_.try_acquire(origin->quota, use_of(tool));
  if (slot) task.claim_for = process_;
  // They never wait for a slot, so they are refused where others would wait.
  const bool beyond = origin->external;
  if (beyond && handing_over_.fetch_add(1) >= options_.max_running + options_.max_parked) {
    --handing_over_;
    log_refusal(*origin, stores::bound_names::parked);
    co_return stores::create_result(stores::create_code::busy, nullptr,
                                    stores::bound_names::parked);
  }
  stores::create_result result;
  try {
    auto creating = certain([&] { return in.create(task); });
    result = co_await std::move(creating);
  } catch (...) {
    if (beyond) --handing_over_;
    if (slot) slots_.release(origin->quota, use_of(tool));
    pump();
    throw;
  }
  if (result.code == stores::create_code::busy) log_refusal(*origin, result.bound);
  const bool ours = result.code == stores::create_code::created;
  if (beyond && !ours) --handing_over_;
  if (ours && (slot || origin->external)) {
    auto starting = start(in, result.task, what.tool);
    co_await std::move(starting);
  } else if (slot) {
    slots_.release(origin->quota, use_of(tool));
    pump();  // whoever came meanwhile found no slot
  } else if (ours) {
    backlog = true;
    pump();
  }
  co_return result;
}

awaitable<stores::create_result> engine::create_finished(stores::store& in, stores::new_task task,
                                                         const outcome& result) {
  task.claim_for = process_;
  auto creating = certain([&] { return in.create(task); });
  stores::create_result created = co_await std::move(creating);
  if (created.code != stores::create_code::created || created.task->terminal()) co_return created;
  const std::string message = message_of(result);
  const stores::writer by{created.task->epoch, task.origin->token};
  auto finishing = certain([&] { return in.finish(created.task->id(), by, result, message); });
  // The caller is told of the task as it was created: working.
  co_await std::move(finishing);
  co_return created;
}

awaitable<stores::create_result> engine::submit_external(const external_submission& what) {
  if (too_large(what.arguments)) {
    co_return stores::create_result(stores::create_code::busy, nullptr,
                                    stores::bound_names::arguments);
  }
  auto origin = std::make_shared<task_origin>();
  origin->created_at = options_.clock->now();
  origin->id = new_task_id(origin->created_at);
  origin->owner = what.owner;
  origin->quota = what.owner;
  origin->tool = what.tool;
  origin->arguments = what.arguments ? what.arguments : raw_json::trusted("{}");
  origin->idempotency_key = what.idempotency_key;
  origin->arguments_hash = sha256(origin->arguments.view());
  origin->overall_limit = what.overall_limit;
  origin->answer_within = what.answer_within;
  origin->external = true;
  origin->token = random_token();
  stores::new_task task;
  task.origin = origin;
  task.retention = within_bounds(what.retention ? what.retention : options_.default_retention);
  task.bounds = options_.bounds;
  auto creating = certain([&] { return options_.store->create(task); });
  co_return co_await std::move(creating);
}

// --- callers' side

awaitable<task_ptr> engine::get(std::string_view owner, std::string_view id) {
  if (is_volatile(id)) co_return nullptr;
  auto reading = options_.store->look(owner, id);
  task_ptr task = co_await std::move(reading);
  if (task && task->hidden) task = nullptr;
  co_return task;
}

awaitable<task_ptr> engine::get_whole(std::string_view owner, std::string_view id) {
  if (is_volatile(id)) co_return nullptr;
  auto reading = options_.store->get(owner, id);
  task_ptr task = co_await std::move(reading);
  if (task && task->hidden) task = nullptr;
  co_return task;
}

awaitable<task_ptr> engine::get_any(std::string_view owner, std::string_view id) {
  return store_of(id).look(owner, id);
}

awaitable<std::optional<stores::list_page>> engine::list(std::string_view owner,
                                                         std::optional<task_status> status,
                                                         std::string_view cursor,
                                                         std::size_t limit) {
  return options_.store->list(owner, status, cursor, limit);
}

awaitable<stores::change_result> engine::answer(std::string_view owner, std::string_view id,
                                                std::span<const stores::response> responses) {
  auto reading = store_of(id).get(owner, id);
  const task_ptr task = co_await std::move(reading);
  if (!task) co_return stores::change_result{stores::change_code::not_found, nullptr};
  std::size_t bytes = 0;
  for (const stores::response& given : responses) bytes += given.value.size();
  // A question never changes under its key, so what fits now fits when it is written.
  std::vector<stores::response> fitting;
  const auto check = [&] { fitting = fitting_responses(*task, responses); };
  if (bytes > tunables::checked_inline) {
    auto checking = offload(check);
    co_await std::move(checking);
  } else {
    check();
  }
  auto writing = certain([&] { return store_of(id).answer(owner, id, fitting); });
  co_return co_await std::move(writing);
}

awaitable<stores::change_result> engine::cancel_visible(std::string_view owner, std::string_view id,
                                                        std::string_view reason) {
  const task_ptr known = co_await get(owner, id);
  if (!known) co_return stores::change_result{};
  co_return co_await cancel(owner, id, reason);
}

awaitable<stores::change_result> engine::cancel(std::string_view owner, std::string_view id,
                                                std::string_view reason) {
  int attempts = 0;
  auto writing = certain([&] {
    ++attempts;
    return store_of(id).cancel(owner, id, reason);
  });
  stores::change_result result = co_await std::move(writing);
  // A repetition finds what the first attempt did.
  if (attempts > 1 && result.code == stores::change_code::already_terminal &&
      result.task->status == task_status::cancelled) {
    result.code = stores::change_code::applied;
  }
  co_return result;
}

awaitable<stores::change_result> engine::set_retention(std::string_view owner, std::string_view id,
                                                       std::optional<milliseconds> retention) {
  const auto bounded = within_bounds(retention);
  auto writing = certain([&] { return store_of(id).set_retention(owner, id, bounded); });
  co_return co_await std::move(writing);
}

awaitable<stores::change_result> engine::reveal(std::string_view owner, std::string_view id,
                                                std::optional<milliseconds> retention) {
  auto writing = certain([&] { return store_of(id).reveal(owner, id, retention); });
  co_return co_await std::move(writing);
}

// --- writers from outside

awaitable<stores::change_result> engine::report(std::string_view id, stores::writer by,
                                                const stores::report_change& change) {
  auto writing = certain([&] { return store_of(id).report(id, by, change); });
  co_return co_await std::move(writing);
}

awaitable<stores::change_result> engine::ask(std::string_view id, stores::writer by,
                                             std::span<const stores::question> questions) {
  auto writing = certain([&] { return store_of(id).ask(id, by, questions); });
  co_return co_await std::move(writing);
}

awaitable<stores::change_result> engine::finish(std::string_view id, stores::writer by,
                                                const outcome& result, std::string_view message) {
  const outcome kept = bounded(result);
  const std::string line = message.empty() ? message_of(kept) : std::string(message);
  auto writing = certain([&] { return store_of(id).finish(id, by, kept, line); });
  co_return co_await std::move(writing);
}

// Ids of the store in memory come behind all others.
awaitable<std::vector<task_ptr>> engine::external(std::string_view tool, std::string_view after,
                                                  std::size_t limit) {
  std::vector<task_ptr> result;
  if (!is_volatile(after)) {
    auto reading = options_.store->external(tool, after, limit);
    result = co_await std::move(reading);
  }
  if (result.size() < limit) {
    auto reading = volatile_->external(tool, is_volatile(after) ? after : std::string_view(),
                                       limit - result.size());
    const std::vector<task_ptr> more = co_await std::move(reading);
    result.insert(result.end(), more.begin(), more.end());
  }
  co_return result;
}

awaitable<void> engine::offload(std::function<void()> work) {
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  const auto failure = std::make_shared<std::exception_ptr>();
  auto waiting = boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      [this, executor, failure, &work](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto keep_alive = boost::asio::make_work_guard(executor);
        pool_.submit([&work, failure, shared, executor, keep_alive = std::move(keep_alive)] {
          try {
            work();
          } catch (...) {
            *failure = std::current_exception();
          }
          boost::asio::post(executor, [shared] { std::move (*shared)(); });
        });
      },
      boost::asio::use_awaitable);
  co_await std::move(waiting);
  if (*failure) std::rethrow_exception(*failure);
}

// --- running

engine::running_shard& engine::shard_of(std::string_view id) const noexcept {
  return running_[std::hash<std::string_view>{}(id) % running_.size()];
}

std::shared_ptr<running_task> engine::find_running(const std::string& id) const {
  running_shard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.by_id.find(id);
  return found == shard.by_id.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<running_task>> engine::all_running() const {
  std::vector<std::shared_ptr<running_task>> result;
  for (running_shard& shard : running_) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [id, run] : shard.by_id) result.push_back(run);
  }
  return result;
}

std::size_t engine::running() const { return all_running().size(); }

void engine::on_change(const task_ptr& task) {
  if (const auto run = find_running(task->id())) {
    const bool lost = task->terminal() || task->epoch > run->claimed()->epoch;
    if (lost && !run->ending()) run->request_stop();
  }
  log_change(*task);
  hub_.publish(task);
}

awaitable<void> engine::start(stores::store& in, task_ptr task, tool_ptr tool) {
  boost::asio::io_context& where = *handlers_[next_handlers_ % handlers_.size()];
  const auto run = std::make_shared<running_task>(*this, in, task, std::move(tool), where);
  if (task->origin->external) run->holds_slot = false;
  {
    running_shard& shard = shard_of(task->id());
    const std::lock_guard lock(shard.mutex);
    shard.by_id[task->id()] = run;
  }
  // Either a drain that begins sees the registration, or we see the drain.
  if (draining_ ? run->leave_unstarted() : !run->begin()) {
    auto handing_back = give_back_unstarted(run);
    co_await std::move(handing_back);
    co_return;
  }
  log_begin(*task);
  // A change between the claim and the registration told nobody here: look once more.
  try {
    auto reading = in.look(task->owner(), task->id());
    const task_ptr now = co_await std::move(reading);
    if (!now || now->terminal() || now->epoch != task->epoch) run->request_stop();
  } catch (const std::exception& e) {
    log_trouble("task.unread", std::string("its first write will tell: ") + e.what(), task->id());
  }
  launch(run, co_await boost::asio::this_coro::executor);
}

void engine::launch(std::shared_ptr<running_task> run,
                    const boost::asio::any_io_executor& executor) {
  const std::lock_guard lock(launch_mutex_);
  launching_.push_back(std::move(run));
  if (launching_.size() == 1) boost::asio::post(executor, [this] { launch_all(); });
}

void engine::launch_all() {
  std::vector<std::shared_ptr<running_task>> all;
  {
    const std::lock_guard lock(launch_mutex_);
    all.swap(launching_);
  }
  ++next_handlers_;  // one thread is woken for all of them, the next time another one
  std::vector<std::shared_ptr<running_task>> blocking, of_one;
  std::vector<blocking_pool::job> jobs;
  for (auto& run : all) {
    if (!run->blocking()) continue;
    jobs.emplace_back([this, run] { run_blocking(run); });
    blocking.push_back(std::move(run));
  }
  for (const auto& where : handlers_) {
    for (auto& run : all) {
      if (run && &run->handlers() == where.get()) of_one.push_back(std::move(run));
    }
    if (of_one.empty()) continue;
    boost::asio::post(*where, [this, runs = std::exchange(of_one, {}), batch = begin_batch()] {
      for (const auto& run : runs) spawn(run, batch);
    });
  }
  if (jobs.empty()) return;
  try {
    pool_.submit(std::move(jobs));
  } catch (...) {
    const auto failure = std::current_exception();
    for (const auto& run : blocking) {
      auto ending = end_run(run, failed(*run, "the tool could not be started", failure));
      boost::asio::co_spawn(keeper_, std::move(ending), boost::asio::detached);
    }
  }
}

// It lives until all of them have ended, or their frames were destroyed.
engine::live_batch engine::begin_batch() {
  {
    const std::lock_guard lock(idle_mutex_);
    ++live_;
  }
  return {nullptr, [this](std::nullptr_t) {
            const std::lock_guard lock(idle_mutex_);
            --live_;
            idle_.notify_all();
          }};
}

void engine::spawn(const std::shared_ptr<running_task>& run, const live_batch& batch) {
  // The slot is the run's, which lives as long as the coroutine.
  boost::asio::co_spawn(run->handlers(), run_coroutine(run),
                        boost::asio::bind_cancellation_slot(
                            run->cancellation(), [run, batch](const std::exception_ptr&) {}));
}

// Its handler never ran, so another process may run it, whatever the tool says of crashes; work
// that nobody else can do is failed.
awaitable<void> engine::give_back_unstarted(std::shared_ptr<running_task> run) {
  const task_ptr& task = run->claimed();
  const bool elsewhere = &run->store() == options_.store.get() && !task->origin->external;
  try {
    if (elsewhere) {
      auto releasing = certain([&] { return run->store().release(run->id(), run->writer()); });
      co_await std::move(releasing);
    } else {
      const std::string message = "the server is shutting down";
      const outcome lost = outcome::protocol_error(error_codes::executor_lost, message);
      auto failing =
          certain([&] { return run->store().finish(run->id(), run->writer(), lost, message); });
      co_await std::move(failing);
    }
  } catch (const std::exception& e) {
    log_trouble("task.not_handed_back", e.what(), run->id());
  }
  release_slot(*run);
  forget(run);
}

// What the exception in flight means for the task; null: it was stopped, its end is written.
handler_result engine::outcome_of_exception(const running_task& run) const {
  try {
    throw;
  } catch (const task_stopped&) {
    return std::nullopt;
  } catch (const tool_error& e) {
    return outcome::tool_error(e.what());
  } catch (const invalid_arguments& e) {
    return outcome::tool_error(e.what());
  } catch (const question_error& e) {  // our own words about the question
    return outcome::protocol_error(internal_error, std::string("the tool failed: ") + e.what());
  } catch (const protocol_error& e) {
    return outcome::protocol_error(e.code(), e.what(), e.data());
  } catch (...) {
    if (run.stop_requested()) {  // what it awaited failed because of that; its end is written
      options_.log.debug("task.stopped", text_of(std::current_exception()), {task_field(run.id())});
      return std::nullopt;
    }
    return failed(run, "the tool failed", std::current_exception());
  }
}

// The text of any other exception was not written for callers: it may say paths, hosts, secrets.
outcome engine::failed(const running_task& run, std::string_view what,
                       const std::exception_ptr& failure) const {
  const std::string error_id = new_error_id();
  options_.log.error(
      "task.exception", text_of(failure),
      {task_field(run.id()), {"tool", run.claimed()->tool()}, {"error_id", error_id}});
  return outcome::protocol_error(internal_error, with_error_id(what, error_id),
                                 error_id_data(error_id));
}

void engine::run_blocking(const std::shared_ptr<running_task>& run) {
  handler_result result;
  try {
    run->throw_if_cancelled();
    const auto& handler = std::get<blocking_handler>(run->tool().handler);
    result = handler(*run, run->claimed()->origin->arguments);
  } catch (...) {
    result = outcome_of_exception(*run);
  }
  sync(end_run(run, std::move(result)));
}

awaitable<void> engine::run_coroutine(std::shared_ptr<running_task> run) {
  handler_result result;
  try {
    run->throw_if_cancelled();
    const auto& handler = std::get<coroutine_handler>(run->tool().handler);
    raw_json arguments = run->claimed()->origin->arguments;
    auto work = handler(*run, std::move(arguments));
    result = co_await std::move(work);
  } catch (...) {
    result = outcome_of_exception(*run);
  }
  // What stopped the handler must not stop the writing of its end.
  auto unstopped =
      boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await std::move(unstopped);
  auto ending = end_run(run, std::move(result));
  co_await std::move(ending);
}

awaitable<void> engine::end_run(std::shared_ptr<running_task> run, handler_result result) {
  const bool external = run->claimed()->origin->external;
  if (!result && !external && !run->stop_requested()) {
    result = outcome::protocol_error(internal_error, "the tool gave up without a result");
  }
  bool written = true;
  if (result && !run->stop_requested()) {
    run->begin_end();
    auto writing = write_end(run, std::move(*result));
    written = co_await std::move(writing);
  } else if (external && !run->stop_requested()) {
    // Who takes the work up after a crash finds what the handler saved of it.
    try {
      auto reporting = write_last_report(*run);
      co_await std::move(reporting);
    } catch (const std::exception& e) {
      log_trouble("task.report_unwritten", e.what(), run->id());
    }
  }
  release_slot(*run);
  if (written) forget(run);
  if (pump_wanted()) {  // here and now: whoever gives a slot back fills it
    auto pumping = pump_all();
    co_await std::move(pumping);
  }
}

void engine::release_slot(running_task& run) {
  const task_origin& origin = *run.claimed()->origin;
  if (origin.external) --handing_over_;
  if (run.holds_slot.exchange(false)) slots_.release(origin.quota, use_of(run.tool()));
}

void engine::forget(const std::shared_ptr<running_task>& run) {
  {
    running_shard& shard = shard_of(run->id());
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.by_id.find(run->id());
    if (found != shard.by_id.end() && found->second == run) shard.by_id.erase(found);
  }
  if (draining_) {
    const std::lock_guard lock(idle_mutex_);
    idle_.notify_all();
  }
}

awaitable<void> engine::write_last_report(running_task& run) {
  const auto change = run.take_report();
  if (!change) co_return;
  try {
    auto reporting = certain([&] { return run.store().report(run.id(), run.writer(), *change); });
    co_await std::move(reporting);
  } catch (...) {
    run.put_back(*change);
    throw;
  }
}

awaitable<bool> engine::write_end(std::shared_ptr<running_task> run, outcome result) {
  result = bounded(std::move(result));
  try {
    auto reporting = write_last_report(*run);
    co_await std::move(reporting);
    const std::string message = message_of(result);
    auto writing =
        certain([&] { return run->store().finish(run->id(), run->writer(), result, message); });
    co_await std::move(writing);  // refused: somebody else ended it; that stands
    co_return true;
  } catch (const std::exception& e) {
    log_trouble("task.end_unwritten", std::string("trying again: ") + e.what(), run->id());
  }
  const std::lock_guard lock(deferred_mutex_);
  deferred_.emplace_back(std::move(run), std::move(result));
  co_return false;
}

}  // namespace longhaul::tasks
