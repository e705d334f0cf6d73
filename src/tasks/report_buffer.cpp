// SPDX-License-Identifier: Apache-2.0
#include "tasks/report_buffer.hpp"

#include <cmath>
#include <stdexcept>
#include <utility>

namespace longhaul::tasks {

std::optional<progress_event> report_buffer::progress(double done, std::optional<double> total,
                                                      std::string_view message) {
  if (!std::isfinite(done) || done < 0) return std::nullopt;  // says nothing
  if (total && !std::isfinite(*total)) total.reset();
  const guard lock(mutex_);
  const auto& newest = content_.progress;
  if (newest && done <= newest->done && message.empty()) return std::nullopt;
  if (newest && done < newest->done) return std::nullopt;
  progress_event event{{done, total}, std::string(message)};
  content_.progress = event.state;
  content_.unwritten.progress = event.state;
  if (!message.empty()) content_.unwritten.status_message = event.message;
  return event;
}

void report_buffer::status(std::string_view message) {
  const guard lock(mutex_);
  content_.unwritten.status_message = std::string(message);
}

void report_buffer::checkpoint(raw_json value, std::size_t most) {
  if (most != 0 && value.size() > most) {
    throw std::length_error("a checkpoint of " + std::to_string(value.size()) +
                            " bytes: max_checkpoint allows " + std::to_string(most));
  }
  const guard lock(mutex_);
  content_.checkpoint = value;
  content_.unwritten.checkpoint = std::move(value);
}

raw_json report_buffer::checkpoint() const {
  const guard lock(mutex_);
  return content_.checkpoint;
}

bool report_buffer::has_news() const {
  const guard lock(mutex_);
  return announced_;
}

void report_buffer::forget_news() noexcept {
  const guard lock(mutex_);
  announced_ = false;
}

bool report_buffer::begin_news() {
  const guard lock(mutex_);
  return !std::exchange(announced_, true);
}

std::optional<stores::report_change> report_buffer::take() {
  const guard lock(mutex_);
  announced_ = false;
  stores::report_change change = std::exchange(content_.unwritten, {});
  if (!change.progress && !change.status_message && !change.checkpoint) return std::nullopt;
  return change;
}

void report_buffer::put_back(const stores::report_change& change) {
  const guard lock(mutex_);
  stores::report_change& unwritten = content_.unwritten;
  if (!unwritten.progress) unwritten.progress = change.progress;
  if (!unwritten.status_message) unwritten.status_message = change.status_message;
  if (!unwritten.checkpoint) unwritten.checkpoint = change.checkpoint;
}

report_buffer::content report_buffer::all() const {
  const guard lock(mutex_);
  return content_;
}

}  // namespace longhaul::tasks
