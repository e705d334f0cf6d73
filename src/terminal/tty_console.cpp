// SPDX-License-Identifier: Apache-2.0
#include "terminal/tty_console.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "base/text.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/tunables.hpp"

namespace longhaul::terminal {
namespace {

winsize size_of_terminal(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return {};
  return size;
}

std::size_t number_in(const std::optional<std::string>& text) {
  std::size_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

bool says_utf8(const variables& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto locale = filled(environment, name);
    if (!locale) continue;
    const std::string small = lowered(*locale);
    return small.find("utf-8") != std::string::npos || small.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

bool tty_console::interactive() const { return ::isatty(input_) == 1 && ::isatty(output_) == 1; }

bool tty_console::redraws() const {
  return ::isatty(output_) == 1 && environment_("TERM").value_or("") != "dumb";
}

look tty_console::looks() const {
  look result;
  result.colour = redraws() && !filled(environment_, "NO_COLOR");
  result.unicode = says_utf8(environment_);
  std::size_t columns = size_of_terminal(output_).ws_col;
  if (columns == 0) columns = number_in(filled(environment_, "COLUMNS"));
  result.width = columns == 0 ? tunables::usual_columns : std::min(columns, tunables::most_columns);
  return result;
}

std::size_t tty_console::rows() const {
  const std::size_t found = size_of_terminal(output_).ws_row;
  return found != 0 ? found : tunables::usual_rows;
}

void tty_console::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(output_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      pollfd ready{output_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
      continue;
    }
    if (written < 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Reads what there is.
tty_console::input tty_console::fill() {
  std::array<char, 4096> part{};
  while (true) {
    std::array<pollfd, 2> fds = {pollfd{input_, POLLIN, 0},
                                 pollfd{interrupt_ != nullptr ? interrupt_->fd() : -1, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return input::over;
    if (fds[1].revents != 0) return input::interrupted;
    if (fds[0].revents == 0) continue;
    const ssize_t got = ::read(input_, part.data(), part.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return input::over;
    read_.append(part.data(), static_cast<std::size_t>(got));
    return input::more;
  }
}

std::optional<std::string> tty_console::read_line() {
  std::string line;
  while (true) {
    const std::size_t end = read_.find('\n');
    const std::string_view more = std::string_view(read_).substr(0, end);
    line += more.substr(0, tunables::longest_line - line.size());
    if (end != std::string::npos) {
      read_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return plain(line);
    }
    read_.clear();
    const input found = fill();
    if (found == input::more) continue;
    write("\n");  // the cursor stands behind what was typed, or its ^C
    if (found == input::interrupted || line.empty()) return std::nullopt;
    return plain(line);
  }
}

descriptor open_terminal_input() {
  if (::isatty(STDIN_FILENO) == 1) return descriptor(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  struct stat input{}, nothing{};
  const bool is_null = ::fstat(STDIN_FILENO, &input) == 0 && ::stat("/dev/null", &nothing) == 0 &&
                       S_ISCHR(input.st_mode) && input.st_rdev == nothing.st_rdev;
  if (is_null) return {};
  return descriptor(::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY));
}

}  // namespace longhaul::terminal
