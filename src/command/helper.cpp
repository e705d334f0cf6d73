// SPDX-License-Identifier: Apache-2.0
#include "command/helper.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <exception>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "stores/guarded.hpp"

namespace longhaul::command {
namespace {

// A killed process that is still there after this hangs in the kernel.
constexpr int kill_rounds = 200;
constexpr int between_rounds_ms = 10;

struct orphan {
  descriptor pidfd;
  pid_t helper = 0;
};

void wait_for_end(int pidfd) {
  pollfd watched{pidfd, POLLIN, 0};
  while (::poll(&watched, 1, -1) < 0 && errno == EINTR) {
  }
}

// Requires: it ended.
void finish(const orphan& one) {
  const helper_end end = look_at_helper(one.pidfd.get());
  if (end.known && !end.clean()) {
    for (int round = 0; round < kill_rounds && kill_session_of(one.helper).again(); ++round) {
      ::poll(nullptr, 0, between_rounds_ms);
    }
  }
  collect_helper(one.pidfd.get());
}

// One thread, from the first orphan to the end of the process, asleep unless a helper ends. It is
// never destroyed: helpers that outlive the process end by themselves, and are init's then.
class reaper {
 public:
  static reaper& instance() {
    static reaper& only = *new reaper;
    return only;
  }

  /// False: no thread is to be had, `one` is as it was.
  bool take(orphan& one) {
    try {
      const stores::guard lock(mutex_);
      if (!started_) start();
      incoming_.push_back(std::move(one));
    } catch (const std::exception&) {
      return false;
    }
    const std::uint64_t one_more = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one_more, sizeof one_more);
    return true;
  }

 private:
  void start() LONGHAUL_REQUIRES(mutex_) {
    if (!wake_) wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_) throw std::bad_alloc();
    // The server's signals are not for this thread.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      std::thread([this] { work(); }).detach();
      started_ = true;
    } catch (...) {
      ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void work() {
    std::vector<orphan> orphans;
    std::vector<pollfd> watched;
    while (true) {
      watched.assign(1, pollfd{wake_.get(), POLLIN, 0});
      for (const orphan& one : orphans) watched.push_back({one.pidfd.get(), POLLIN, 0});
      if (::poll(watched.data(), watched.size(), -1) < 0) continue;
      for (std::size_t i = orphans.size(); i-- > 0;) {
        if (watched[i + 1].revents == 0) continue;
        finish(orphans[i]);
        orphans.erase(orphans.begin() + static_cast<std::ptrdiff_t>(i));
      }
      if (watched[0].revents != 0) take_incoming(orphans);
    }
  }

  void take_incoming(std::vector<orphan>& into) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
    const stores::guard lock(mutex_);
    for (orphan& one : incoming_) into.push_back(std::move(one));
    incoming_.clear();
  }

  stores::guarded_mutex mutex_;
  bool started_ LONGHAUL_GUARDED_BY(mutex_) = false;
  std::vector<orphan> incoming_ LONGHAUL_GUARDED_BY(mutex_);
  descriptor wake_;  // made before the thread
};

}  // namespace

helper_end look_at_helper(int pidfd) noexcept {
  siginfo_t info{};
  const auto id = static_cast<id_t>(pidfd);
  helper_end end;
  if (::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
    return end;
  }
  end.known = true;
  (info.si_code == CLD_EXITED ? end.code : end.signal) = info.si_status;
  return end;
}

void collect_helper(int pidfd) noexcept {
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG);
}

kill_result kill_session_of(pid_t helper) noexcept {
  return kill_all([helper] {
    std::vector<process_entry> found = all_processes();
    std::erase_if(
        found, [&](const process_entry& one) { return one.session != helper || one.id == helper; });
    return found;
  });
}

void reap_later(descriptor pidfd, pid_t helper) noexcept {
  orphan one{std::move(pidfd), helper};
  if (reaper::instance().take(one)) return;
  wait_for_end(one.pidfd.get());
  finish(one);
}

}  // namespace longhaul::command
