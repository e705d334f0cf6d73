// SPDX-License-Identifier: Apache-2.0
#include "command/line_progress.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <random>

#include "command/terminal_text.hpp"
#include "command/tunables.hpp"

namespace longhaul::command {

void PrintTo(const progress_found& found, std::ostream* out) {
  *out << found.done.value_or(-1) << " of " << found.total.value_or(-1) << " \"" << found.message
       << '"';
}

namespace {

using found_list = std::vector<progress_found>;

progress_patterns patterns(const std::vector<std::string>& expressions) {
  std::vector<progress_pattern> all;
  all.reserve(expressions.size());
  for (const std::string& expression : expressions) all.push_back({expression, {}});
  return progress_patterns(all);
}

const char* const of = R"((?P<done>\d+)/(?P<total>\d+)(?: (?P<message>.+))?)";
const char* const percent = R"((?P<percent>[-\w.,]+) ?%)";

/// Everything found when `printed` comes in the pieces that `sizes` give, one after another.
found_list fed(const progress_patterns& all, std::string_view printed, std::size_t size = 1000) {
  line_progress progress(all);
  found_list result;
  const auto add = [&](progress_found found) { result.push_back(std::move(found)); };
  for (std::size_t at = 0; at < printed.size(); at += size) {
    progress.feed(stream::out, printed.substr(at, size), add);
  }
  progress.finish(stream::out, add);
  return result;
}

std::optional<progress_found> found(const std::string& expression, std::string_view line) {
  return patterns({expression}).find(stream::out, line);
}

std::optional<double> number(const std::string& text) {
  const auto event = found(R"(^\[(?P<done>.*)\]$)", "[" + text + "]");
  return event ? event->done : std::nullopt;
}

TEST(line_progress, says_how_much_of_how_much_is_done) {
  EXPECT_EQ(found(of, "at 3/10 copying a"), (progress_found{3, 10, "copying a"}));
  EXPECT_EQ(found(of, "3/10"), (progress_found{3, 10, ""}));
  EXPECT_EQ(found(R"((?P<done>\d+) files)", "17 files"), (progress_found{17, {}, ""}));
  EXPECT_EQ(found(of, "nothing"), std::nullopt);
}

TEST(line_progress, a_percentage_is_of_a_hundred) {
  EXPECT_EQ(found(percent, "  42.5 % done"), (progress_found{42.5, 100, ""}));
  EXPECT_EQ(found(percent, "-3%"), std::nullopt);
  EXPECT_EQ(found(percent, "nan%"), std::nullopt);
}

TEST(line_progress, a_message_can_stand_alone) {
  EXPECT_EQ(found("^phase: (?P<message>.*)", "phase:  linking "),
            (progress_found{{}, {}, "linking"}));
  EXPECT_EQ(found("^phase: (?P<message>.*)", "phase: "), std::nullopt);
}

TEST(line_progress, groups_that_took_no_part_say_nothing) {
  const std::string either = R"((?P<done>\d+)/(?P<total>\d+)|(?P<percent>\d+)%)";
  EXPECT_EQ(found(either, "3/4"), (progress_found{3, 4, ""}));
  EXPECT_EQ(found(either, "30%"), (progress_found{30, 100, ""}));
}

TEST(line_progress, numbers_may_group_thousands) {
  EXPECT_EQ(number("1,234,567"), 1234567.0);
  EXPECT_EQ(number("1_234"), 1234.0);
  EXPECT_EQ(number("1 234.5"), 1234.5);
  EXPECT_EQ(number("42,5"), 42.5);
  EXPECT_EQ(number(" 7 "), 7.0);
  EXPECT_EQ(number("0"), 0.0);
  for (const char* none : {"", "-1", "+1", "1e3", "1.2.3", "1_2", "1 2", "1,", ",1", ".5", "5 MB",
                           "inf", "0x10", "1,2,3", "１"}) {
    EXPECT_EQ(number(none), std::nullopt) << none;
  }
  EXPECT_EQ(number(std::string(65, '1')), std::nullopt);
}

TEST(line_progress, the_first_pattern_that_says_something_wins) {
  const progress_patterns two = patterns({R"((?P<percent>\S+)%)", R"(: (?P<message>.*))"});
  EXPECT_EQ(fed(two, "5%: a\n??%: b\n: c\n"),
            (found_list{{5, 100, ""}, {{}, {}, "b"}, {{}, {}, "c"}}));
}

TEST(line_progress, lines_end_at_line_feeds_and_carriage_returns) {
  const found_list three{{1, 3, ""}, {2, 3, ""}, {3, 3, ""}};
  EXPECT_EQ(fed(patterns({of}), "1/3\n2/3\n3/3\n"), three);
  EXPECT_EQ(fed(patterns({of}), "\r1/3\r2/3\r3/3"), three);
  EXPECT_EQ(fed(patterns({of}), "1/3\r\n\r\n2/3\r\n3/3\r\n"), three);
}

TEST(line_progress, an_unfinished_line_waits_for_its_end) {
  line_progress progress(patterns({of}));
  found_list seen;
  const auto add = [&](progress_found event) { seen.push_back(std::move(event)); };
  progress.feed(stream::out, "1/1", add);
  EXPECT_TRUE(seen.empty());
  progress.feed(stream::out, "0\r", add);
  EXPECT_EQ(seen, (found_list{{1, 10, ""}}));
}

// Two halves of different lines made one number, far too great, and progress never goes back.
TEST(line_progress, what_stands_before_and_after_a_gap_is_no_line) {
  line_progress progress(patterns({of}));
  found_list seen;
  const auto add = [&](progress_found event) { seen.push_back(std::move(event)); };
  progress.feed(stream::out, "1/30\n2/3", add);
  progress.skip(stream::out);
  progress.feed(stream::out, "7/30", add);
  progress.feed(stream::out, "\n8/30\n", add);
  EXPECT_EQ(seen, (found_list{{1, 30, ""}, {8, 30, ""}}));
  progress.skip(stream::err);
  progress.feed(stream::out, "9/30\n", add);
  EXPECT_EQ(seen.back(), (progress_found{9, 30, ""})) << "the other stream has no gap";
}

TEST(line_progress, streams_are_apart_and_may_be_chosen) {
  line_progress progress(progress_patterns(
      {{R"(out (?P<done>\d+))", stream::out}, {R"(err (?P<done>\d+))", stream::err}}));
  found_list seen;
  const auto add = [&](progress_found event) { seen.push_back(std::move(event)); };
  progress.feed(stream::out, "out", add);
  progress.feed(stream::err, "err 2", add);
  progress.feed(stream::out, " 1\nerr 3\n", add);
  progress.feed(stream::err, "\nout 4\n", add);
  EXPECT_EQ(seen, (found_list{{1, {}, ""}, {2, {}, ""}}));
  EXPECT_FALSE(progress_patterns().watches(stream::out));
  EXPECT_FALSE(progress_patterns({{"(?P<done>1)", stream::err}}).watches(stream::out));
}

TEST(line_progress, long_lines_are_cut_and_the_next_is_whole) {
  const std::string line = "1/2 " + std::string(tunables::max_progress_line, 'x');
  for (const std::size_t size : {1UL, 1000UL, 100'000UL}) {
    const found_list seen = fed(patterns({of}), line + " 5/6\n3/4\n", size);
    ASSERT_EQ(seen.size(), 2U) << size;
    EXPECT_EQ(seen[0], (progress_found{1, 2, std::string(tunables::max_progress_line - 4, 'x')}));
    EXPECT_EQ(seen[1], (progress_found{3, 4, ""}));
  }
}

TEST(line_progress, output_without_lines_needs_no_more_memory) {
  line_progress progress(patterns({of}));
  const std::string much(1 << 20, 'x');
  for (int i = 0; i < 64; ++i) progress.feed(stream::out, much, [](const progress_found&) {});
  found_list seen;
  progress.feed(stream::out, "\n1/2\n", [&](progress_found e) { seen.push_back(std::move(e)); });
  EXPECT_EQ(seen, (found_list{{1, 2, ""}}));
}

TEST(line_progress, escape_sequences_and_invalid_bytes_are_gone) {
  EXPECT_EQ(fed(patterns({of}), "\x1B[2K\x1B[1;32m3/4\x1B[0m \x1B]0;title\x07now\n"),
            (found_list{{3, 4, "now"}}));
  EXPECT_EQ(fed(patterns({of}), "3/4 a\xFF\xC3(b\n"), (found_list{{3, 4, "a\uFFFD\uFFFD(b"}}));
}

TEST(line_progress, what_is_found_does_not_depend_on_the_pieces) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string alphabet = "12/34 \r\n\x1B[mx\xC3\xA9";
  std::string printed;
  for (int i = 0; i < 20'000; ++i) printed += alphabet[random() % alphabet.size()];
  const found_list whole = fed(patterns({of}), printed, printed.size());
  EXPECT_FALSE(whole.empty());
  for (const std::size_t size : {1UL, 2UL, 7UL, 4096UL}) {
    EXPECT_EQ(fed(patterns({of}), printed, size), whole) << size;
  }
}

TEST(line_progress, faults_of_patterns_say_what_to_write) {
  const auto fault = [](const char* expression) {
    return check_progress_pattern({expression, {}}).value_or("none");
  };
  EXPECT_EQ(fault(of), "none");
  EXPECT_TRUE(fault("(?P<done>[0-9]").starts_with("is no regular expression of RE2: missing"));
  EXPECT_EQ(fault(R"(\d+%)"),
            "names no group; write what it finds as (?P<done>…), (?P<total>…), (?P<percent>…) or "
            "(?P<message>…)");
  EXPECT_EQ(fault(R"((?P<precent>\d+)%)"),
            "names a group \"precent\"; the groups are done, total, percent and message");
  EXPECT_EQ(fault(R"(of (?P<total>\d+))"), "has a group total without a group done");
  EXPECT_THROW(patterns({"("}), std::invalid_argument);
}

TEST(terminal_text, has_no_sequences_and_no_control_characters) {
  EXPECT_EQ(plain_text("\x1B[38;5;1mred\x1B[m\a\b\tx\x7F"), "red\tx");
  EXPECT_EQ(plain_text("\x1B(Ba\x1B"
                       "7b\x1B[?25lc"),
            "abc");
  EXPECT_EQ(plain_text("\x1B]8;;http://x\x1B\\link\x1B]8;;\x1B\\"), "link");
  EXPECT_EQ(plain_text("\x1BPq...\x1B\\a\x1B"), "a");
  EXPECT_EQ(plain_text("a\x1B["), "a");
  EXPECT_EQ(plain_text("a\x1B]never ended"), "a");
  EXPECT_EQ(plain_text("\x1B[3\xC3\xA9"), "é") << "a broken sequence eats no character";
  EXPECT_EQ(plain_text(std::string("a\0b", 3)), "ab");
}

TEST(terminal_text, last_lines_are_what_a_terminal_would_still_show) {
  EXPECT_EQ(last_lines("a\nb\nc\n", 2), "b\nc");
  EXPECT_EQ(last_lines("a\nb\nc", 9), "a\nb\nc");
  EXPECT_EQ(last_lines("a\n\nb\n\n \n", 2), "\nb");
  EXPECT_EQ(last_lines("1%\r2%\r100%\r\nerror\r\n", 5), "100%\nerror");
  EXPECT_EQ(last_lines("", 3), "");
  EXPECT_EQ(last_lines("\n\n", 3), "");
  EXPECT_EQ(last_lines("a\n", 0), "");
}

TEST(terminal_text, cuts_fall_between_characters) {
  EXPECT_EQ(last_bytes("aé😀", 4), "😀");
  EXPECT_EQ(last_bytes("aé😀", 5), "😀");
  EXPECT_EQ(last_bytes("aé😀", 6), "é😀");
  EXPECT_EQ(last_bytes("abc", 9), "abc");
  EXPECT_EQ(first_bytes("aé😀", 1), "a");
  EXPECT_EQ(first_bytes("aé😀", 2), "a");
  EXPECT_EQ(first_bytes("aé😀", 6), "aé");
  EXPECT_EQ(first_bytes("abc", 0), "");
  EXPECT_EQ(last_bytes("\x80\x80\x80\x80\x80", 4).size(), 1U);
}

}  // namespace
}  // namespace longhaul::command
