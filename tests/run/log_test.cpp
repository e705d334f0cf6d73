// SPDX-License-Identifier: Apache-2.0
// How records become lines, and lines reach a descriptor.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <csignal>
#include <sstream>
#include <string>
#include <vector>

#include "run/command_line.hpp"
#include "run/log_line.hpp"
#include "run/log_writer.hpp"
#include "run/process_log.hpp"
#include "run/tunables.hpp"
#include "support/process_census.hpp"
#include "support/temporary_folder.hpp"
#include "support/virtual_clock.hpp"

namespace longhaul::test {
namespace {

const timestamp when{milliseconds(1'795'683'600'000)};  // 2026-11-26T09:00:00Z

std::string line(std::vector<log_field> fields, std::string_view text = {},
                 log_style style = log_style::text) {
  std::string out;
  append_log_line(out, {log_level::info, "task.end", text, fields}, style, when);
  return out;
}

TEST(log_line, text_has_the_fields_then_the_words) {
  EXPECT_EQ(line({{"id", "01kc"}, {"attempt", 1}, {"ms", 12}, {"late", true}}),
            "2026-11-26T09:00:00.000Z info task.end id=01kc attempt=1 ms=12 late=true\n");
  EXPECT_EQ(line({}, "listening on http://127.0.0.1:1/mcp"),
            "2026-11-26T09:00:00.000Z info task.end listening on http://127.0.0.1:1/mcp\n");
  EXPECT_EQ(line({{"tool", "two words"}, {"owner", ""}, {"q", "a\"b"}, {"e", "a=b"}}),
            "2026-11-26T09:00:00.000Z info task.end tool=\"two words\" owner=\"\" q=\"a\\\"b\" "
            "e=\"a=b\"\n");
}

// What a peer or a tool said must not look like lines or fields of ours, nor move a terminal.
TEST(log_line, nothing_a_stranger_writes_ends_a_line_or_moves_a_terminal) {
  const std::string evil =
      "a\n2026 info task.end\r\x1b[2J\x7f\t\xc2\x9b\xe2\x80\xa8\xe2\x80\xae\xff\xc3";
  const std::string shown = line({{"from", evil}}, evil);
  EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 1);
  for (const char c : shown.substr(0, shown.size() - 1)) {
    EXPECT_GE(static_cast<unsigned char>(c), 0x20U);
    EXPECT_LT(static_cast<unsigned char>(c), 0x7fU);
  }
  EXPECT_NE(shown.find("from=\"a\\n2026 info task.end\\x0d\\x1b[2J"), std::string::npos) << shown;
  EXPECT_NE(line({}, "Grüße \xe4\xb8\xad").find("Grüße \xe4\xb8\xad"), std::string::npos);
  const std::string json = line({{"from", evil}}, evil, log_style::json);
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 1);
  EXPECT_NO_THROW(boost::json::parse(json));
}

// Whoever reads the log on a terminal saw what a stranger had sent: JSON had its control characters
// of one byte escaped, and those of two, and what turns the writing round, as they came.
TEST(log_line, json_shows_nothing_that_moves_a_terminal_and_loses_nothing) {
  const auto utf8 = [](char32_t c) {
    const auto tail = [c](unsigned shift) {
      return static_cast<char>(0x80U | (c >> shift & 0x3fU));
    };
    if (c < 0x80) return std::string{static_cast<char>(c)};
    if (c < 0x800) return std::string{static_cast<char>(0xc0U | c >> 6U), tail(0)};
    return std::string{static_cast<char>(0xe0U | c >> 12U), tail(6), tail(0)};
  };
  std::vector<std::string> forbidden;  // controls, separators, directions, what has no width
  for (const auto& [first, last] :
       std::initializer_list<std::pair<char32_t, char32_t>>{{0x00, 0x1f},
                                                            {0x7f, 0x9f},
                                                            {0x61c, 0x61c},
                                                            {0x200b, 0x200f},
                                                            {0x2028, 0x202e},
                                                            {0x2060, 0x206f},
                                                            {0xfeff, 0xfeff}}) {
    for (char32_t c = first; c <= last; ++c) forbidden.push_back(utf8(c));
  }
  for (const auto& one : forbidden) {
    const std::string said = "a\"" + one + "\\b Gr\u00fc\u00dfe \xe4\xb8\xad";
    std::string shown = line({{"from", said}}, said, log_style::json);
    ASSERT_EQ(shown.back(), '\n');
    shown.pop_back();
    for (const auto& bad : forbidden) ASSERT_EQ(shown.find(bad), std::string::npos) << shown;
    const auto read = boost::json::parse(shown).as_object();  // refuses what is no UTF-8
    EXPECT_EQ(read.at("from").as_string(), said);
    EXPECT_EQ(read.at("text").as_string(), said);
  }
  for (const char* broken : {"\xff", "\xc3", "\x9b", "\xc0\x80", "\xed\xa0\x80", "\xe2\x80",
                             "\xf5\x80\x80\x80", "\x80\x80\x80"}) {
    const std::string said = std::string("\"") + broken;
    const auto read = boost::json::parse(line({{"from", said}}, said, log_style::json)).as_object();
    for (const char* name : {"from", "text"}) {
      const std::string_view got = read.at(name).as_string();
      EXPECT_TRUE(got.starts_with("\"\xef\xbf\xbd")) << got;
      EXPECT_TRUE(got.ends_with("\xef\xbf\xbd")) << got;
    }
  }
}

TEST(log_line, what_json_cuts_it_cuts_between_characters_and_says_so) {
  for (const std::string one :
       {"x", "\"", "\xc2\x9b", "\xe2\x80\xae", "\xf0\x9f\x98\x80", "\xff"}) {
    for (const std::size_t shift : {0U, 1U, 2U, 3U}) {
      std::string said(shift, 'a');
      while (said.size() <= run_tunables::log_text_bytes) said += one;
      const auto read =
          boost::json::parse(line({{"from", said}}, said, log_style::json)).as_object();
      for (const auto& [name, longest] : {std::pair("from", run_tunables::log_field_bytes),
                                          std::pair("text", run_tunables::log_text_bytes)}) {
        const std::string_view got = read.at(name).as_string();
        EXPECT_TRUE(got.ends_with("\xe2\x80\xa6")) << got;
        if (one != "\xff") {
          EXPECT_LE(got.size(), longest + 3);
          EXPECT_GE(got.size(), longest);
        }
      }
      const std::string fits = said.substr(
          0, run_tunables::log_field_bytes - run_tunables::log_field_bytes % one.size());
      const auto whole =
          boost::json::parse(line({{"from", fits}}, {}, log_style::json)).as_object();
      EXPECT_FALSE(std::string_view(whole.at("from").as_string()).ends_with("\xe2\x80\xa6"));
    }
  }
}

TEST(log_line, json_is_one_object_a_line) {
  const auto read = boost::json::parse(line({{"id", "01kc"}, {"ms", 12}, {"late", false}},
                                            "words \"x\"", log_style::json))
                        .as_object();
  EXPECT_EQ(read.at("time").as_string(), "2026-11-26T09:00:00.000Z");
  EXPECT_EQ(read.at("level").as_string(), "info");
  EXPECT_EQ(read.at("event").as_string(), "task.end");
  EXPECT_EQ(read.at("id").as_string(), "01kc");
  EXPECT_EQ(read.at("ms").as_int64(), 12);
  EXPECT_FALSE(read.at("late").as_bool());
  EXPECT_EQ(read.at("text").as_string(), "words \"x\"");
}

TEST(log_line, long_values_are_cut) {
  for (const auto style : {log_style::text, log_style::json}) {
    const std::string shown =
        line({{"f", std::string(1'000'000, 'x')}}, std::string(1'000'000, '\x01'), style);
    EXPECT_LT(shown.size(), 8 * run_tunables::log_text_bytes);
  }
}

class log_pipe : public testing::Test {
 protected:
  log_pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~log_pipe() override {
    for (const int fd : ends_) {
      if (fd >= 0) ::close(fd);
    }
  }
  std::string read_rest() {
    ::close(std::exchange(ends_[1], -1));
    std::string all;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::read(ends_[0], part.data(), part.size())) > 0;) {
      all.append(part.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
  static log_record record(std::string_view text) { return {log_level::info, "event", text, {}}; }
  std::array<int, 2> ends_{};
};

TEST_F(log_pipe, lines_arrive_in_order_and_all_are_written_at_the_end) {
  {
    log_writer writer(ends_[1], log_style::text);
    for (int i = 0; i < 100; ++i) writer.put(record(std::to_string(i)));
  }
  std::istringstream all(read_rest());
  std::string one;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(std::getline(all, one));
    EXPECT_TRUE(one.ends_with(" event " + std::to_string(i))) << one;
  }
}

// A terminal that is stopped, a pipe that nobody reads: whoever logs goes on, and so does the end.
TEST_F(log_pipe, nobody_waits_for_a_reader_and_what_was_dropped_is_counted) {
  const std::string large(4000, 'x');
  constexpr int many = 2000;  // 8 MB: more than the pipe and the queue take
  int seen = 0;
  {
    log_writer writer(ends_[1], log_style::text);
    for (int i = 0; i < many; ++i) writer.put(record(large));  // nobody reads
    // Somebody reads again: what waited comes, and what it missed is said.
    std::string all;
    std::array<char, 65536> part{};
    while (all.find("log.dropped lines=") == std::string::npos) {
      const ssize_t got = ::read(ends_[0], part.data(), part.size());
      ASSERT_GT(got, 0);
      all.append(part.data(), static_cast<std::size_t>(got));
    }
    for (std::size_t at = 0; (at = all.find(" event ", at)) != std::string::npos; ++at) ++seen;
  }
  EXPECT_LT(seen, many);
  EXPECT_GT(seen, 0);
}

TEST_F(log_pipe, a_reader_that_never_comes_holds_the_end_for_a_moment_only) {
  log_writer writer(ends_[1], log_style::text);
  for (int i = 0; i < 100; ++i) writer.put(record(std::string(4000, 'x')));
}  // ends, or the watchdog does

TEST_F(log_pipe, a_reader_that_went_away_is_no_signal_and_no_error) {
  std::signal(SIGPIPE, SIG_DFL);
  ::close(std::exchange(ends_[0], -1));
  log_writer writer(ends_[1], log_style::text);
  writer.put(record("one"));
  writer.flush();
  writer.put(record("two"));
}

/// No file grows beyond `bytes` while it lives: a full disk.
class full_disk {
 public:
  explicit full_disk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~full_disk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  full_disk(const full_disk&) = delete;
  full_disk& operator=(const full_disk&) = delete;

 private:
  rlimit before_{};
};

// They were gone without a word.
TEST(log_file, lines_that_a_full_disk_did_not_take_are_counted_and_told_once_it_does) {
  const temporary_folder folder;
  const std::string path = folder.file("log");
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  {
    log_writer writer(file, log_style::text);
    {
      const full_disk full(1000);
      for (int i = 0; i < 100; ++i) {
        writer.put({log_level::info, "event", std::to_string(i), {}});
        if (i % 2 == 0) writer.flush();  // what was lost is lost in pieces
      }
      writer.flush();
    }
    writer.put({log_level::info, "event", "after", {}});
  }
  ::close(file);
  const std::string all = text_of(path);
  std::istringstream lines(all);
  std::string one;
  int whole = 0;
  while (std::getline(lines, one) && one.ends_with(" event " + std::to_string(whole))) ++whole;
  EXPECT_LT(whole, 100) << all;
  ASSERT_FALSE(lines.eof()) << all;
  // The file may end with a part of a line, which is not mixed with the next one.
  if (one.find(" log.dropped ") == std::string::npos) std::getline(lines, one);
  EXPECT_TRUE(one.ends_with(" warning log.dropped lines=" + std::to_string(100 - whole) +
                            " there was no space for them"))
      << all;
  EXPECT_EQ(one.find("Z "), std::string_view("2026-11-26T09:00:00.000").size()) << all;
  ASSERT_TRUE(std::getline(lines, one)) << all;
  EXPECT_TRUE(one.ends_with(" event after")) << all;
}

// Middleware may keep the sink that it was given, and be asked once more when all has ended.
TEST(log_sink, may_be_kept_longer_than_its_server) {
  log_sink kept;
  {
    const process_log log({}, true);
    kept = log.sink();
  }
  kept({log_level::info, "test.kept", "written after the end", {}});
}

TEST(log_options, what_is_not_understood_is_refused_with_what_to_write) {
  const server_options file{.drain_grace = std::chrono::seconds(3), .log = log_detail::debug};
  EXPECT_EQ(log_settings_of({}, file).detail, log_detail::debug);
  EXPECT_EQ(log_settings_of({.log = "off"}, file).detail, log_detail::off);
  EXPECT_EQ(log_settings_of({.log_format = "json"}, file).style, log_style::json);
  EXPECT_EQ(drain_grace_of({}, file), std::chrono::seconds(3));
  EXPECT_EQ(drain_grace_of({.drain_grace = "0s"}, file), std::chrono::seconds(0));
  EXPECT_THROW(log_settings_of({.log = "loud"}, file), std::invalid_argument);
  EXPECT_THROW(log_settings_of({.log_format = "xml"}, file), std::invalid_argument);
  EXPECT_THROW(drain_grace_of({.drain_grace = "30"}, file), std::invalid_argument);
}

}  // namespace
}  // namespace longhaul::test
