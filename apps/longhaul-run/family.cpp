// SPDX-License-Identifier: Apache-2.0
#include "family.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <exception>
#include <string>
#include <string_view>

#include "command/descriptor.hpp"

namespace longhaul::runner {

using command::process_entry;

namespace {

// Looks at our children in one round, about 10 µs each: then output is copied again.
constexpr int chases = 2000;
// Looks at the same children, who then are not about to fork, but hang in the kernel.
constexpr int idle_chases = 50;

}  // namespace

void family::reap() {
  while (true) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, WNOHANG);
    if (ended < 0 && errno == EINTR) continue;
    if (ended <= 0) {
      extinct_ = ended < 0;  // ECHILD
      return;
    }
    if (ended == program_) {
      program_ended_ = true;
      program_status_ = status;
    }
  }
}

void family::ask_to_end() {
  // While all are stopped, so that each gets one SIGTERM: who was just being forked, too, but not
  // what somebody starts to clean up.
  signal_group(SIGSTOP);
  std::vector<process_entry> found;
  try {
    found = command::stop_all([this] { return living(); });
  } catch (const std::exception&) {
    found.clear();  // no memory at this moment: the others are killed after the grace
  }
  for (const int signal : {SIGTERM, SIGCONT}) {
    signal_group(signal);
    for (const process_entry& one : found) {
      if (program_ended_ || one.group != program_) send_signal(one, signal);
    }
  }
}

bool family::kill() {
  signal_group(SIGSTOP);
  const auto round = command::kill_all([this] { return living(); });
  signal_group(SIGKILL);
  kill_children();
  return round.found == 0 || round.again();
}

// What forks and ends all the time is never where a walk through the table saw it. But it is our
// child from each of its births on, and our children are found without a walk; nor can the id of
// one be anybody else's, as only we collect them.
void family::kill_children() {
  const std::string path = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  std::string last;
  int same = 0;
  for (int i = 0; i < chases && same < idle_chases && !extinct_; ++i) {
    const command::descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> text{};
    const ssize_t length = file ? ::read(file.get(), text.data(), text.size()) : 0;
    if (length <= 0) return;  // no children, or a kernel without this file
    bool any_sent = false;
    const char* const end = text.data() + length;
    for (const char* at = text.data(); at != end;) {
      pid_t child = 0;
      const auto [next, error] = std::from_chars(at, end, child);
      // The last number may be cut off: each is followed by a space.
      if (error != std::errc() || next == end) break;
      any_sent |= ::kill(child, SIGKILL) == 0;
      at = next + 1;
    }
    if (!any_sent) return;
    const std::string_view children(text.data(), static_cast<std::size_t>(length));
    same = last == children ? same + 1 : 0;
    last = children;
    reap();
  }
}

std::vector<process_entry> family::living() const {
  return command::descendants(command::all_processes(), ::getpid());
}

void family::signal_group(int signal) const {
  // As long as we have not collected its leader, the group's id cannot be anybody else's.
  if (!program_ended_) ::kill(-program_, signal);
}

}  // namespace longhaul::runner
