// SPDX-License-Identifier: Apache-2.0
#include "telemetry/span_queue.hpp"

#include <utility>

namespace longhaul::telemetry {

span_queue::span_queue(std::size_t most, std::size_t batch) : most_(most), batch_(batch) {}

void span_queue::push(span one) noexcept {
  std::shared_ptr<const std::function<void()>> tell;
  try {
    const guard lock(mutex_);
    if (closed_ || waiting_.size() >= most_) {
      count_dropped(1);
      return;
    }
    waiting_.push_back(std::move(one));
    if (waiting_.size() < batch_ || told_) return;
    told_ = true;
    tell = tell_;
  } catch (...) {  // no memory for it
    count_dropped(1);
    return;
  }
  if (tell) (*tell)();
}

void span_queue::on_batch(std::function<void()> tell) {
  auto shared = std::make_shared<const std::function<void()>>(std::move(tell));
  const guard lock(mutex_);
  tell_.swap(shared);
}

std::vector<span> span_queue::take() noexcept {
  std::vector<span> taken;
  const guard lock(mutex_);
  taken.swap(waiting_);
  told_ = false;
  return taken;
}

void span_queue::close() noexcept {
  const guard lock(mutex_);
  closed_ = true;
}

bool span_queue::has_batch() const noexcept { return size() >= batch_; }

std::size_t span_queue::size() const noexcept {
  const guard lock(mutex_);
  return waiting_.size();
}

}  // namespace longhaul::telemetry
