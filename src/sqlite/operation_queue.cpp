// SPDX-License-Identifier: Apache-2.0
#include "sqlite/operation_queue.hpp"

#include <algorithm>
#include <thread>

#include "sqlite/tunables.hpp"

namespace longhaul::sqlite {

using clock = std::chrono::steady_clock;

bool operation_queue::submit(operation& work) {
  const guard lock(mutex_);
  if (closing_) return false;
  queue_.push_back(&work);
  // Only the first one can find the thread asleep.
  if (queue_.size() == 1) news_.notify_one();
  return true;
}

std::optional<batch> operation_queue::take(clock::duration patience) {
  if (last_batch_ >= tunables::crowd) stay_awake();
  const auto deadline = clock::now() + patience;
  guard lock(mutex_);
  while (!closing_ && queue_.empty() && news_.wait_until(lock, deadline)) {
  }
  batch taken;
  move_to(taken);
  if (taken.empty() && closing_) return std::nullopt;
  return taken;
}

// After a crowd's commit they all come back at once, sooner than a thread that sleeps is woken.
void operation_queue::stay_awake() {
  const auto deadline = clock::now() + tunables::crowd_returns;
  while (clock::now() < deadline) {
    {
      const guard lock(mutex_);
      if (closing_ || !queue_.empty()) return;
    }
    std::this_thread::yield();
  }
}

bool operation_queue::move_to(batch& work) {
  const std::size_t room = tunables::max_batch - std::min(work.size(), tunables::max_batch);
  const std::size_t count = std::min(room, queue_.size());
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  work.insert(work.end(), queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  return count > 0;
}

bool operation_queue::join(batch& work) {
  // Some have done what they came for.
  const std::size_t expected = last_batch_ - last_batch_ / 8;
  const auto deadline = clock::now() + tunables::next_caller;
  while (true) {
    {
      const guard lock(mutex_);
      if (move_to(work)) return true;
      if (closing_ || work.size() >= expected) return false;
    }
    if (clock::now() > deadline) return false;
    std::this_thread::yield();
  }
}

void operation_queue::close() {
  const guard lock(mutex_);
  closing_ = true;
  news_.notify_all();
}

}  // namespace longhaul::sqlite
