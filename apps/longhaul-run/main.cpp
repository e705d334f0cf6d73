// SPDX-License-Identifier: Apache-2.0
// longhaul-run: the helper under which each program of a Longhaul server runs. One process, one
// thread, libc and nothing else: it must start fast, and never be what fails. Programs of the same
// user cannot attach to it or write in its memory; those that stop or kill it are the server's to
// end.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "options.hpp"
#include "program.hpp"
#include "status.hpp"
#include "supervisor.hpp"

namespace longhaul::runner {
namespace {

[[noreturn]] void cannot(const char* task) {
  throw std::system_error(errno, std::generic_category(), task);
}

// Whatever is opened later must not get the number of a standard stream.
void fill_standard_streams() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd)
      cannot("cannot open /dev/null");
  }
}

// Only what the command line names is kept, and the program gets no more than the channel of it.
void close_others(const run_options& options) {
  std::vector<int> kept;
  for (const int fd : {options.lifeline, options.channel}) {
    if (fd >= 0) kept.push_back(fd);
  }
  std::sort(kept.begin(), kept.end());
  unsigned first = 3;
  for (const int fd : kept) {
    const auto here = static_cast<unsigned>(fd);
    if (first < here && ::close_range(first, here - 1, 0) != 0) cannot("cannot close descriptors");
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) cannot("cannot keep a descriptor");
    first = here + 1;
  }
  if (::close_range(first, ~0U, 0) != 0) cannot("cannot close descriptors");
}

// All that the loop wants to hear of, as a descriptor; what else would end or stop us is ignored.
descriptor take_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  struct sigaction action{};
  for (int signal = 1; signal < NSIG; ++signal) {
    action.sa_handler = ::sigismember(&set, signal) == 1 ? SIG_DFL : SIG_IGN;
    action.sa_flags = signal == SIGCHLD ? SA_NOCLDSTOP : 0;  // nobody waits for those that stop
    ::sigaction(signal, &action, nullptr);
  }
  if (::pthread_sigmask(SIG_SETMASK, &set, nullptr) != 0) cannot("cannot block signals");
  descriptor signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) cannot("cannot listen for signals");
  return signals;
}

std::optional<command::output_writer> open_output(const run_options& options, const char* stream,
                                                  ending& how) {
  try {
    return std::optional<command::output_writer>(std::in_place, options.folder + "/" + stream,
                                                 options.output_limit);
  } catch (const std::system_error& error) {
    how.error = "its output cannot be kept: " + error.code().message();
    how.detail = error.what();
    return std::nullopt;
  }
}

ending run_program(const run_options& options, descriptor signals) {
  ending how;
  auto output = open_output(options, "stdout", how);
  if (!output) return how;
  auto errors = open_output(options, "stderr", how);
  if (!errors) return how;
  bool started = false;
  const command::own_children children;
  try {
    started_program program = start_program(options);
    started = program.error.empty();
    if (started) {
      return supervisor(options, std::move(program), std::move(signals), children, *output, *errors)
          .run();
    }
    how.error = std::move(program.error);
    how.detail = std::move(program.detail);
  } catch (const std::system_error& error) {
    (started ? how.lost : how.error) = error.what();
  }
  return how;
}

// Until nothing is left of the program; the exit status.
int run(const run_options& options) {
  close_others(options);
  ::prctl(PR_SET_NAME, "longhaul-run");
  ::setsid();  // fails for the leader of a group: then we have what we want, or were told otherwise
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) cannot("cannot adopt processes");
  descriptor signals = take_signals();
  // Whoever wants to start this task again waits until we, and so all we adopted, are gone.
  const descriptor folder(::open(options.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) ::flock(folder.get(), LOCK_EX | LOCK_NB);
  const ending how = run_program(options, std::move(signals));
  report(how, options.lifeline);
  return how.left ? 3 : 0;
}

int complain(const std::exception& error, int code) {
  std::fprintf(stderr, "longhaul-run: %s\n", error.what());
  return code;
}

}  // namespace
}  // namespace longhaul::runner

// LeakSanitizer attaches to us as a debugger does when we end, by a SIGSTOP. The SIGCONT with which
// a server wakes a helper that it ends would undo that, and both would wait for ever.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
extern "C" int __lsan_is_turned_off() { return 1; }
#endif
#endif

int main(int argc, char** argv) {
  namespace runner = longhaul::runner;
  // Nobody of the same user may attach to us, and what we know never becomes a core file. What a
  // program executes gets this back.
  ::prctl(PR_SET_DUMPABLE, 0);
  try {
    runner::fill_standard_streams();
    const auto options = runner::read_options(std::vector<std::string>(argv + 1, argv + argc));
    if (options.help) {
      std::fputs(runner::help_text, stdout);
      return 0;
    }
    return runner::run(options);
  } catch (const std::invalid_argument& error) {
    return runner::complain(error, 2);
  } catch (const std::exception& error) {
    return runner::complain(error, 1);
  }
}
