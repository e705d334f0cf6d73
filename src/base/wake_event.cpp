// SPDX-License-Identifier: Apache-2.0
#include "base/wake_event.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <limits>
#include <optional>
#include <system_error>

namespace longhaul {

wake_event::wake_event() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

wake_event::~wake_event() { ::close(fd_); }

void wake_event::set() const noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

namespace {

readiness poll_two(int fd, short events, int wake,
                   std::optional<std::chrono::milliseconds> at_most) noexcept {
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + at_most.value_or(std::chrono::milliseconds(0));
  std::array<pollfd, 2> fds = {pollfd{fd, events, 0}, pollfd{wake, POLLIN, 0}};  // -1: ignored
  while (true) {
    int left = -1;
    if (at_most) {
      const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
      left = static_cast<int>(std::clamp<std::int64_t>(rest, 0, std::numeric_limits<int>::max()));
    }
    const int ready = ::poll(fds.data(), fds.size(), left);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return readiness::late;
    return fds[1].revents != 0 ? readiness::woken : readiness::ready;
  }
}

}  // namespace

readiness wait_for(int fd, short events, const wake_event& wake) noexcept {
  return poll_two(fd, events, wake.fd(), std::nullopt);
}

readiness wait_for(int fd, short events, std::chrono::milliseconds at_most) noexcept {
  return poll_two(fd, events, -1, at_most);
}

void block_broken_pipe() noexcept {
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
}

}  // namespace longhaul
