// SPDX-License-Identifier: Apache-2.0
#include "base/wake_event.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
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

readiness wait_for(int fd, short events, const wake_event& wake,
                   std::optional<std::chrono::milliseconds> at_most) noexcept {
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + at_most.value_or(std::chrono::milliseconds(0));
  std::array<pollfd, 2> fds = {pollfd{fd, events, 0}, pollfd{wake.fd(), POLLIN, 0}};
  while (true) {
    int left = -1;
    if (at_most) {
      const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
      left = static_cast<int>(rest > 0 ? rest : 0);
    }
    const int ready = ::poll(fds.data(), fds.size(), left);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return readiness::late;
    return fds[1].revents != 0 ? readiness::woken : readiness::ready;
  }
}

void block_broken_pipe() noexcept {
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
}

}  // namespace longhaul
