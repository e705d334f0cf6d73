// SPDX-License-Identifier: Apache-2.0
#include "tasks/reporter.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/clock_arithmetic.hpp"
#include "tasks/certain.hpp"
#include "tasks/outcomes.hpp"
#include "tasks/running_task.hpp"

namespace longhaul::tasks {
namespace {

bool is_refused(stores::change_code code) {
  return code == stores::change_code::superseded || code == stores::change_code::already_terminal ||
         code == stores::change_code::not_found;
}

bool is_written(const stores::change_result& result) { return !is_refused(result.code); }

}  // namespace

void reporter::note(std::shared_ptr<running_task> run) {
  const guard lock(mutex_);
  noted_.push_back(std::move(run));
}

void reporter::keep(const std::shared_ptr<running_task>& run) noexcept {
  try {
    noted_.push_back(run);
  } catch (...) {  // no memory: its next report, or its end, takes this one along
    run->reports().forget_news();
  }
}

// What is looked at now; what is left of it goes back, whatever happens.
class reporter::taken_out {
 public:
  explicit taken_out(reporter& owner) : owner_(owner) {
    const guard lock(owner_.mutex_);
    runs.swap(owner_.noted_);
  }
  taken_out(const taken_out&) = delete;
  taken_out& operator=(const taken_out&) = delete;
  ~taken_out() {
    std::erase(runs, nullptr);
    const guard lock(owner_.mutex_);
    runs.swap(owner_.noted_);  // what was noted meanwhile is less
    for (const auto& run : runs) owner_.keep(run);
  }

  std::vector<std::shared_ptr<running_task>> runs;

 private:
  reporter& owner_;
};

boost::asio::awaitable<void> reporter::flush() {
  taken_out noted(*this);
  const monotonic_time now = core_.monotonic();
  for (auto& run : noted.runs) {
    const bool ending = run->ending();  // its end takes the last report along
    if (!ending && now - run->last_report < run->store().report_interval()) continue;
    const auto due = std::exchange(run, nullptr);
    if (ending) continue;
    due->last_report = now;
    co_await write_report(*due);
  }
}

boost::asio::awaitable<void> reporter::write_report(running_task& run) {
  const auto change = run.reports().take();
  if (!change) co_return;
  try {
    const stores::change_result result =
        co_await run.store().report(run.id(), run.writer(), *change);
    if (is_refused(result.code)) run.request_stop();
  } catch (const std::exception& e) {
    run.reports().put_back(*change);
    core_.log.trouble("task.report_unwritten", e.what(), run.id());
    run.has_news();
  }
}

boost::asio::awaitable<void> reporter::write_last_report(running_task& run) {
  const auto change = run.reports().take();
  if (!change) co_return;
  const auto write = [&] { return run.store().report(run.id(), run.writer(), *change); };
  try {
    co_await certain(write);
  } catch (...) {
    run.reports().put_back(*change);
    run.has_news();
    throw;
  }
}

boost::asio::awaitable<bool> reporter::write_end(running_task& run, const outcome& result) {
  const outcome kept = bounded(result, core_.options.limits.max_result);
  const std::string message = message_of(kept);
  const auto finish = [&] { return run.store().finish(run.id(), run.writer(), kept, message); };
  const auto write = [&] { return certain(finish); };
  try {
    co_await write_last_report(run);
    // Refused: somebody else ended it; that stands.
    co_await core_.measured(run.begun_as(), write_kind::finish, write, is_written);
    co_return true;
  } catch (const std::exception& e) {
    if (!core_.in_trouble()) {
      core_.log.trouble("task.end_unwritten", std::string("trying again: ") + e.what(), run.id());
    }
  }
  co_return false;
}

boost::asio::awaitable<bool> reporter::write_retry(running_task& run,
                                                   const handler_run::retry_wish& wish) {
  const monotonic_time now = run.store().now().mono;
  const monotonic_time at = wish.after ? saturating_add(now, std::max(*wish.after, milliseconds(0)))
                                       : stores::next_attempt_at(*run.claimed(), now);
  const auto retry = [&] { return run.store().retry(run.id(), run.writer(), wish.why, at); };
  const auto write = [&] { return certain(retry); };
  try {
    co_await write_last_report(run);
    const stores::change_result written =
        co_await core_.measured(run.begun_as(), write_kind::retry, write, is_written);
    if (!is_refused(written.code)) core_.log.retry(*run.claimed(), wish.why, at - now);
    co_return true;
  } catch (const std::exception& e) {
    if (!core_.in_trouble()) {
      core_.log.trouble("task.end_unwritten", std::string("trying again: ") + e.what(), run.id());
    }
  }
  co_return false;
}

void reporter::clear() {
  const guard lock(mutex_);
  noted_.clear();
}

}  // namespace longhaul::tasks
