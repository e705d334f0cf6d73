// SPDX-License-Identifier: Apache-2.0
#include "command/process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "command/tunables.hpp"
#include "json/validate.hpp"
#include "json/view.hpp"

namespace longhaul::command {
namespace {

namespace asio = boost::asio;

// Descriptors in the helper, as its command line names them.
constexpr int helper_lifeline = 3;
constexpr int helper_channel = 4;
constexpr int wrong_command_line = 2;  // an exit status of the helper: it did nothing

[[noreturn]] void cannot(const std::string& text, int error = errno) {
  throw std::system_error(error, std::generic_category(), text);
}

// Above the numbers that the helper's descriptors get: dup2 must not overwrite what it is to copy.
descriptor lifted(int fd) {
  const descriptor low(fd);
  descriptor high(::fcntl(fd, F_DUPFD_CLOEXEC, 16));
  if (!high) cannot("cannot copy a descriptor");
  return high;
}

struct ends {
  descriptor ours, theirs;
};

ends make_socket() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    cannot("cannot make a socket");
  }
  ends result;
  result.ours.reset(fds[0]);
  result.theirs = lifted(fds[1]);
  if (::fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0) cannot("cannot set up a socket");
  return result;
}

// What posix_spawn wants: pointers to texts that live as long as `words`.
std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> result;
  result.reserve(words.size() + 1);
  for (const std::string& word : words) {
    if (word.find('\0') != std::string::npos) {
      throw std::invalid_argument("an argument or environment variable of a program holds NUL");
    }
    result.push_back(const_cast<char*>(word.c_str()));
  }
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> command_line(const process_options& options) {
  std::vector<std::string> words = {"longhaul-run",
                                    "--dir",
                                    options.folder,
                                    "--output-limit",
                                    std::to_string(options.output_limit),
                                    "--grace",
                                    std::to_string(options.stop_grace.count()),
                                    "--lifeline",
                                    std::to_string(helper_lifeline)};
  const auto add = [&](const char* name, const std::string& value) {
    words.emplace_back(name);
    words.push_back(value);
  };
  if (!options.directory.empty()) add("--cwd", options.directory);
  if (!options.stdin_file.empty()) add("--stdin", options.stdin_file);
  if (options.channel) add("--channel", std::to_string(helper_channel));
  add("--", options.program);
  words.insert(words.end(), options.argv.begin(), options.argv.end());
  return words;
}

// Throws for the error that a function of the posix_spawn family returns.
void check(int error) {
  if (error != 0) cannot("cannot prepare a process", error);
}

// An own session, signals as a fresh process has them.
class spawn_attributes {
 public:
  spawn_attributes() {
    check(::posix_spawnattr_init(&value_));
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&value_, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&value_, &signals);
    ::posix_spawnattr_setflags(&value_,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~spawn_attributes() { ::posix_spawnattr_destroy(&value_); }
  spawn_attributes(const spawn_attributes&) = delete;
  spawn_attributes& operator=(const spawn_attributes&) = delete;
  const posix_spawnattr_t* get() const { return &value_; }

 private:
  posix_spawnattr_t value_{};
};

// Standard error stays the server's: the helper says there why it could not do its work. Standard
// output must not, it may be the wire.
class spawn_actions {
 public:
  spawn_actions(int lifeline, int channel) {
    check(::posix_spawn_file_actions_init(&value_));
    try {
      check(::posix_spawn_file_actions_addopen(&value_, 0, "/dev/null", O_RDONLY, 0));
      check(::posix_spawn_file_actions_addopen(&value_, 1, "/dev/null", O_WRONLY, 0));
      check(::posix_spawn_file_actions_adddup2(&value_, lifeline, helper_lifeline));
      if (channel >= 0) {
        check(::posix_spawn_file_actions_adddup2(&value_, channel, helper_channel));
      }
      const int kept = channel >= 0 ? helper_channel : helper_lifeline;
      check(::posix_spawn_file_actions_addclosefrom_np(&value_, kept + 1));
    } catch (...) {
      ::posix_spawn_file_actions_destroy(&value_);
      throw;
    }
  }
  ~spawn_actions() { ::posix_spawn_file_actions_destroy(&value_); }
  spawn_actions(const spawn_actions&) = delete;
  spawn_actions& operator=(const spawn_actions&) = delete;
  const posix_spawn_file_actions_t* get() const { return &value_; }

 private:
  posix_spawn_file_actions_t value_{};
};

pid_t spawn(const process_options& options, int lifeline, int channel) {
  const std::vector<std::string> words = command_line(options);
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> environment = pointers(options.environment);
  const spawn_attributes attributes;
  const spawn_actions actions(lifeline, channel);
  pid_t helper = -1;
  const int error = ::posix_spawn(&helper, options.helper.c_str(), actions.get(), attributes.get(),
                                  argv.data(), environment.data());
  if (error != 0) cannot("cannot start the helper longhaul-run", error);
  return helper;
}

// What the helper said before it ended.
std::string said_over(int lifeline) {
  std::string text(tunables::helper_status, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = ::read(lifeline, text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    length += static_cast<std::size_t>(got);
  }
  text.resize(length);
  return text;
}

std::optional<int> small_integer(const json::value& value) {
  const auto number = value.integer();
  if (!number || *number < 0 || *number > 255) return std::nullopt;
  return static_cast<int>(*number);
}

exit_status unknown_end(const ward& how) {
  exit_status status;
  const helper_end& end = how.end();
  if (how.forced()) {
    status.lost = "its helper longhaul-run was kept from ending it, and was ended with it";
  } else if (end.signal != 0) {
    status.lost = "its helper longhaul-run was killed by signal " + std::to_string(end.signal);
  } else if (end.code != 0) {
    std::string& why = end.code == wrong_command_line ? status.error : status.lost;
    why = "its helper longhaul-run failed with exit status " + std::to_string(end.code) +
          ": the server's standard error says why";
  } else {
    status.lost = "its helper longhaul-run left no word of it";
  }
  return status;
}

}  // namespace

std::optional<exit_status> parse_exit_status(const std::string& text) {
  try {
    json::validate(text);
  } catch (const std::exception&) {
    return std::nullopt;
  }
  const json::value line(text);
  exit_status status;
  status.code = small_integer(line["exit"]);
  status.signal = small_integer(line["signal"]);
  status.error = line["error"].string().value_or("");
  status.lost = line["lost"].string().value_or("");
  status.detail = line["detail"].string().value_or("");
  status.stopped = line["stopped"].boolean().value_or(false);
  status.output_error = line["output_error"].string().value_or("");
  const int ways = int(status.code.has_value()) + int(status.signal.has_value()) +
                   int(!status.error.empty()) + int(!status.lost.empty());
  return ways == 1 ? std::optional(std::move(status)) : std::nullopt;
}

process::process(const process_options& options) {
  if (options.argv.empty()) throw std::invalid_argument("a program needs an argument vector");
  ends lifeline = make_socket();
  ends channel;
  if (options.channel) channel = make_socket();
  ward_ = start_ward(options.stop_grace, options.mark,
                     [&] { return spawn(options, lifeline.theirs.get(), channel.theirs.get()); });
  lifeline_ = std::move(lifeline.ours);
  channel_ = std::move(channel.ours);
}

process::~process() { stop(); }

asio::awaitable<exit_status> process::wait() {
  asio::posix::stream_descriptor watched(co_await asio::this_coro::executor);
  const int copy = ::fcntl(ward_->gone(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) cannot("cannot watch a process");
  watched.assign(copy);
  co_await watched.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  co_return status();
}

exit_status process::status() const {
  if (left_) {
    exit_status status;
    status.lost = "the server ended before it did";
    return status;
  }
  if (auto said = parse_exit_status(said_over(lifeline_.get()))) return std::move(*said);
  return unknown_end(*ward_);
}

void process::stop() noexcept {
  ::shutdown(lifeline_.get(), SHUT_WR);
  ward_->stop_asked();
}

void process::leave() noexcept {
  stop();
  left_ = true;
  ward_->call_gone();
}

}  // namespace longhaul::command
