// SPDX-License-Identifier: Apache-2.0
#include "seat.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace longhaul {
namespace {

sigset_t interrupts() {
  sigset_t all;
  sigemptyset(&all);
  for (const int each : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&all, each);
  return all;
}

descriptor hear_signals() {
  const sigset_t all = interrupts();
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  return descriptor(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace

terminal::variables process_variables() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

seat::seat(bool quiet)
    : quiet_(quiet),
      input_(terminal::open_terminal_input()),
      signals_(hear_signals()),
      console_(input_.get(), STDERR_FILENO, process_variables(), &interrupt_),
      lines_(console_),
      thread_([this] { wait_for_signals(); }) {
  std::signal(SIGPIPE, SIG_IGN);  // a pager that was left is no reason to lose the task
}

seat::~seat() {
  end_.set();
  thread_.join();
  const std::lock_guard lock(mutex_);
  lines_.clear();
}

void seat::wait_for_signals() {
  while (wait_for(signals_.get(), POLLIN, end_) == readiness::ready) {
    signalfd_siginfo one{};
    if (::read(signals_.get(), &one, sizeof one) != static_cast<ssize_t>(sizeof one)) continue;
    const int number = ++count_;
    if (number >= 3) ::_exit(128 + static_cast<int>(one.ssi_signo));
    interrupt_.set();
    const std::lock_guard lock(react_mutex_);
    if (react_) react_(number);
  }
}

void seat::pause(std::chrono::milliseconds time) const { wait_for(interrupt_.fd(), POLLIN, time); }

void seat::on_interrupt(std::function<void(int)> react) {
  const std::lock_guard lock(react_mutex_);
  react_ = std::move(react);
  if (react_ && count_ > 0) react_(count_);
}

terminal::look seat::looks_of_output() const {
  terminal::look result = looks();
  if (::isatty(STDOUT_FILENO) != 0) return result;
  result.colour = false;
  result.width = 0;
  return result;
}

void seat::say(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (draws()) {
    lines_.print_above(std::string(line) + "\n");
  } else {
    console_.write(std::string(line) + "\n");
  }
}

void seat::draw(const std::vector<std::string>& lines) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock && draws()) lines_.draw(lines);  // else somebody asks: nothing is drawn meanwhile
}

void seat::clear() {
  const std::lock_guard lock(mutex_);
  if (draws()) lines_.clear();
}

}  // namespace longhaul
