// SPDX-License-Identifier: Apache-2.0
#include "tasks/blocking_pool.hpp"

#include <thread>
#include <utility>

#include "tasks/tunables.hpp"

namespace longhaul::tasks {

void blocking_pool::close() {
  guard lock(mutex_);
  closing_ = true;
  wake_.notify_all();
  while (threads_ != 0) gone_.wait(lock);
}

void blocking_pool::submit(job one) {
  std::vector<job> jobs;
  jobs.push_back(std::move(one));
  submit(std::move(jobs));
}

void blocking_pool::submit(std::vector<job> jobs) {
  bool idle = false;
  {
    const guard lock(mutex_);
    if (closing_) return;
    const std::size_t before = jobs_.size();
    for (job& one : jobs) jobs_.push_back(std::move(one));
    try {
      idle = call_thread();
    } catch (...) {  // no thread to be had: those that exist will come to it
      if (threads_ > 0) return;
      jobs_.resize(before);
      throw;
    }
  }
  if (idle) wake_.notify_one();
}

bool blocking_pool::call_thread() {
  if (jobs_.empty() || called_) return false;
  if (idle_ == 0) start_thread();
  called_ = true;
  return idle_ > 0;
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

blocking_pool::job blocking_pool::take(guard& lock) {
  while (jobs_.empty()) {
    if (closing_) return nullptr;
    ++idle_;
    const bool woken = wake_.wait_for(lock, tunables::idle_thread_lifetime);
    --idle_;
    called_ = false;  // whoever was called, somebody is here now
    if (!woken && jobs_.empty()) return nullptr;
  }
  job next = std::move(jobs_.front());
  jobs_.pop_front();
  return next;
}

void blocking_pool::work() {
  guard lock(mutex_);
  called_ = false;
  while (job next = take(lock)) {
    bool idle = false;
    try {
      idle = call_thread();
    } catch (...) {  // NOLINT(bugprone-empty-catch): the others will come to what is left
    }
    lock.unlock();
    if (idle) wake_.notify_one();
    next();
    next = nullptr;
    lock.lock();
  }
  --threads_;
  // Under the lock: after it, nothing of this object may be touched.
  gone_.notify_all();
}

std::size_t blocking_pool::threads() const {
  const guard lock(mutex_);
  return threads_;
}

}  // namespace longhaul::tasks
