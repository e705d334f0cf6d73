// SPDX-License-Identifier: Apache-2.0
// Writes records to a descriptor, a line each. Whoever logs never waits for the descriptor: lines
// go through a bounded queue to a thread, and what does not fit is counted and told later.
//
// Threads: `put` and `flush` from any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.hpp"
#include "base/wake_event.hpp"
#include "longhaul/clock.hpp"
#include "longhaul/log.hpp"

namespace longhaul {

class log_writer {
 public:
  /// `fd` is not closed. Throws `std::system_error`.
  log_writer(int fd, log_style style, const clock_source& clock = system_clock());
  /// As `flush`, then ends the thread.
  ~log_writer();
  log_writer(const log_writer&) = delete;
  log_writer& operator=(const log_writer&) = delete;

  void put(const log_record& record);
  /// Waits until all is written, at most `run_tunables::flush_time`.
  void flush();

 private:
  void write();
  /// False: nobody reads any more, or nobody takes it in time.
  bool write_batch(std::string_view bytes);
  bool write_all(std::string_view bytes);
  void append_dropped(std::string& out, std::int64_t lines, std::string_view why) const;
  void tell_dropped() LONGHAUL_REQUIRES(mutex_);

  const int fd_;
  const log_style style_;
  const clock_source& clock_;
  const wake_event stop_;

  guarded_mutex mutex_;  // beneath it:
  condition filled_, emptied_;
  std::string queue_ LONGHAUL_GUARDED_BY(mutex_);
  std::int64_t dropped_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  bool writing_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool closing_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool broken_ LONGHAUL_GUARDED_BY(mutex_) = false;

  // Of the thread:
  std::int64_t lost_ = 0;  // lines, on a full disk
  bool torn_ = false;      // the last line that was written is not whole

  std::thread thread_;  // last: it uses all of these
};

}  // namespace longhaul
