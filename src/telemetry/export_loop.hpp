// SPDX-License-Identifier: Apache-2.0
// The coroutine of an exporter, and what it shares with those who close it and count. The thread
// owns it together with the exporter: it may have to be left behind while it looks up a name.
//
// Threads: `run` and what it calls on that of the io_context; `begin_closing`, `wait_…`, `stop` and
// the counters on any.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/log.hpp"
#include "base/mutex.hpp"
#include "telemetry/call_spans.hpp"
#include "telemetry/collector.hpp"
#include "telemetry/exporter.hpp"
#include "telemetry/otlp_json.hpp"

namespace longhaul::telemetry {

class exporter::core : public std::enable_shared_from_this<core> {
 public:
  using steady = std::chrono::steady_clock;

  core(const trace_settings& settings, logger log);

  /// Once, by the thread: returns when all is over, or `stop` was called, and has let go of the
  /// network by then.
  void run() noexcept;

  /// What waits is sent without pauses, then it ends. Again: the grace is that of the first.
  void begin_closing() noexcept;
  /// True: all has been sent or dropped.
  bool wait_until_sent(steady::time_point deadline) noexcept;
  /// True: it does nothing any more, but may still hold on to a name that is looked up.
  bool wait_until_stopped(steady::time_point deadline) noexcept;
  /// True: `run` is over.
  bool wait_until_gone(steady::time_point deadline) noexcept;
  void stop() noexcept { context_.stop(); }
  /// What still waits is dropped, and said to be. Requires: it has stopped.
  void give_up() noexcept;

  const std::shared_ptr<span_queue>& queue() const noexcept { return queue_; }
  export_counts counts() const noexcept;

 private:
  class own_context : public boost::asio::io_context {
   public:
    own_context() : io_context(1) {}
    void drop_all() { shutdown(); }
  };
  enum class stage : std::uint8_t { at_work, sent, stopped, gone };

  void watch_queue();
  void post(std::function<void()> work);
  void fail(const std::string& why) noexcept;
  remote::awaitable<void> send_all();
  remote::awaitable<void> wait_for_batch();
  void take();
  remote::awaitable<void> send(std::vector<span> batch);
  remote::awaitable<void> pause(int attempt, std::optional<std::chrono::milliseconds> wished);
  void settle(std::size_t spans, const collector_reply& reply);
  void tell_trouble(std::uint64_t spans, const std::string& words);
  void tell_full_queue();
  void reach(stage next) noexcept;
  bool wait_until(stage wanted, steady::time_point deadline) noexcept;

  own_context context_;  // first: timers and sockets end before it
  const logger log_;
  const std::shared_ptr<span_queue> queue_;
  const std::size_t batch_;
  const std::chrono::milliseconds delay_;
  const otlp_json json_;
  collector collector_;
  boost::asio::steady_timer turn_, pause_;

  // Of the thread.
  call_spans calls_;
  std::deque<span> ready_;
  steady::time_point due_{};
  bool closing_ = false, failing_ = false;
  std::uint64_t told_full_ = 0;

  std::atomic<std::uint64_t> exported_{0}, failed_{0};
  std::atomic<std::size_t> taken_{0};  // from the queue, and neither exported nor dropped
  guarded_mutex post_mutex_;
  bool gone_ LONGHAUL_GUARDED_BY(post_mutex_) = false;  // nothing is posted any more
  guarded_mutex mutex_;
  condition moved_on_;
  stage stage_ LONGHAUL_GUARDED_BY(mutex_) = stage::at_work;
};

}  // namespace longhaul::telemetry
