// SPDX-License-Identifier: Apache-2.0
#include "client/callbacks.hpp"

#include <utility>

namespace longhaul::remote {

callbacks::~callbacks() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    more_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void callbacks::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  queue_.push_back(std::move(work));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  more_.notify_one();
}

void callbacks::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    more_.wait(lock, [this] { return ended_ || !queue_.empty(); });
    if (ended_) return;
    const std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace longhaul::remote
