// SPDX-License-Identifier: Apache-2.0
// `longhaul admin top`: how the server stands, drawn again whenever it says that something has
// changed. Without a terminal it is printed once.
//
// Threads: one hears of changes, the caller's asks and draws.
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <iostream>
#include <thread>

#include "admin_error.hpp"
#include "admin_lookup.hpp"
#include "admin_verbs.hpp"
#include "admin_words.hpp"
#include "json/write.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/styled.hpp"

namespace longhaul {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;
using terminal::look;
using terminal::tone;

constexpr auto key_interval = 100ms;  // how often keys and changes are looked at
constexpr auto draw_interval = 1s;    // times go on where nothing changes
constexpr auto ask_interval = 5s;     // … and a server that is gone is noticed
constexpr auto come_again = 1s;
constexpr std::size_t rows_without_terminal = 40;

// Keys without Enter and without their echo, until it ends.
class key_reader {
 public:
  key_reader() : input_(terminal::open_terminal_input()) {
    if (!input_ || ::tcgetattr(input_.get(), &before_) != 0) return;
    termios keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    keys.c_cc[VMIN] = 0;
    keys.c_cc[VTIME] = 0;
    changed_ = ::tcsetattr(input_.get(), TCSANOW, &keys) == 0;
  }
  ~key_reader() {
    if (changed_) ::tcsetattr(input_.get(), TCSAFLUSH, &before_);
  }
  key_reader(const key_reader&) = delete;
  key_reader& operator=(const key_reader&) = delete;

  /// Whether `q` was typed, by now.
  bool asks_to_end() const {
    char key = 0;
    while (changed_ && wait_for(input_.get(), POLLIN, 0ms) == readiness::ready) {
      if (::read(input_.get(), &key, 1) != 1) return false;
      if (key == 'q' || key == 'Q') return true;
    }
    return false;
  }

 private:
  descriptor input_;
  termios before_{};
  bool changed_ = false;
};

// Hears of changes, with a connection of its own.
class change_listener {
 public:
  explicit change_listener(const admin_command& command)
      : link_(command, process_variables()), thread_([this] { run(); }) {}
  ~change_listener() {
    ended_ = true;
    wake_.set();
    link_.stop();
    thread_.join();
  }
  change_listener(const change_listener&) = delete;
  change_listener& operator=(const change_listener&) = delete;

  /// Since this was asked last.
  bool changed() { return news_.exchange(false); }

 private:
  // What goes wrong here goes wrong for whoever asks, too, and is told there.
  void run() {
    while (!ended_) {
      try {
        link_.follow("events", "", [this](const remote::sse_event&) {
          news_ = true;
          return !ended_;
        });
      } catch (const std::exception&) {
        news_ = true;
      }
      wait_for(wake_.fd(), POLLIN, come_again);
    }
  }

  wake_event wake_;
  admin_link link_;
  std::atomic<bool> news_{false}, ended_{false};
  std::thread thread_;
};

struct picture {
  raw_json status;
  std::vector<raw_json> tasks;  // those that ask, that run, that wait
  timestamp at;                 // by the server's clock
  steady::time_point seen;
};

picture look_at(admin_link& link, std::size_t rows) {
  picture now;
  now.status = link.get("status");
  now.seen = steady::now();
  now.at = time_in(json::value(now.status)["now"]).value_or(system_clock().now());
  for (const char* const status : {"input_required", "running", "waiting"}) {
    if (now.tasks.size() >= rows) break;
    admin_filter filter;
    filter.status = status;
    for (raw_json& each : find_tasks(link, filter, rows - now.tasks.size()).tasks) {
      now.tasks.push_back(std::move(each));
    }
  }
  return now;
}

std::string head_line(json::value status, timestamp now, const look& looks) {
  const json::value slots = status["slots"];
  const std::string name = shown(text_in(status["server"]["name"]), looks);
  return terminal::painted(name, tone::strong, looks) + "  " +
         shown(text_in(status["state"]), looks) + ", up " +
         age_text(time_in(status["startedAt"]), now) + "  slots " +
         std::to_string(number_in(slots["running"])) + " of " +
         std::to_string(number_in(slots["limit"]));
}

std::string counts_line(json::value counts, const look& looks) {
  struct column {
    std::string_view name, word;
    tone colour;
  };
  constexpr std::array<column, 6> all = {{{"input_required", "ask", tone::asking},
                                          {"running", "run", tone::busy},
                                          {"waiting", "wait", tone::normal},
                                          {"completed", "completed", tone::good},
                                          {"failed", "failed", tone::bad},
                                          {"cancelled", "cancelled", tone::faint}}};
  std::string line;
  for (const column& one : all) {
    const std::int64_t count = number_in(counts[one.name]);
    const std::string said = std::to_string(count) + " " + std::string(one.word);
    line += (line.empty() ? "" : "  ") +
            terminal::painted(said, count == 0 ? tone::faint : one.colour, looks);
  }
  return line;
}

std::vector<std::string> lines_in(std::string text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.erase(0, std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> lines_of(const picture& seen, const look& looks) {
  const json::value status(seen.status), oldest = status["oldestWaiting"];
  const auto passed = std::chrono::duration_cast<milliseconds>(steady::now() - seen.seen);
  const timestamp now = seen.at + passed;
  std::vector<std::string> lines = {head_line(status, now, looks),
                                    counts_line(status["counts"], looks)};
  if (const std::string trouble = text_in(status["store"]["trouble"]); !trouble.empty()) {
    lines.push_back(terminal::painted("store: " + shown(trouble, looks), tone::bad, looks));
  }
  if (oldest["id"]) {
    lines.push_back("longest waiting: " + shown(text_in(oldest["tool"]), looks) + ", for " +
                    age_text(time_in(oldest["createdAt"]), now) + ": " +
                    shown(text_in(oldest["why"]), looks));
  }
  lines.emplace_back();
  if (seen.tasks.empty()) {
    lines.emplace_back("nothing runs, waits or asks");
    return lines;
  }
  for (std::string& each : lines_in(table_of_tasks(seen.tasks, now, looks))) {
    lines.push_back(std::move(each));
  }
  return lines;
}

int print_once(const admin_desk& desk) {
  const picture now = look_at(desk.link, rows_without_terminal);
  if (!desk.command.json) {
    for (const std::string& line : lines_of(now, desk.at.looks_of_output())) {
      std::cout << line << '\n';
    }
    std::cout << std::flush;
    return 0;
  }
  std::string text;
  json::object o(text);
  o.raw("status", now.status);
  std::string& list = o.key("tasks");
  list += '[';
  for (const raw_json& task : now.tasks)
    list.append(list.back() == '[' ? "" : ",").append(task.view());
  list += ']';
  o.close();
  print_json(raw_json::trusted(text));
  return 0;
}

class live_screen {
 public:
  explicit live_screen(const admin_desk& desk) : desk_(desk), listener_(desk.command) { ask(); }

  void run() {
    while (!desk_.at.interrupted() && !keys_.asks_to_end()) {
      const auto now = steady::now();
      if (listener_.changed() || now - tried_ > ask_interval) ask();
      if (now - drawn_ > draw_interval || asked_) draw();
      desk_.at.pause(key_interval);
    }
    desk_.at.clear();
  }

 private:
  std::size_t rows() const { return std::max<std::size_t>(desk_.at.rows(), 12) - 8; }

  // A server that is away may come back.
  void ask() {
    tried_ = steady::now();
    try {
      seen_ = look_at(desk_.link, rows());
      away_.clear();
    } catch (const admin_error& e) {
      const bool begun = bool(seen_.status);
      if (!begun || !e.unreachable()) throw;
      away_ = "the server does not answer; trying again";
    }
    asked_ = true;
  }

  void draw() {
    const look looks = desk_.at.looks();
    std::vector<std::string> lines = lines_of(seen_, looks);
    const std::size_t most = std::max<std::size_t>(desk_.at.rows(), 6) - 3;
    if (lines.size() > most) lines.resize(most);
    lines.push_back(away_.empty() ? terminal::painted("q ends", tone::faint, looks)
                                  : terminal::painted(away_, tone::bad, looks));
    desk_.at.draw(lines);
    drawn_ = steady::now();
    asked_ = false;
  }

  const admin_desk& desk_;
  key_reader keys_;
  change_listener listener_;
  picture seen_;
  std::string away_;  // why `seen_` is old
  steady::time_point tried_{}, drawn_{};
  bool asked_ = false;  // there is something to draw
};

}  // namespace

int watch_server(const admin_desk& desk) {
  const bool live = desk.at.draws() && ::isatty(STDOUT_FILENO) != 0 && !desk.command.json;
  if (!live) return print_once(desk);
  try {
    live_screen(desk).run();
  } catch (const admin_error&) {
    if (!desk.at.interrupted()) throw;
  }
  return 0;
}

}  // namespace longhaul
