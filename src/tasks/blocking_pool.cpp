// SPDX-License-Identifier: Apache-2.0
#include "tasks/blocking_pool.hpp"

#include <thread>
#include <utility>

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
  try {
    call_thread(lock);
  } catch (...) {  // no thread to be had: those that exist will come to it
    if (threads_ > 0) return;
    jobs_.resize(before);
    throw;
  }
}

void blocking_pool::call_thread(std::unique_lock<std::mutex>& lock) {
  if (jobs_.empty() || called_) {
    lock.unlock();
    return;
  }
  if (idle_ == 0) start_thread();
  called_ = true;
  const bool sleeps = idle_ > 0;
  lock.unlock();  // else a woken thread would wait for us at once
  if (sleeps) wake_.notify_one();
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

// Null: it has waited in vain, or there will be no more.
blocking_pool::job blocking_pool::take(std::unique_lock<std::mutex>& lock) {
  while (jobs_.empty()) {
    if (closing_) return nullptr;
    ++idle_;
    const auto woken = wake_.wait_for(lock, tunables::idle_thread_lifetime);
    --idle_;
    called_ = false;  // whoever was called, somebody is here now
    if (woken == std::cv_status::timeout && jobs_.empty()) return nullptr;
  }
  job next = std::move(jobs_.front());
  jobs_.pop_front();
  return next;
}

void blocking_pool::work() {
  std::unique_lock lock(mutex_);
  called_ = false;
  while (job next = take(lock)) {
    try {
      call_thread(lock);
    } catch (...) {  // the others will come to what is left
      lock.unlock();
    }
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
