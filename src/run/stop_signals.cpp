// SPDX-License-Identifier: Apache-2.0
#include "run/stop_signals.hpp"

#include <unistd.h>

#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

namespace longhaul {
namespace {

bool is_ignored(int signal) {
  struct sigaction now{};
  return ::sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
         now.sa_handler == SIG_IGN;
}

void exit_on_signals() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    if (!is_ignored(signal)) std::signal(signal, [](int) { ::_exit(0); });
  }
}

}  // namespace

stop_signals::stop_signals(std::function<void(int)> on_signal, std::function<void()> on_hangup)
    : at_the_end_(),
      on_signal_(std::move(on_signal)),
      on_hangup_(std::move(on_hangup)),
      signals_(context_, SIGTERM, SIGINT) {
  if (on_hangup_ || !is_ignored(SIGHUP)) signals_.add(SIGHUP);
  wait();
  thread_ = std::thread([this] { context_.run(); });
}

stop_signals::~stop_signals() {
  boost::asio::post(context_, [this] { context_.stop(); });
  thread_.join();
}

stop_signals::at_the_end::~at_the_end() { exit_on_signals(); }

void stop_signals::wait() {
  signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    if (signal == SIGHUP && on_hangup_) {
      on_hangup_();
    } else {
      on_signal_(++count_);
    }
    wait();
  });
}

void end_on_early_signals() {
  if (::getpid() == 1) exit_on_signals();
}

}  // namespace longhaul
