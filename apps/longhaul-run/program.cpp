// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace longhaul::runner {
namespace {

struct pipe_ends {
  descriptor read, write;
};

pipe_ends make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  }
  return {descriptor(ends[0]), descriptor(ends[1])};
}

enum class step : int { setting_up, changing_folder, executing };

// What the child sends if it does not come as far as the program.
struct failed_step {
  step at;
  int error;
};

void tell(started_program& result, const char* action, const std::string& path, int error) {
  const std::string why = ": " + std::generic_category().message(error);
  result.error = action + why;
  result.detail = action + (" (" + path + ")") + why;
}

void tell(started_program& result, const failed_step& failed, const run_options& options) {
  switch (failed.at) {
    case step::changing_folder:
      return tell(result, "its folder cannot be entered", options.directory, failed.error);
    case step::executing:
      return tell(result, "the program cannot be executed", options.program, failed.error);
    case step::setting_up:
      return tell(result, "its process cannot be set up", options.program, failed.error);
  }
}

void default_signals() {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
  // glibc keeps two signals for itself, and its posix_spawn (that of make, for instance) leaves
  // them ignored for all that comes after. Zeros are SIG_DFL without flags in every layout of the
  // kernel.
  alignas(16) const std::array<unsigned char, 64> zeros{};
  constexpr std::size_t size_of_mask = 8;
  for (const int internal : {32, 33}) {
    ::syscall(SYS_rt_sigaction, internal, zeros.data(), nullptr, size_of_mask);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// The child's part. Sources of descriptors are above 2, which main() saw to.
class child {
 public:
  child(const run_options& options, int report, pid_t parent)
      : options_(options), report_(report), parent_(parent) {}

  [[noreturn]] void run(int input, int output, int errors) const {
    if (::setpgid(0, 0) != 0) fail(step::setting_up);
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(step::setting_up);
    if (::getppid() != parent_) ::_exit(127);  // it died before we asked to be told
    if (::dup2(input, 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(errors, 2) < 0) {
      fail(step::setting_up);
    }
    give_channel();
    if (!options_.directory.empty() && ::chdir(options_.directory.c_str()) != 0) {
      fail(step::changing_folder);
    }
    std::vector<char*> argv;
    argv.reserve(options_.arguments.size() + 1);
    for (const std::string& word : options_.arguments)
      argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    default_signals();
    ::execve(options_.program.c_str(), argv.data(), environ);
    fail(step::executing);
  }

 private:
  [[noreturn]] void fail(step at) const {
    const failed_step failed{at, errno};
    // A pipe takes this many bytes whole; if it does not, an end without a program is seen anyway.
    [[maybe_unused]] const ssize_t sent = ::write(report_, &failed, sizeof failed);
    ::_exit(127);
  }

  void give_channel() const {
    if (options_.channel < 0) {
      ::unsetenv("LONGHAUL_FD");  // NOLINT(concurrency-mt-unsafe): one thread
      return;
    }
    const std::string number = std::to_string(options_.channel);
    if (::fcntl(options_.channel, F_SETFD, 0) != 0 ||
        ::setenv("LONGHAUL_FD", number.c_str(), 1) != 0) {  // NOLINT(concurrency-mt-unsafe)
      fail(step::setting_up);
    }
  }

  const run_options& options_;
  int report_;
  pid_t parent_;
};

// Null: the program runs.
std::optional<failed_step> wait_for_exec(int report) {
  failed_step failed{};
  while (true) {
    const ssize_t got = ::read(report, &failed, sizeof failed);
    if (got < 0 && errno == EINTR) continue;
    if (got == static_cast<ssize_t>(sizeof failed)) return failed;
    return std::nullopt;
  }
}

}  // namespace

started_program start_program(const run_options& options) {
  started_program result;
  const char* const input_file =
      options.stdin_file.empty() ? "/dev/null" : options.stdin_file.c_str();
  const descriptor input(::open(input_file, O_RDONLY | O_CLOEXEC));
  if (!input) {
    tell(result, "its standard input cannot be read", input_file, errno);
    return result;
  }
  pipe_ends output = make_pipe(), errors = make_pipe(), report = make_pipe();
  for (const descriptor* end : {&output.read, &errors.read}) {
    if (::fcntl(end->get(), F_SETFL, O_NONBLOCK) != 0) {
      throw std::system_error(errno, std::generic_category(), "cannot set up a pipe");
    }
  }
  const pid_t parent = ::getpid();
  const pid_t id = ::fork();
  if (id < 0) {
    tell(result, "no process can be made", options.program, errno);
    return result;
  }
  if (id == 0) {
    child(options, report.write.get(), parent)
        .run(input.get(), output.write.get(), errors.write.get());
  }
  ::setpgid(id, id);  // the child does the same: whoever comes first
  report.write.reset();
  if (options.channel >= 0) ::close(options.channel);
  if (const auto failed = wait_for_exec(report.read.get())) {
    while (::waitpid(id, nullptr, 0) < 0 && errno == EINTR) {
    }
    tell(result, *failed, options);
    return result;
  }
  result.id = id;
  result.output = std::move(output.read);
  result.errors = std::move(errors.read);
  return result;
}

}  // namespace longhaul::runner
