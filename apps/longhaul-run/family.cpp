// SPDX-License-Identifier: Apache-2.0
#include "family.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <exception>

namespace longhaul::runner {

using command::process_entry;

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
  // While all are stopped, so that each gets one SIGTERM: also who was just being forked, but not
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
  children_.chase([](pid_t) { return true; },
                  [this](const auto&) {
                    reap();
                    return !extinct_;
                  });
  return round.found == 0 || round.again();
}

std::vector<process_entry> family::living() const {
  return command::descendants(command::all_processes(), ::getpid());
}

void family::signal_group(int signal) const {
  // As long as we have not collected its leader, the group's id cannot be anybody else's.
  if (!program_ended_) ::kill(-program_, signal);
}

}  // namespace longhaul::runner
