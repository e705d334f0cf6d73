// SPDX-License-Identifier: Apache-2.0
#include "server/shared_outputs.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>

#include "base/random.hpp"
#include "server/tunables.hpp"
#include "tasks/lanes.hpp"
#include "tasks/sync.hpp"

namespace longhaul::serving {
namespace {

output_source::part part_of(stores::output_part from) {
  return {std::move(from.bytes), from.offset, from.state.total, from.state.lost_from};
}

}  // namespace

shared_outputs::shared_outputs(output_source& here, stores::store& store, std::size_t keep,
                               remover remove, logger log)
    : here_(here),
      store_(store),
      keep_(keep),
      remove_(std::move(remove)),
      log_(std::move(log)),
      swept_(std::chrono::steady_clock::now()) {
  thread_ = std::thread([this] { work(); });
}

shared_outputs::~shared_outputs() { finish(); }

void shared_outputs::on_begun(std::string_view task) {
  if (tasks::lanes::is_in_memory(task)) return;  // no store has it
  const guard lock(mutex_);
  runs_[std::string(task)] = run{.name = random_bytes(16)};
  begun_ = true;
  changed_.notify_all();
}

void shared_outputs::on_ended(std::string_view task) {
  const guard lock(mutex_);
  const auto at = runs_.find(task);
  if (at == runs_.end()) return;
  at->second.ended = true;
  hurry_ = true;
  changed_.notify_all();
}

void shared_outputs::forget(const std::vector<std::string>& tasks) {
  const guard lock(mutex_);
  for (const std::string& task : tasks) runs_.erase(task);
}

// --- the thread

void shared_outputs::work() {
  guard lock(mutex_);
  while (!closing_) {
    if (runs_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const bool idle =
        std::ranges::none_of(runs_, [](const auto& one) { return one.second.active; });
    const auto now = std::chrono::steady_clock::now();
    const auto next = idle
                          ? swept_ + tunables::output_sweep_every
                          : now + std::chrono::steady_clock::duration(tunables::output_share_every);
    begun_ = false;
    while (!closing_ && !hurry_ && !(idle && begun_) && changed_.wait_until(lock, next)) {
    }
    // What has ended at once, the others when it is time to.
    const bool ended_only = hurry_ && !closing_ && std::chrono::steady_clock::now() < next;
    for (bool more = true; more;) {
      hurry_ = false;
      lock.unlock();
      more = write_all(ended_only);
      sweep();
      lock.lock();
    }
  }
  lock.unlock();
  write_all(true);  // what has ended during the last one
}

void shared_outputs::finish() {
  {
    const guard lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void shared_outputs::sweep() {
  const auto now = std::chrono::steady_clock::now();
  if (now - swept_ < tunables::output_sweep_every) return;
  swept_ = now;
  std::vector<std::string> ended;
  {
    const guard lock(mutex_);
    for (const auto& [task, one] : runs_) {
      if (!one.active && ended.size() < tunables::output_sweep_ids) ended.push_back(task);
    }
  }
  if (ended.empty()) return;
  try {
    const std::vector<std::string> gone = tasks::sync(store_.unknown(ended));
    if (gone.empty()) return;
    remove_(gone);
    forget(gone);
  } catch (const std::exception& e) {  // the next time tries again
    log_.debug("output.unswept", e.what());
  }
}

// True: there is more to write now.
bool shared_outputs::write_all(bool ended_only) {
  std::vector<std::pair<std::string, run>> all;
  {
    const guard lock(mutex_);
    for (const auto& [task, one] : runs_) {
      if (one.active && (!ended_only || one.ended)) all.emplace_back(task, one);
    }
  }
  bool more = false, failed = false;
  for (auto& [task, one] : all) {
    try {
      more = write(task, one) || more;
    } catch (const stores::store_error& e) {  // the next time tries again
      failed = true;
      if (!failing_) log_.warning("output.unshared", e.what());
      failing_ = true;
      break;
    } catch (const std::exception& e) {  // what the program did to its own folder
      log_.warning("output.unshared", e.what(), {task_field(task)});
      one.active = false;
    }
    const guard lock(mutex_);
    const auto at = runs_.find(task);
    if (at == runs_.end() || at->second.name != one.name) continue;  // gone, or another run
    one.ended = at->second.ended;
    at->second = one;
  }
  if (failing_ && !failed) log_.info("output.shared", "output is shared again");
  failing_ = failed;
  return more && !failed;
}

// Writes what is new of both streams; true: there is more.
bool shared_outputs::write(const std::string& task, run& one) {
  const bool ended = one.ended && !here_.in_use(task);  // before it is read: then that is all
  stores::output_news news{.task = task, .run = one.name, .begins = !one.known, .keep = keep_};
  std::vector<output_source::part> parts;
  parts.reserve(2);
  bool more = false, open = false;
  const std::array<std::pair<std::string_view, progress*>, 2> both = {
      {{"stderr", &one.err}, {"stdout", &one.out}}};
  for (const auto& [stream, state] : both) {
    // Of much only what is kept.
    const auto now = here_.look(task, stream);
    const std::uint64_t skipped = now ? now->total - std::min<std::uint64_t>(now->total, keep_) : 0;
    const std::uint64_t from = std::max(state->written, skipped);
    auto found = here_.read(task, stream, from, tunables::output_share_bytes);
    parts.push_back(found ? *std::move(found) : output_source::part{.bytes = {}});
    const output_source::part& printed = parts.back();
    const std::uint64_t end = std::max(printed.offset + printed.bytes.size(), state->written);
    // Where nothing can be read nothing will come.
    const bool rest = !printed.bytes.empty() && end < printed.lost_from.value_or(printed.total);
    more = more || (ended && rest);
    const progress next{end, printed.total, !ended || rest};
    open = open || next.open;
    if (next.written != state->written || next.total != state->total || next.open != state->open) {
      news.streams.push_back({.stream = stream,
                              .offset = printed.bytes.empty() ? state->written : printed.offset,
                              .bytes = printed.bytes,
                              .total = printed.total,
                              .lost_from = printed.lost_from,
                              .open = next.open});
    }
    *state = next;
  }
  if (news.begins || !news.streams.empty()) {
    one.active = tasks::sync(store_.outputs()->write(news));
  }
  one.known = true;
  if (!open) one.active = false;
  return more && one.active;
}

// --- readers

std::optional<stores::output_part> shared_outputs::stored(std::string_view task,
                                                          std::string_view stream,
                                                          std::optional<std::uint64_t> offset,
                                                          std::size_t most) const {
  if (tasks::lanes::is_in_memory(task)) return std::nullopt;
  return tasks::sync(store_.outputs()->read(task, stream, offset, most));
}

// What is running here is the newest run, as far as anybody knows; of what has ended only the store
// can tell, and nothing of tasks in memory.
bool shared_outputs::is_from_here(std::string_view task) {
  if (tasks::lanes::is_in_memory(task)) return true;
  std::string name;
  {
    const guard lock(mutex_);
    const auto at = runs_.find(task);
    if (at == runs_.end()) return false;
    if (at->second.active) return true;
    name = at->second.name;
  }
  try {
    const auto known = stored(task, "stdout", 0, 0);
    return !known || known->state.run == name;
  } catch (const stores::store_error&) {
    return true;  // better than nothing, and likely so
  }
}

std::optional<output_source::part> shared_outputs::read(std::string_view task,
                                                        std::string_view stream,
                                                        std::uint64_t offset, std::size_t most) {
  if (is_from_here(task)) {
    if (auto found = here_.read(task, stream, offset, most)) return found;
  }
  auto found = stored(task, stream, offset, most);
  return found ? std::optional(part_of(*std::move(found))) : here_.read(task, stream, offset, most);
}

std::optional<output_source::part> shared_outputs::tail(std::string_view task,
                                                        std::string_view stream, std::size_t most) {
  if (is_from_here(task)) {
    if (auto found = here_.tail(task, stream, most)) return found;
  }
  auto found = stored(task, stream, std::nullopt, most);
  return found ? std::optional(part_of(*std::move(found))) : here_.tail(task, stream, most);
}

std::optional<output_source::extent> shared_outputs::look(std::string_view task,
                                                          std::string_view stream) {
  if (is_from_here(task)) {
    if (const auto found = here_.look(task, stream)) return found;
  }
  const auto found = stored(task, stream, 0, 0);
  if (!found) return here_.look(task, stream);
  return extent{found->state.total, found->state.changed};
}

bool shared_outputs::in_use(std::string_view task) const {
  if (here_.in_use(task)) return true;
  return std::ranges::any_of(std::array<std::string_view, 2>{"stdout", "stderr"},
                             [&](std::string_view stream) {
                               const auto found = stored(task, stream, 0, 0);
                               return found && found->state.open;
                             });
}

}  // namespace longhaul::serving
