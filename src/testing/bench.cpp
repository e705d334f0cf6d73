// SPDX-License-Identifier: Apache-2.0
#include "testing/bench.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "longhaul/store.hpp"
#include "run/tunables.hpp"
#include "tasks/sync.hpp"
#include "testing/tap.hpp"
#include "testing/tunables.hpp"

namespace longhaul::testkit {
namespace {

test_options completed(server& definition, test_options options) {
  std::string faults;
  for (const std::string& fault : definition.faults()) faults += fault + "\n";
  if (!faults.empty()) throw std::invalid_argument(faults);
  if (!options.clock) options.clock = std::make_shared<manual_clock>();
  if (!options.store) options.store = memory_store(*options.clock);
  if (!options.log_to) options.log_to = [](const log_record&) {};
  return options;
}

log_settings log_settings_of(const server& definition, const test_options& options) {
  return {.detail = definition.options().log, .sink = options.log_to};
}

service_options service_options_of(const test_options& options) {
  service_options result;
  result.store = options.store;
  result.kept_in = "a test";
  result.clock = options.clock.get();
  result.clock_by_hand = true;
  return result;
}

}  // namespace

bench::bench(server& definition, test_options options)
    : options_(completed(definition, std::move(options))),
      features_(definition.shared_features()),
      log_(log_settings_of(definition, options_), true),
      service_(definition, service_options_of(options_), log_),
      http_(wire::make_http_endpoint(service_.dispatcher(), endpoint_options())),
      work_(boost::asio::make_work_guard(context_)) {
  service_.start();
  thread_ = std::thread([this] { run_exchanges(); });
}

bench::~bench() {
  service_.engine().stop();
  ending_ = true;
  work_.reset();
  context_.stop();
  thread_.join();
}

wire::endpoint_options bench::endpoint_options() const {
  const server_options& about = service_.definition();
  wire::endpoint_options result;
  result.clock = options_.clock.get();
  result.secrets = {options_.store->secret()};
  result.max_sessions = about.max_sessions;
  result.max_sessions_per_caller = about.max_sessions_per_caller;
  result.log = service_.log();
  return result;
}

// A round ends when there is nothing left to run.
void bench::run_exchanges() {
  while (!ending_) {
    context_.run_one();
    while (context_.poll_one() > 0) {
    }
    const guard lock(rounds_mutex_);
    ++rounds_;
    round_over_.notify_all();
  }
}

// The end of the round counts in which what was posted here ran: an earlier one says nothing.
bool bench::drain_exchanges(real_clock::time_point until) {
  const auto ran_in = std::make_shared<std::optional<std::uint64_t>>();
  boost::asio::post(context_, [this, ran_in] {
    const guard lock(rounds_mutex_);
    *ran_in = rounds_;
  });
  guard lock(rounds_mutex_);
  while (!*ran_in || rounds_ == **ran_in) {
    if (!round_over_.wait_until(lock, until)) return *ran_in && rounds_ != **ran_in;
  }
  return true;
}

void bench::send(http_call call, const std::shared_ptr<stream>& out) {
  send_http(context_, *http_, std::move(call), out);
}

wire::pipe_endpoint& bench::open_pipe(std::shared_ptr<wire::outlet> out) {
  auto made = wire::make_pipe_endpoint(service_.dispatcher(), endpoint_options(), std::move(out));
  const guard lock(pipes_mutex_);
  pipes_.push_back(std::move(made));
  return *pipes_.back();
}

void bench::send_line(wire::pipe_endpoint& pipe, std::string line) {
  if (tap* const reader = the_tap) reader->sent(0, {}, {}, line);
  boost::asio::co_spawn(context_, pipe.handle(std::move(line)), boost::asio::detached);
}

void bench::replace_endpoint() {
  retired_.push_back(std::move(http_));
  http_ = wire::make_http_endpoint(service_.dispatcher(), endpoint_options());
}

void bench::advance(std::chrono::milliseconds length) {
  clock().advance(length);
  engine().tick();
}

// What was read first must still be so at the end: the parts wake each other. Whoever moved between
// two looks and rests again has left a message behind; the next round delivers it, and it rings.
bool bench::rests(real_clock::time_point until) {
  const std::uint64_t before = bell_.rung();
  for (int looks = 0; looks < 3; ++looks) {
    if (!engine().at_rest()) return false;
    engine().flush();
    if (!drain_exchanges(until)) return false;
  }
  return engine().at_rest() && bell_.rung() == before;
}

bool bench::settle() {
  const auto until = real_clock::now() + options_.patience;
  for (int looks = 0; true; ++looks) {
    const std::uint64_t seen = bell_.rung();
    if (rests(until)) return true;
    if (real_clock::now() >= until) return false;
    pause(looks, seen);
  }
}

// Most handlers need microseconds to rest again, some much longer.
void bench::pause(int looks, std::uint64_t seen) {
  if (looks < tunables::hasty_looks) {
    std::this_thread::yield();
  } else {
    bell_.wait(seen, tunables::look_again);
  }
}

// To the next handler that wakes; else a little further each time, for limits and deadlines.
std::chrono::milliseconds bench::step_after(std::chrono::milliseconds waited) {
  const std::chrono::milliseconds step =
      std::max<std::chrono::milliseconds>(tunables::first_step, waited / tunables::step_divisor);
  const auto wake = engine().next_wake();
  return wake ? std::min(step, *wake - clock().monotonic()) : step;
}

void bench::run_for(std::chrono::milliseconds length) {
  std::chrono::milliseconds passed{0};
  while (true) {
    if (!settle()) throw waited_in_vain("a handler does not come to rest; " + state());
    if (passed >= length) return;
    const auto step = std::clamp(step_after(passed), std::chrono::milliseconds(1), length - passed);
    advance(step);
    passed += step;
  }
}

bool bench::wait_until(const std::function<bool()>& ready) {
  if (!options_.time_passes) return wait_at_this_time(ready);
  std::chrono::milliseconds waited{0};
  auto until = real_clock::now() + options_.patience;
  int looks = 0;
  while (!ready()) {
    const std::uint64_t seen = bell_.rung();
    if (rests(until)) {
      if (ready()) return true;
      if (waited >= tunables::longest_wait) return false;
      const auto step = std::max(step_after(waited), std::chrono::milliseconds(1));
      advance(step);
      waited += step;
      until = real_clock::now() + options_.patience;
      looks = 0;
    } else if (real_clock::now() >= until) {
      return false;
    } else {
      pause(looks++, seen);
    }
  }
  return true;
}

bool bench::wait_at_this_time(const std::function<bool()>& ready) {
  const auto until = real_clock::now() + options_.patience;
  for (int looks = 0; !ready(); ++looks) {
    const std::uint64_t seen = bell_.rung();
    if (rests(until)) return ready();
    if (real_clock::now() >= until) return false;
    pause(looks, seen);
  }
  return true;
}

std::string bench::state() {
  const stores::store_stats stats = tasks::sync(options_.store->stats());
  return std::to_string(engine().running()) +
         " handlers run; tasks: " + std::to_string(stats.working) + " working (" +
         std::to_string(stats.queued) + " of them not begun), " +
         std::to_string(stats.input_required) + " wait for answers, " +
         std::to_string(stats.completed + stats.failed + stats.cancelled) + " have ended";
}

void bench::stop(std::chrono::milliseconds grace) {
  service_.tell_stopping();
  service_.engine().drain(grace, run_tunables::http_stop_grace);
  http_->shut_down();
  drain_exchanges(real_clock::now() + options_.patience);
}

}  // namespace longhaul::testkit
