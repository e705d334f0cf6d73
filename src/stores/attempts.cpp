// SPDX-License-Identifier: Apache-2.0
#include "stores/attempts.hpp"

#include <algorithm>
#include <memory>

#include "base/clock_arithmetic.hpp"
#include "base/utf8.hpp"

namespace longhaul::stores {
namespace {

// Any number that looks like chance, the same for the same attempt of the same task (FNV-1a, mixed
// as in SplitMix64).
std::uint64_t number_of(const task_record& task) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U ^ task.attempt;
  for (const char c : task.id()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
  return hash ^ (hash >> 31U);
}

void remember_attempt(task_record& task, std::string_view how, instant now) {
  auto all = task.attempts ? std::make_shared<task_attempts>(*task.attempts)
                           : std::make_shared<task_attempts>();
  if (all->size() >= rules::attempts_kept) all->erase(all->begin());
  all->push_back({task.attempt, task.process, task.began_at, std::max(task.began_at, now.wall),
                  std::string(cut_at_character(how, rules::longest_how))});
  task.attempts = std::move(all);
}

void leave_process(task_record& task, monotonic_time run_at) {
  ++task.epoch;
  task.process.reset();
  task.attempt_left.reset();
  task.run_at = run_at;
}

}  // namespace

void begin_attempt(task_record& task, process_id process, instant now) {
  ++task.epoch;
  ++task.attempt;
  task.process = process;
  task.began_at = now.wall;
  task.attempt_left = task.origin->attempt_limit;
  // What the one before said is no news of this one.
  task.progress.reset();
  if (task.epoch > 1) task.status_message.clear();
}

void end_attempt(task_record& task, std::string_view how, monotonic_time run_at, instant now) {
  remember_attempt(task, how, now);
  leave_process(task, run_at);
}

void undo_attempt(task_record& task, monotonic_time run_at) {
  task.attempt -= task.attempt > 0 ? 1 : 0;
  leave_process(task, run_at);
}

milliseconds backoff(const task_record& task) noexcept {
  const milliseconds most = std::max(task.origin->retry_backoff_max, milliseconds(0));
  milliseconds delay = std::clamp(task.origin->retry_backoff, milliseconds(0), most);
  for (std::uint32_t i = 1; i < task.attempt && milliseconds(0) < delay && delay < most; ++i) {
    delay = saturating_add(delay, delay);
  }
  return std::min(delay, most);
}

bool attempts_left(const task_record& task) noexcept {
  return !task.origin->external && task.attempt < task.origin->max_attempts;
}

monotonic_time next_attempt_at(const task_record& task, monotonic_time now) noexcept {
  const auto most = static_cast<std::uint64_t>(backoff(task).count());
  const std::uint64_t share = most == 0 ? 0 : number_of(task) % most + 1;
  return saturating_add(now, milliseconds(static_cast<milliseconds::rep>(share)));
}

}  // namespace longhaul::stores
