// SPDX-License-Identifier: Apache-2.0
#include "client/callbacks.hpp"

#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

namespace longhaul::remote {

struct callbacks::state {
  std::mutex mutex;
  std::condition_variable more;
  std::deque<std::function<void()>> queue;
  bool ended = false;
  std::thread thread;  // begins with the first
};

callbacks::callbacks() : state_(std::make_shared<state>()) {}

void callbacks::post(std::function<void()> work) {
  post_or_drop(std::move(work), std::numeric_limits<std::size_t>::max());
}

void callbacks::post_or_drop(std::function<void()> work, std::size_t most) {
  const std::lock_guard lock(state_->mutex);
  if (state_->ended || state_->queue.size() >= most) return;
  state_->queue.push_back(std::move(work));
  if (!state_->thread.joinable()) {
    state_->thread = std::thread([all = state_] { run(all); });
  }
  state_->more.notify_one();
}

void callbacks::end() noexcept {
  std::deque<std::function<void()>> dropped;  // behind the lock: it may hold whoever posts more
  std::thread thread;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ended = true;
    dropped.swap(state_->queue);
    thread = std::move(state_->thread);
    state_->more.notify_one();
  }
  if (!thread.joinable()) return;
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();
  } else {
    thread.join();
  }
}

void callbacks::run(const std::shared_ptr<state>& all) {
  std::unique_lock lock(all->mutex);
  for (;;) {
    all->more.wait(lock, [&] { return all->ended || !all->queue.empty(); });
    if (all->ended) return;
    std::function<void()> work = std::move(all->queue.front());
    all->queue.pop_front();
    lock.unlock();
    try {
      work();
    } catch (...) {  // NOLINT(bugprone-empty-catch): as it says
    }
    work = nullptr;
    lock.lock();
  }
}

}  // namespace longhaul::remote
