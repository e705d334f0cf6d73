// SPDX-License-Identifier: Apache-2.0
#include "run/log_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "run/log_line.hpp"

namespace longhaul {

log_writer::log_writer(int fd, log_style style, const clock_source& clock)
    : fd_(fd), style_(style), clock_(clock), thread_([this] { write(); }) {}

log_writer::~log_writer() {
  flush();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    filled_.notify_one();
  }
  stop_.set();
  thread_.join();
}

void log_writer::put(const log_record& what) {
  std::string line;
  append_log_line(line, what, style_, clock_.now());
  const std::lock_guard lock(mutex_);
  if (broken_ || closing_) return;
  if (queue_.size() + line.size() > most_queued) {
    ++dropped_;
    return;
  }
  if (queue_.empty()) filled_.notify_one();
  dropped_ += std::exchange(lost_, 0);
  if (dropped_ > 0) tell_dropped();
  queue_ += line;
}

void log_writer::tell_dropped() {
  const std::array<log_field, 1> fields = {log_field("lines", std::exchange(dropped_, 0))};
  append_log_line(queue_, {log_level::warning, "log.dropped", "nobody read them in time", fields},
                  style_, clock_.now());
}

void log_writer::flush() {
  std::unique_lock lock(mutex_);
  emptied_.wait_for(lock, flush_time, [&] { return broken_ || (queue_.empty() && !writing_); });
}

void log_writer::write() {
  block_broken_pipe();
  std::string batch;
  std::unique_lock lock(mutex_);
  while (true) {
    filled_.wait(lock, [&] { return closing_ || !queue_.empty() || dropped_ > 0; });
    if (closing_) return;
    if (queue_.empty()) tell_dropped();
    batch.clear();
    batch.swap(queue_);
    writing_ = true;
    lock.unlock();
    const bool written = write_all(batch);
    lock.lock();
    writing_ = false;
    if (!written) {
      broken_ = true;
      queue_.clear();
      emptied_.notify_all();
      return;
    }
    if (queue_.empty()) emptied_.notify_all();
  }
}

bool log_writer::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    if (wait_for(fd_, POLLOUT, stop_) != readiness::ready) return false;
    const ssize_t put = ::write(fd_, bytes.data(), std::min(bytes.size(), pipe_piece));
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (put < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
      lose(bytes);
      return true;  // later
    }
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// A full disk: counted, and told before the next line, not at once, which would fail again for
// ever.
void log_writer::lose(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  lost_ += std::count(bytes.begin(), bytes.end(), '\n');
}

}  // namespace longhaul
