// SPDX-License-Identifier: Apache-2.0
#include "tasks/engine_link.hpp"

#include "longhaul/task_access.hpp"

namespace longhaul::tasks {

void engine_link::open(std::shared_ptr<engine> running) {
  const std::unique_lock lock(mutex_);
  engine_ = std::move(running);
  closing_ = std::stop_source();
}

bool engine_link::reserve(const engine& starting) noexcept {
  const engine* nobody = nullptr;
  return served_.compare_exchange_strong(nobody, &starting);
}

void engine_link::close(const engine& ended) {
  end_use_of(ended);
  const engine* served = &ended;
  served_.compare_exchange_strong(served, nullptr);
}

void engine_link::end_use_of(const engine& ended) {
  std::stop_source waits(std::nostopstate);
  {
    const std::shared_lock lock(mutex_);
    if (engine_.get() != &ended) return;
    waits = closing_;
  }
  waits.request_stop();
  std::shared_ptr<engine> last;  // maybe its end: not with the lock
  const std::unique_lock lock(mutex_);
  if (engine_.get() == &ended) last.swap(engine_);
}

engine_link::access engine_link::look() const {
  if (engine_ && !closing_.stop_requested()) return {engine_, closing_.get_token()};
  throw not_running(closing_.stop_requested()
                        ? "the server has stopped: its tasks cannot be reached any more"
                        : "the server does not run yet: its tasks can be reached from the moment "
                          "when longhaul::run calls what server::on_start was given");
}

engine_link::blocking_access engine_link::use() const {
  std::shared_lock lock(mutex_);
  return {look(), std::move(lock)};
}

engine_link::access engine_link::follow() const {
  const std::shared_lock lock(mutex_);
  return look();
}

bool engine_link::is_open() const {
  const std::shared_lock lock(mutex_);
  return engine_ != nullptr;
}

bool engine_link::was_open() const {
  const std::shared_lock lock(mutex_);
  return engine_ != nullptr || closing_.stop_requested();
}

}  // namespace longhaul::tasks
