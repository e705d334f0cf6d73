// SPDX-License-Identifier: Apache-2.0
#include "telemetry/export_loop.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <iterator>
#include <string>
#include <utility>

#include "client/back_off.hpp"
#include "telemetry/tunables.hpp"

namespace longhaul::telemetry {

namespace asio = boost::asio;
using std::chrono::milliseconds;

exporter::core::core(const trace_settings& settings, logger log)
    : log_(std::move(log)),
      queue_(std::make_shared<span_queue>(settings.queue_size, settings.batch_size)),
      batch_(settings.batch_size),
      delay_(std::max(settings.schedule_delay, tunables::shortest_delay)),
      json_(settings),
      collector_(context_, settings),
      turn_(context_),
      pause_(context_) {}

// --- the thread

void exporter::core::run() noexcept {
  try {
    watch_queue();
    asio::co_spawn(context_, send_all(), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
    context_.run();
  } catch (const std::exception& e) {
    fail(e.what());
  }
  reach(stage::stopped);
  {
    const guard lock(post_mutex_);
    gone_ = true;
  }
  context_.drop_all();
  reach(stage::gone);
}

// What nobody will send is not gathered.
void exporter::core::fail(const std::string& why) noexcept {
  queue_->close();
  failed_ += queue_->take().size() + taken_.exchange(0);
  log_.error("traces.failed", "no more spans are sent: " + why);
}

// Not while the context is shut down: others may post at any time.
void exporter::core::post(std::function<void()> work) {
  const guard lock(post_mutex_);
  if (!gone_) asio::post(context_, std::move(work));
}

void exporter::core::watch_queue() {
  queue_->on_batch([weak = weak_from_this()]() noexcept {
    const auto self = weak.lock();
    if (!self) return;
    try {
      self->post([self = self.get()] { self->turn_.cancel(); });
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the next turn comes anyway
    }
  });
}

remote::awaitable<void> exporter::core::send_all() {
  due_ = steady::now() + delay_;
  for (bool last = false; !last;) {
    co_await wait_for_batch();
    last = closing_;
    const bool all = last || steady::now() >= due_;
    take();
    while (ready_.size() >= batch_ || (all && !ready_.empty())) {
      const std::size_t count = std::min(batch_, ready_.size());
      const auto end = ready_.begin() + static_cast<std::ptrdiff_t>(count);
      std::vector<span> batch(std::make_move_iterator(ready_.begin()),
                              std::make_move_iterator(end));
      ready_.erase(ready_.begin(), end);
      co_await send(std::move(batch));
    }
    if (all) due_ = steady::now() + delay_;
  }
  reach(stage::sent);
}

remote::awaitable<void> exporter::core::wait_for_batch() {
  if (closing_ || queue_->has_batch()) co_return;
  boost::system::error_code woken;
  turn_.expires_at(due_);
  co_await turn_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

void exporter::core::take() {
  tell_full_queue();
  std::vector<span> fresh = queue_->take();
  taken_ += fresh.size();
  const auto add = [this](std::vector<span> more) {
    ready_.insert(ready_.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  };
  add(calls_.take(std::move(fresh), std::chrono::system_clock::now()));
  if (closing_) add(calls_.take_all());
}

remote::awaitable<void> exporter::core::send(std::vector<span> batch) {
  const std::size_t spans = batch.size();
  collector_reply reply;
  try {
    const std::string body = json_.request(batch);
    batch.clear();
    for (int attempt = 1;; ++attempt) {
      const bool last = closing_ || attempt == tunables::attempts;
      reply = co_await collector_.post(body);
      if (reply.meaning != collector_reply::kind::try_again || last) break;
      log_.debug("traces.again", reply.words,
                 {{"collector", collector_.name()}, {"attempt", attempt}});
      co_await pause(attempt, reply.pause);
    }
  } catch (const std::exception& e) {
    reply = collector_reply(collector_reply::kind::refused, e.what());
  }
  settle(spans, reply);
}

remote::awaitable<void> exporter::core::pause(int attempt, std::optional<milliseconds> wished) {
  if (closing_) co_return;
  const milliseconds usual =
      std::min(tunables::first_pause * (1 << (attempt - 1)), tunables::longest_pause);
  boost::system::error_code woken;
  pause_.expires_after(wished ? *wished : remote::with_jitter(usual));
  co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

// --- what became of spans

void exporter::core::settle(std::size_t spans, const collector_reply& reply) {
  const bool accepted = reply.meaning == collector_reply::kind::accepted;
  const std::uint64_t dropped = accepted ? std::min<std::uint64_t>(reply.rejected, spans) : spans;
  exported_ += spans - dropped;
  failed_ += dropped;
  taken_ -= spans;
  if (dropped != 0) return tell_trouble(dropped, reply.words);
  if (!std::exchange(failing_, false)) return;
  log_.info("traces.mended", "", {{"collector", collector_.name()}, {"dropped", failed_.load()}});
}

void exporter::core::tell_trouble(std::uint64_t spans, const std::string& words) {
  if (std::exchange(failing_, true)) return;
  log_.warning("traces.failed", "spans are dropped until it works again: " + words,
               {{"collector", collector_.name()}, {"spans", spans}});
}

void exporter::core::tell_full_queue() {
  const std::uint64_t dropped = queue_->dropped();
  if (dropped == told_full_) return;
  log_.stranger(log_level::warning, "traces.full", "spans come faster than they can be sent",
                {{"dropped", dropped - told_full_}});
  told_full_ = dropped;
}

export_counts exporter::core::counts() const noexcept {
  return {exported_, failed_ + queue_->dropped(), queue_->size() + taken_};
}

// --- the end

void exporter::core::begin_closing() noexcept {
  queue_->close();
  try {
    post([self = shared_from_this()] {
      self->closing_ = true;
      self->turn_.cancel();
      self->pause_.cancel();
    });
  } catch (const std::exception&) {
    stop();
  }
}

bool exporter::core::wait_until_sent(steady::time_point deadline) noexcept {
  return wait_until(stage::sent, deadline);
}

bool exporter::core::wait_until_stopped(steady::time_point deadline) noexcept {
  return wait_until(stage::stopped, deadline);
}

bool exporter::core::wait_until_gone(steady::time_point deadline) noexcept {
  return wait_until(stage::gone, deadline);
}

void exporter::core::give_up() noexcept {
  const std::uint64_t left = queue_->take().size() + taken_.exchange(0);
  failed_ += left;
  if (left == 0) return;
  log_.warning("traces.failed", "the server ends, and its last spans could not be sent",
               {{"collector", collector_.name()}, {"spans", left}});
}

void exporter::core::reach(stage next) noexcept {
  const guard lock(mutex_);
  stage_ = next;
  moved_on_.notify_all();
}

bool exporter::core::wait_until(stage wanted, steady::time_point deadline) noexcept {
  guard lock(mutex_);
  while (stage_ < wanted) {
    if (!moved_on_.wait_until(lock, deadline)) return stage_ >= wanted;
  }
  return true;
}

}  // namespace longhaul::telemetry
