// SPDX-License-Identifier: Apache-2.0
#include "command/ward.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "command/process_table.hpp"
#include "command/tunables.hpp"

namespace longhaul::command {
namespace {

using namespace tunables;

void signal_through(int pidfd, int signal) noexcept {
  ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}

// How our child ended, without collecting its status. Null: it has not.
std::optional<helper_end> look_at_child(int pidfd) noexcept {
  siginfo_t info{};
  helper_end end;
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return end;  // ECHILD: somebody else collected it
  }
  if (info.si_pid == 0) return std::nullopt;
  end.known = true;
  (info.si_code == CLD_EXITED ? end.code : end.signal) = info.si_status;
  return end;
}

bool has_ended(int pidfd) noexcept {
  pollfd watched{pidfd, POLLIN, 0};
  return ::poll(&watched, 1, 0) == 1;
}

}  // namespace

void raise_event(int event) noexcept {
  const std::uint64_t one_more = 1;
  [[maybe_unused]] const ssize_t written = ::write(event, &one_more, sizeof one_more);
}

void cannot(const char* task, int error) {
  throw std::system_error(error, std::generic_category(), std::string("cannot ") + task);
}

ward::ward(std::chrono::milliseconds grace, std::string mark)
    : grace_(grace), mark_(std::move(mark)), gone_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!gone_) cannot("watch a helper", errno);
}

void ward::stop_asked() noexcept {
  clock::rep never = 0;
  if (!asked_.compare_exchange_strong(never, clock::now().time_since_epoch().count())) return;
  // It may be stopped, and must be awake to end its program.
  signal_through(pidfd_.get(), SIGCONT);
  raise_event(warden_);
}

void ward::call_gone() noexcept { raise_event(gone_.get()); }

void ward::watch(clock::time_point now) {
  if (const auto end = look_at_end()) {
    end_ = *end;
    if (!end->clean()) begin_clearing();
    return;
  }
  const clock::rep asked = asked_;
  const auto asked_at = clock::time_point(clock::duration(asked));
  const auto deadline = asked == 0 ? clock::time_point::max() : asked_at + grace_ + patience;
  if (now >= deadline) return force();
  if (now >= next_) {
    look();
    if (held_ >= looks_held) return force();
    next_ = now + (asked == 0 ? look_at_helper_every : look_at_ending_every);
  }
  next_ = std::min(next_, deadline);
}

void ward::look() {
  const auto process = read_process(id_);
  const bool held = process && (process->state == 'T' || process->state == 't');
  held_ = !held ? 0 : helper_ == kind::stranger ? looks_held : held_ + 1;
  suspect_ |= held;
  if (held) signal_through(pidfd_.get(), SIGCONT);
}

void ward::suspect() {
  if (!clearing_ && !suspect_) look();
  if (!clearing_ && suspect_) force();
}

void ward::force() {
  forced_ = true;
  begin_clearing();
}

void ward::begin_clearing() {
  clearing_ = true;
  next_ = {};
}

void ward::pause() {
  const auto pause = first_clearing_pause * (1 << std::min(rounds_ / 4, 7));
  next_ = clock::now() + std::min<clock::duration>(pause, longest_clearing_pause);
  ++rounds_;
}

std::optional<helper_end> ward::look_at_end() const noexcept {
  if (helper_ == kind::child) return look_at_child(pidfd_.get());
  if (helper_ == kind::none || has_ended(pidfd_.get())) return helper_end{};
  return std::nullopt;
}

void ward::kill_helper() noexcept { signal_through(pidfd_.get(), SIGKILL); }

void ward::collect() const noexcept {
  siginfo_t info{};
  if (helper_ != kind::child) return;
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
}

}  // namespace longhaul::command
