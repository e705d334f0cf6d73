// SPDX-License-Identifier: Apache-2.0
#include "tasks/blocking_pool.hpp"

#include <thread>

#include "tasks/tunables.hpp"

namespace longhaul::tasks {

void blocking_pool::close() {
  std::unique_lock lock(mutex_);
  closing_ = true;
  wake_.notify_all();
  gone_.wait(lock, [&] { return threads_ == 0; });
}

void blocking_pool::submit(std::function<void()> job) {
  std::unique_lock lock(mutex_);
  if (closing_) return;
  jobs_.push_back(std::move(job));
  if (idle_ >= jobs_.size()) {
    lock.unlock();  // else the woken thread would wait for us at once
    wake_.notify_one();
    return;
  }
  ++threads_;
  try {
    std::thread([this] { work(); }).detach();
  } catch (...) {  // no thread to be had: those that exist will come to it
    --threads_;
    if (threads_ == 0) {
      jobs_.pop_back();
      throw;
    }
  }
}

void blocking_pool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (jobs_.empty()) {
      ++idle_;
      const bool woken = wake_.wait_for(lock, tunables::idle_thread_lifetime,
                                        [&] { return !jobs_.empty() || closing_; });
      --idle_;
      if (!woken || (jobs_.empty() && closing_)) break;
    }
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
  --threads_;
  // Under the lock: after it, nothing of this object may be touched.
  gone_.notify_all();
}

std::size_t blocking_pool::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

}  // namespace longhaul::tasks
