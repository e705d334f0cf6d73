// SPDX-License-Identifier: Apache-2.0
#include "telemetry/exporter.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "telemetry/export_loop.hpp"
#include "telemetry/tunables.hpp"

namespace longhaul::telemetry {

exporter::exporter(const trace_settings& settings, logger log)
    : core_(std::make_shared<core>(settings, std::move(log))) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // the thread inherits it
  try {
    thread_ = std::thread([core = core_] { core->run(); });
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

exporter::~exporter() { close(std::chrono::milliseconds(0)); }

const std::shared_ptr<span_queue>& exporter::queue() const noexcept { return core_->queue(); }

export_counts exporter::counts() const noexcept { return core_->counts(); }

void exporter::close(std::chrono::milliseconds grace) noexcept {
  if (!thread_.joinable()) return;
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24);
  const auto now = [] { return std::chrono::steady_clock::now(); };
  core_->begin_closing();
  core_->wait_until_sent(now() + std::min(grace, longest));
  core_->stop();
  if (core_->wait_until_stopped(now() + tunables::letting_go)) core_->give_up();
  if (core_->wait_until_gone(now() + tunables::letting_go)) {
    thread_.join();
  } else {
    thread_.detach();  // it waits for the answer of a name server, and owns all that it touches
  }
}

}  // namespace longhaul::telemetry
