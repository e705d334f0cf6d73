// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <fcntl.h>

#include <charconv>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "command/tunables.hpp"

namespace longhaul::runner {
namespace {

[[noreturn]] void wrong(const std::string& problem) { throw std::invalid_argument(problem); }

std::uint64_t number(std::string_view option, const std::string& word, std::uint64_t least,
                     std::uint64_t most) {
  std::uint64_t value = 0;
  const char* const end = word.data() + word.size();
  const auto [at, error] = std::from_chars(word.data(), end, value);
  if (error != std::errc() || at != end || value < least || value > most) {
    wrong(std::string(option) + " needs a number from " + std::to_string(least) + " to " +
          std::to_string(most) + ", not '" + word + "'");
  }
  return value;
}

int open_descriptor(std::string_view option, const std::string& word) {
  const auto fd = static_cast<int>(number(option, word, 3, std::numeric_limits<int>::max()));
  if (::fcntl(fd, F_GETFD) < 0) wrong(std::string(option) + ": no descriptor " + word + " is open");
  return fd;
}

void take(run_options& options, const std::string& name, const std::string& value) {
  if (name == "--dir") {
    options.folder = value;
  } else if (name == "--output-limit") {
    options.output_limit = number(name, value, 1, command::tunables::max_output_capacity);
  } else if (name == "--grace") {
    options.grace = std::chrono::milliseconds(
        number(name, value, 0, command::tunables::max_stop_grace.count()));
  } else if (name == "--cwd") {
    options.directory = value;
  } else if (name == "--stdin") {
    options.stdin_file = value;
  } else if (name == "--channel") {
    options.channel = open_descriptor(name, value);
  } else if (name == "--lifeline") {
    options.lifeline = open_descriptor(name, value);
  } else {
    wrong("'" + name + "' is not known; see longhaul-run --help");
  }
}

}  // namespace

run_options read_options(const std::vector<std::string>& words) {
  run_options options;
  std::size_t at = 0;
  for (; at < words.size() && words[at] != "--"; at += 2) {
    if (words[at] == "--help" || words[at] == "-h") {
      options.help = true;
      return options;
    }
    if (at + 1 == words.size()) wrong("'" + words[at] + "' needs a value, or is not known");
    take(options, words[at], words[at + 1]);
  }
  if (options.folder.empty()) wrong("--dir is missing; see longhaul-run --help");
  if (at + 2 >= words.size()) wrong("after '--' come the program's path and its argument vector");
  if (options.channel >= 0 && options.channel == options.lifeline) {
    wrong("--channel and --lifeline are the same descriptor");
  }
  options.program = words[at + 1];
  options.arguments.assign(words.begin() + static_cast<std::ptrdiff_t>(at) + 2, words.end());
  return options;
}

const char* const help_text =
    R"(Runs one program for a Longhaul server: keeps the newest part of its output in files, says how it
ended, and sees to it that nothing it started is left behind.

  longhaul-run --dir DIR [OPTION VALUE]… -- PROGRAM ARGV0 [ARGUMENT]…

  --dir DIR             existing folder; gets the files stdout and stderr
  --output-limit BYTES  newest bytes kept of stdout and of stderr each (16777216)
  --grace MS            time between SIGTERM and SIGKILL (5000)
  --cwd PATH            folder in which the program starts
  --stdin FILE          its standard input (/dev/null)
  --channel FD          descriptor that the program gets; its number is put into $LONGHAUL_FD
  --lifeline FD         a stream socket: when its other side ends or stops writing, or the byte T is
                        read from it, the program and all that it started are terminated; at the
                        end, how it ended is written to it
  PROGRAM ARGV0 …       path of what is executed, and its argument vector

When the program ends, or SIGTERM, SIGINT or SIGHUP comes, or the lifeline ends, every process that
is left of it gets SIGTERM and, after the grace, SIGKILL. Then one line is written to the lifeline,
or to standard output if there is none:
  {"exit":CODE}, {"signal":NUMBER}, {"error":"why it could not be started"} or
  {"lost":"why the end of a program that was started is not known"}; also
  "detail":"the same with paths, for a log",
  "stopped":true if it was asked to end before it ended, and
  "output_error":"why" if output was lost because the files could not be written.

Exit status: 0 nothing is left of the program, whatever it did · 1 we failed · 2 wrong command line ·
3 something is left that we could not end, and the server that holds the lifeline has to.
)";

}  // namespace longhaul::runner
