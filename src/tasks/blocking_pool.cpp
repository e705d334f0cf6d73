// SPDX-License-Identifier: Apache-2.0
#include "tasks/blocking_pool.hpp"

#include <algorithm>
#include <thread>

#include "tasks/tunables.hpp"

namespace longhaul::tasks {

void blocking_pool::close() {
  std::unique_lock lock(mutex_);
  closing_ = true;
  wake_.notify_all();
  gone_.wait(lock, [&] { return threads_ == 0; });
}

void blocking_pool::submit(job one) {
  std::vector<job> jobs;
  jobs.push_back(std::move(one));
  submit(std::move(jobs));
}

void blocking_pool::submit(std::vector<job> jobs) {
  std::unique_lock lock(mutex_);
  if (closing_) return;
  const std::size_t before = jobs_.size();
  for (job& one : jobs) jobs_.push_back(std::move(one));
  const std::size_t woken = std::min(jobs.size(), idle_ - std::min(idle_, before));
  try {
    for (std::size_t i = woken; i < jobs.size(); ++i) start_thread();
  } catch (...) {  // no thread to be had: those that exist will come to it
    if (threads_ == 0) {
      jobs_.resize(before);
      throw;
    }
  }
  lock.unlock();  // else a woken thread would wait for us at once
  for (std::size_t i = 0; i < woken; ++i) wake_.notify_one();
}

void blocking_pool::start_thread() {
  ++threads_;
  try {
    std::thread([this] { work(); }).detach();
  } catch (...) {
    --threads_;
    throw;
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
    job next = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    next();
    next = nullptr;
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
