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
#include "run/tunables.hpp"

namespace longhaul {

log_writer::log_writer(int fd, log_style style, const clock_source& clock)
    : fd_(fd), style_(style), clock_(clock), thread_([this] { write(); }) {}

log_writer::~log_writer() {
  flush();
  {
    const guard lock(mutex_);
    closing_ = true;
    filled_.notify_one();
  }
  stop_.set();
  thread_.join();
}

void log_writer::put(const log_record& record) {
  std::string line;
  append_log_line(line, record, style_, clock_.now());
  const guard lock(mutex_);
  if (broken_ || closing_) return;
  if (queue_.size() + line.size() > run_tunables::queued_log) {
    ++dropped_;
    return;
  }
  if (queue_.empty()) filled_.notify_one();
  if (dropped_ > 0) tell_dropped();
  queue_ += line;
}

void log_writer::append_dropped(std::string& out, std::int64_t lines, std::string_view why) const {
  const std::array<log_field, 1> fields = {log_field("lines", lines)};
  append_log_line(out, {log_level::warning, "log.dropped", why, fields}, style_, clock_.now());
}

void log_writer::tell_dropped() {
  append_dropped(queue_, std::exchange(dropped_, 0), "nobody read them in time");
}

void log_writer::flush() {
  const auto deadline = std::chrono::steady_clock::now() + run_tunables::flush_time;
  guard lock(mutex_);
  while (!broken_ && (writing_ || !queue_.empty()) && emptied_.wait_until(lock, deadline)) {
  }
}

void log_writer::write() {
  block_broken_pipe();
  std::string batch;
  guard lock(mutex_);
  while (true) {
    while (!closing_ && queue_.empty() && dropped_ == 0) filled_.wait(lock);
    if (closing_) return;
    if (queue_.empty()) tell_dropped();
    batch.clear();
    batch.swap(queue_);
    writing_ = true;
    lock.unlock();
    const bool written = write_batch(batch);
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

// What a full disk did not take is counted, and told before what comes next, not at once, which
// would fail again for ever. If that is not taken either, it stays to be told.
bool log_writer::write_batch(std::string_view bytes) {
  if (lost_ > 0) {
    std::string notice(torn_ ? "\n" : "");
    append_dropped(notice, lost_, "there was no space for them");
    const std::int64_t untold = std::exchange(lost_, 0);
    if (!write_all(notice)) return false;
    if (lost_ > 0) {
      lost_ = untold + std::count(bytes.begin(), bytes.end(), '\n');
      return true;
    }
  }
  return write_all(bytes);
}

bool log_writer::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    if (wait_for(fd_, POLLOUT, stop_) != readiness::ready) return false;
    const ssize_t put = ::write(fd_, bytes.data(), std::min(bytes.size(), pipe_piece));
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (put < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
      lost_ += std::count(bytes.begin(), bytes.end(), '\n');
      return true;
    }
    if (put < 0) return false;
    if (put > 0) torn_ = bytes[static_cast<std::size_t>(put) - 1] != '\n';
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace longhaul
