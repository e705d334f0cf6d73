// SPDX-License-Identifier: Apache-2.0
#include "supervisor.hpp"

#include <poll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include "tunables.hpp"

namespace longhaul::runner {
namespace {

using namespace std::chrono_literals;

// As poll(), which takes no more descriptors than RLIMIT_NOFILE says, and a program may have
// lowered ours: select() does not ask.
template <std::size_t count>
int wait_for_any(std::array<pollfd, count>& watched, int milliseconds) {
  const int found = ::poll(watched.data(), watched.size(), milliseconds);
  if (found >= 0 || errno != EINVAL) return found;
  fd_set all;
  FD_ZERO(&all);
  int last = -1;
  for (const pollfd& one : watched) {
    if (one.fd < 0 || one.fd >= FD_SETSIZE) continue;
    FD_SET(one.fd, &all);
    last = std::max(last, one.fd);
  }
  timeval time{milliseconds / 1000, (milliseconds % 1000) * suseconds_t{1000}};
  const int ready = ::select(last + 1, &all, nullptr, nullptr, milliseconds < 0 ? nullptr : &time);
  for (pollfd& one : watched) {
    const bool is_ready = ready > 0 && one.fd >= 0 && one.fd < FD_SETSIZE && FD_ISSET(one.fd, &all);
    one.revents = is_ready ? POLLIN : 0;
  }
  return ready;
}

}  // namespace

supervisor::supervisor(const run_options& options, started_program program, descriptor signals,
                       const command::own_children& children, command::output_writer& output,
                       command::output_writer& errors)
    : grace_(options.grace),
      signals_(std::move(signals)),
      lifeline_(options.lifeline),
      streams_{stream{std::move(program.output), output},
               stream{std::move(program.errors), errors}},
      family_(program.id, children),
      pause_(tunables::first_pause) {}

ending supervisor::run() {
  while (!finished()) {
    wait();
    advance();
  }
  for (stream& one : streams_) drain(one);
  return result();
}

int supervisor::time_to_sleep() const {
  if (stage_ == stage::running) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ - clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, std::numeric_limits<int>::max()));
}

void supervisor::wait() {
  // poll() passes over descriptors of −1.
  std::array<pollfd, 4> watched{
      pollfd{signals_.get(), POLLIN, 0}, pollfd{listening_ ? lifeline_ : -1, POLLIN, 0},
      pollfd{streams_[0].pipe.get(), POLLIN, 0}, pollfd{streams_[1].pipe.get(), POLLIN, 0}};
  if (wait_for_any(watched, time_to_sleep()) < 0) return;  // EINTR: once more
  // A program that ended before its lifeline did was not stopped by that: signals come first.
  if (watched[0].revents != 0) read_signals();
  if (watched[1].revents != 0) read_lifeline();
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (watched[2 + i].revents != 0) copy_some(streams_[i]);
  }
}

void supervisor::read_signals() {
  std::array<signalfd_siginfo, 16> news{};
  const ssize_t length = ::read(signals_.get(), news.data(), sizeof news);
  family_.reap();
  for (std::size_t i = 0; std::cmp_less((i + 1) * sizeof news[0], length + 1); ++i) {
    if (news[i].ssi_signo != SIGCHLD) stop();
  }
}

void supervisor::read_lifeline() {
  std::array<char, 64> text{};
  const ssize_t length = ::read(lifeline_, text.data(), text.size());
  if (length < 0 && (errno == EINTR || errno == EAGAIN)) return;
  const std::string_view said(text.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  if (length > 0 && said.find('T') == std::string_view::npos) return;
  listening_ = false;
  stop();
}

bool supervisor::copy_some(stream& from) {
  static std::array<char, tunables::copied_at_once> buffer;
  const ssize_t length = ::read(from.pipe.get(), buffer.data(), buffer.size());
  if (length < 0 && (errno == EINTR || errno == EAGAIN)) return false;
  if (length <= 0) {
    from.pipe.reset();
    return false;
  }
  from.file.append({buffer.data(), static_cast<std::size_t>(length)});
  return true;
}

void supervisor::drain(stream& from) {
  for (int i = 0; i < tunables::drained_copies && from.pipe && copy_some(from); ++i) {
  }
}

void supervisor::stop() {
  if (!family_.program_ended()) stopped_ = true;
  begin_end();
}

void supervisor::begin_end() {
  if (stage_ != stage::running) return;
  stage_ = stage::asked;
  next_ = clock::now() + grace_;
  family_.ask_to_end();
}

void supervisor::advance() {
  if (finished()) return;
  if (family_.program_ended()) begin_end();  // what it left behind goes with it
  if (stage_ == stage::running || clock::now() < next_) return;
  if (stage_ != stage::killing) hand_over_ = clock::now() + tunables::hand_over_after;
  stage_ = stage::killing;
  given_up_ = !family_.kill();
  next_ = clock::now() + pause_;
  handed_over_ = next_ > hand_over_ && server_lives();
  pause_ = std::min<std::chrono::milliseconds>(pause_ * 2, tunables::longest_pause);
}

bool supervisor::server_lives() const {
  pollfd other_side{lifeline_, 0, 0};
  if (lifeline_ < 0) return false;
  if (::poll(&other_side, 1, 0) < 0) return ::getppid() == server_;  // see wait_for_any
  return (other_side.revents & POLLHUP) == 0;
}

ending supervisor::result() const {
  ending how;
  how.stopped = stopped_;
  how.left = handed_over_ && !(family_.program_ended() && family_.extinct());
  if (given_up_) how.detail = "processes of another user are left running";
  if (!family_.program_ended()) {
    how.lost = how.left ? "the program could not be ended by its helper"
                        : "the program became another user's and could not be stopped";
  } else if (WIFSIGNALED(family_.program_status())) {
    how.signal = WTERMSIG(family_.program_status());
  } else {
    how.code = WEXITSTATUS(family_.program_status());
  }
  for (const stream& one : streams_) {
    if (one.file.error() != 0) how.output_error = std::generic_category().message(one.file.error());
  }
  return how;
}

}  // namespace longhaul::runner
