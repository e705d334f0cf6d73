// SPDX-License-Identifier: Apache-2.0
// `longhaul admin tail`: what the program of a task prints, and on until it has ended. On a
// terminal its lines are made plain; a file or a pipe gets the bytes.
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "admin_error.hpp"
#include "admin_lookup.hpp"
#include "admin_verbs.hpp"
#include "admin_words.hpp"
#include "json/write.hpp"
#include "terminal/plain_text.hpp"

namespace longhaul {
namespace {

constexpr auto follow_again = std::chrono::seconds(1);
constexpr std::size_t longest_line = std::size_t{64} << 10;  // bytes that wait for their end

// Whole lines only: a piece may end within a character, or within an escape sequence.
class output_printer {
 public:
  explicit output_printer(const terminal::look& looks)
      : unicode_(looks.unicode), plain_(::isatty(STDOUT_FILENO) != 0) {}
  ~output_printer() { end(); }
  output_printer(const output_printer&) = delete;
  output_printer& operator=(const output_printer&) = delete;

  /// False: nobody reads it any more.
  bool put(std::string_view text) {
    if (!plain_) {
      std::cout << text << std::flush;
      return std::cout.good();
    }
    rest_ += text;
    for (;;) {
      const std::size_t stop = rest_.find_first_of("\r\n");
      if (stop == std::string::npos && rest_.size() < longest_line) break;
      const std::size_t size = std::min(stop, rest_.size());
      std::size_t skipped = size + (stop == std::string::npos ? 0 : 1);
      if (stop != std::string::npos && rest_.compare(stop, 2, "\r\n") == 0) ++skipped;
      line(std::string_view(rest_).substr(0, size));
      rest_.erase(0, skipped);
    }
    return std::cout.good();
  }
  void end() {
    if (!rest_.empty()) line(rest_);
    rest_.clear();
  }

 private:
  void line(std::string_view text) const {
    const std::string said = terminal::plain(text);
    std::cout << (unicode_ ? said : terminal::in_ascii(said)) << std::endl;
  }

  const bool unicode_, plain_;
  std::string rest_;
};

admin_query bytes_of(const admin_command& command) {
  return {{"tail", command.bytes ? std::to_string(*command.bytes) : ""}};
}

int print_now(const admin_desk& desk, const std::string& path, output_printer& printer) {
  const std::string text = desk.link.read(with_query(path, bytes_of(desk.command)));
  if (!desk.command.json) {
    printer.put(text);
    return 0;
  }
  std::string out;
  json::object o(out);
  o.string("text", text).close();
  print_json(raw_json::trusted(out));
  return 0;
}

// A server that is away may come back, and the task with it.
int follow_output(const admin_desk& desk, const std::string& path, output_printer& printer) {
  admin_query query = bytes_of(desk.command);
  query.emplace_back("follow", "true");
  std::string behind;
  bool ended = false, seen = false, away = false;
  const auto take = [&](const remote::sse_event& event) {
    seen = true;
    away = false;
    behind = event.id;
    const raw_json said = raw_json::parse(event.data);
    ended = flag_in(json::value(said)["ended"]);
    if (!desk.command.json) return printer.put(text_in(json::value(said)["text"]));
    print_json(said);
    return std::cout.good();
  };
  while (!ended && !desk.at.interrupted() && std::cout.good()) {
    try {
      desk.link.follow(with_query(path, query), behind, take);
    } catch (const admin_error& e) {
      if (desk.at.interrupted()) break;
      if (!e.unreachable() || !seen) throw;
      if (!std::exchange(away, true)) desk.at.say("longhaul: the server does not answer");
    }
    if (!ended) desk.at.pause(follow_again);
  }
  return 0;
}

}  // namespace

int tail_admin_task(const admin_desk& desk) {
  const std::string id = whole_id(desk, desk.command.ids.front());
  const std::string path = path_of_task(id, desk.command.errors ? "stderr" : "stdout");
  output_printer printer(desk.at.looks_of_output());
  if (desk.command.follow) return follow_output(desk, path, printer);
  return print_now(desk, path, printer);
}

}  // namespace longhaul
