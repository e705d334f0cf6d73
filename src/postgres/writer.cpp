// SPDX-License-Identifier: Apache-2.0
#include "postgres/writer.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "postgres/patience.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {
namespace {

// As many as may share a transaction: in number, and in bytes, but one at least.
std::size_t next_batch(const batch& queue) {
  std::size_t count = 0, bytes = 0;
  while (count < std::min(queue.size(), tunables::batch)) {
    bytes += queue[count]->bytes;
    if (count > 0 && bytes > tunables::batch_bytes) break;
    ++count;
  }
  return count;
}

}  // namespace

writer::writer(database& home)
    : home_(home), queue_(home.context, 1, &next_batch, [this](batch work) {
        return carry_out(std::move(work));
      }) {}

awaitable<stores::change_result> writer::change(std::string_view id,
                                                std::optional<std::string_view> owner,
                                                transition next, growth allowed, std::size_t bytes,
                                                bool* repeated) {
  operation mine;
  mine.bytes = bytes;
  mine.id = id;
  mine.owner = owner;
  mine.next = std::move(next);
  mine.allowed = allowed;
  co_await queue_.perform(mine);
  if (repeated != nullptr) *repeated = mine.in_doubt;
  co_return std::move(mine.changed);
}

awaitable<stores::change_result> writer::end_run(std::string_view id, stores::writer worker,
                                                 transition next, std::size_t bytes) {
  operation mine;
  mine.bytes = bytes;
  mine.id = id;
  mine.next = std::move(next);
  if (worker.handler != stores::writer::stage::at_work) mine.leaves = worker.epoch;
  co_await queue_.perform(mine);
  co_return std::move(mine.changed);
}

awaitable<stores::create_result> writer::create(const stores::new_task& task) {
  operation mine;
  mine.task = &task;
  mine.bytes = task.origin->arguments.size() + task.origin->request_meta.size();
  if (task.claim_for) home_.tasks.add_process(*task.claim_for);
  co_await queue_.perform(mine);
  co_return std::move(mine.created);
}

void writer::leave_undone(batch& work) {
  const auto first_done = std::partition(
      work.begin(), work.end(), [](const operation* each) { return !each->done && !each->error; });
  const batch done(first_done, work.end());
  work.erase(first_done, work.end());
  work_queue<operation>::wake_all(done);
}

awaitable<void> writer::carry_out(batch work) {
  patience left(home_);
  while (!work.empty()) {
    std::optional<database_error> failed;
    std::exception_ptr broken;
    const auto began = std::chrono::steady_clock::now();
    const std::size_t tried = work.size();
    bool begun = false;
    try {
      connections::loan link = co_await home_.links.take();
      begun = true;
      write_attempt attempt(home_, *link, work);
      co_await attempt.run();
      home_.links.answered();
      meters_.seconds.note(std::chrono::steady_clock::now() - began);
      meters_.operations.note(static_cast<double>(tried));
    } catch (const database_error& e) {
      failed.emplace(e);
      if (begun) meters_.failed.add();
      if (e.outcome_unknown()) home_.own_is_doubtful = true;
      if (e.has_no_room()) home_.set_no_room(&e);
    } catch (...) {  // a bug, or no memory
      broken = std::current_exception();
    }
    leave_undone(work);
    for (operation* each : work) {
      if (broken) each->error = broken;
      if (each->races > tunables::most_races) {
        each->error = std::make_exception_ptr(stores::store_error(
            "task " + std::string(each->id) + " changes too fast", each->in_doubt));
      }
    }
    const bool blocked = failed && failed->sqlstate() == "55P03" && work.size() > 1;
    // What was on its way may have been done: that is looked at, and done if it was not.
    const bool unknown = failed && failed->outcome_unknown() && !left.over();
    if (unknown) {
      for (operation* each : work) each->look = each->in_doubt = true;
    }
    if (failed && !unknown && (blocked || !left.allows(*failed))) {
      const bool alone = work.size() == 1 || failed->is_outage() || failed->outcome_unknown();
      if (alone) {
        for (operation* each : work) {
          const bool unknown_now = failed->outcome_unknown() || each->in_doubt;
          each->error = std::make_exception_ptr(store_error_of(*failed, unknown_now));
        }
      } else {  // one of them is to blame
        for (operation* each : std::exchange(work, {})) {
          batch one;
          one.push_back(each);
          co_await carry_out(std::move(one));
        }
      }
    } else if (failed) {
      co_await left.pause();
    }
    leave_undone(work);
  }
}

}  // namespace longhaul::postgres
