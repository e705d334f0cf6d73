// SPDX-License-Identifier: Apache-2.0
#include "terminal/progress_view.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

#include "terminal/plain_text.hpp"

namespace longhaul::terminal {
namespace {

using namespace std::chrono_literals;

constexpr look of_width(std::size_t width) {
  return {.colour = false, .unicode = true, .width = width};
}
constexpr look ascii_of_width(std::size_t width) {
  return {.colour = false, .unicode = false, .width = width};
}

progress_shown rendering() {
  return {
      .label = "render", .progress = progress_state{4, 10}, .message = "frame 4", .elapsed = 12s};
}

TEST(ProgressView, SaysDurationsAsPeopleDo) {
  EXPECT_EQ(duration_text(-5s), "0 s");
  EXPECT_EQ(duration_text(0ms), "0 s");
  EXPECT_EQ(duration_text(3999ms), "3 s");
  EXPECT_EQ(duration_text(59s), "59 s");
  EXPECT_EQ(duration_text(60s), "1 min");
  EXPECT_EQ(duration_text(125s), "2 min 5 s");
  EXPECT_EQ(duration_text(1h), "1 h");
  EXPECT_EQ(duration_text(1h + 4min + 59s), "1 h 4 min");
  EXPECT_EQ(duration_text(1h + 59s), "1 h");
  EXPECT_EQ(duration_text(51h + 59min), "2 d 3 h");
  EXPECT_EQ(duration_text(milliseconds::max()), "106751991167 d 7 h");
}

TEST(ProgressView, SaysFiguresShortly) {
  EXPECT_EQ(figure_text(4), "4");
  EXPECT_EQ(figure_text(100), "100");
  EXPECT_EQ(figure_text(0.25), "0.25");
  EXPECT_EQ(figure_text(1.0 / 3), "0.33");
  EXPECT_EQ(figure_text(-0.001), "0");
  EXPECT_EQ(figure_text(123456789012), "123456789012");
  EXPECT_EQ(figure_text(1.5e20), "1.5e+20");
}

TEST(ProgressView, SaysNothingTwice) {
  progress_shown beat{
      .label = "a", .progress = progress_state{80, {}}, .message = "running for 1 m 20 s"};
  drop_echoes(beat);
  EXPECT_FALSE(beat.progress);
  EXPECT_EQ(beat.message, "");
  progress_shown queued{
      .label = "a", .progress = progress_state{80, {}}, .message = "waiting: 3 of 3 running"};
  drop_echoes(queued);
  EXPECT_FALSE(queued.progress);
  EXPECT_EQ(queued.message, "waiting: 3 of 3 running");
  progress_shown asks{
      .label = "a", .at = phase::input_required, .message = "waiting for an answer"};
  drop_echoes(asks);
  EXPECT_EQ(asks.message, "");
  progress_shown real{
      .label = "a", .progress = progress_state{2, 5}, .message = "running for mayor"};
  drop_echoes(real);
  EXPECT_EQ(real.progress->done, 2);
  EXPECT_EQ(real.message, "running for mayor");
}

TEST(ProgressView, SaysHundredPerCentOnlyAtTheEnd) {
  EXPECT_EQ(percent_of({4, 10}), 40);
  EXPECT_EQ(percent_of({999.9, 1000}), 99);
  EXPECT_EQ(percent_of({1000, 1000}), 100);
  EXPECT_EQ(percent_of({2000, 1000}), 100);
  EXPECT_EQ(percent_of({0, 1000}), 0);
}

TEST(ProgressView, MakesNothingOfTotalsThatAreNone) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(percent_of({4}), std::nullopt);
  EXPECT_EQ(percent_of({4, 0}), std::nullopt);
  EXPECT_EQ(percent_of({4, -1}), std::nullopt);
  EXPECT_EQ(percent_of({4, nan}), std::nullopt);
  EXPECT_EQ(percent_of({4, infinity}), std::nullopt);
  EXPECT_EQ(percent_of({nan, 10}), std::nullopt);
  EXPECT_EQ(percent_of({-4, 10}), std::nullopt);
  for (const double odd : {nan, infinity, -infinity, -1.0, 0.0, 1e308, 1e-308}) {
    for (const double other : {nan, infinity, -infinity, -1.0, 0.0, 1e308, 1e-308}) {
      progress_shown shown = rendering();
      shown.progress = progress_state{odd, other};
      EXPECT_LE(display_width(progress_line(shown, of_width(50), 0)), 50U);
      EXPECT_EQ(change_line(shown).find("nan"), std::string::npos);
      EXPECT_EQ(change_line(shown).find("inf"), std::string::npos);
    }
  }
}

TEST(ProgressView, GuessesTheTimeLeft) {
  progress_shown shown = rendering();
  EXPECT_EQ(time_left(shown), 18s);
  shown.expected = 1h;  // what was done says more
  EXPECT_EQ(time_left(shown), 18s);
  shown.progress = progress_state{0, 10};
  EXPECT_EQ(time_left(shown), 1h - 12s);
  shown.progress = progress_state{4};
  EXPECT_EQ(time_left(shown), 1h - 12s);
  shown.elapsed = 2h;
  EXPECT_EQ(time_left(shown), std::nullopt);
  shown.expected.reset();
  EXPECT_EQ(time_left(shown), std::nullopt);
  shown.progress = progress_state{1e-300, 10};
  EXPECT_EQ(time_left(shown), std::nullopt) << "longer than anybody waits";
  shown.progress = progress_state{4, 10};
  shown.at = phase::completed;
  EXPECT_EQ(time_left(shown), std::nullopt);
}

TEST(ProgressView, DrawsABarWithATotal) {
  const progress_shown shown = rendering();
  EXPECT_EQ(progress_line(shown, of_width(100), 0),
            "⠋ render  ━━━━━━━━────────────  40 %  4/10  12 s  ~18 s left  frame 4");
  EXPECT_EQ(progress_line(shown, ascii_of_width(100), 1),
            "/ render  [#######-----------]  40 %  4/10  12 s  ~18 s left  frame 4");
}

TEST(ProgressView, TurnsASpinnerWithoutATotal) {
  progress_shown shown = rendering();
  shown.progress = progress_state{1234};
  EXPECT_EQ(progress_line(shown, of_width(80), 3), "⠸ render  1234  12 s  frame 4");
  EXPECT_EQ(progress_line(shown, of_width(80), 13), "⠸ render  1234  12 s  frame 4");
  EXPECT_EQ(progress_line(shown, ascii_of_width(80), 2), "- render  1234  12 s  frame 4");
  shown.progress.reset();
  shown.expected = 40s;
  EXPECT_EQ(progress_line(shown, of_width(80), 0), "⠋ render  12 s  ~28 s left  frame 4");
}

TEST(ProgressView, DrawsHalvesOfACharacter) {
  progress_shown shown = rendering();
  shown.progress = progress_state{45, 100};
  EXPECT_EQ(progress_line(shown, of_width(50), 0),
            "⠋ render ━━━━╸───── 45 % 45/100 12 s ~14 s left");
}

TEST(ProgressView, ShowsEachPhase) {
  progress_shown shown = rendering();
  const auto line = [&](phase at, const look& look) {
    shown.at = at;
    return progress_line(shown, look, 0);
  };
  shown.message.clear();
  EXPECT_EQ(line(phase::queued, of_width(40)), "⠋ render queued ━━━━────── 40 % 12 s");
  EXPECT_EQ(line(phase::waiting, of_width(40)), "⠋ render waiting ━━━━────── 40 % 12 s");
  EXPECT_EQ(line(phase::input_required, of_width(40)), "? render asks ━━━━────── 40 % 4/10 12 s");
  EXPECT_EQ(line(phase::completed, of_width(40)), "✔ render done 12 s") << "all was done";
  EXPECT_EQ(line(phase::failed, of_width(40)), "✖ render failed 40 % 4/10 12 s");
  EXPECT_EQ(line(phase::cancelled, of_width(40)), "■ render cancelled 40 % 4/10 12 s");
  EXPECT_EQ(line(phase::completed, ascii_of_width(40)), "+ render done 12 s");
  EXPECT_EQ(line(phase::failed, ascii_of_width(40)), "! render failed 40 % 4/10 12 s");
  EXPECT_EQ(line(phase::cancelled, ascii_of_width(40)), "- render cancelled 40 % 4/10 12 s");
  shown.progress = progress_state{3};
  EXPECT_EQ(line(phase::queued, ascii_of_width(80)), "| render  queued  3  12 s");
  EXPECT_EQ(line(phase::failed, ascii_of_width(80)), "! render  failed  3  12 s");
  EXPECT_EQ(line(phase::completed, ascii_of_width(80)), "+ render  done  12 s");
}

TEST(ProgressView, KeepsWhatMattersMostInFewColumns) {
  progress_shown shown = rendering();
  EXPECT_EQ(progress_line(shown, of_width(40), 0), "⠋ render ━━━━────── 40 % 12 s ~18 s left");
  EXPECT_EQ(progress_line(shown, of_width(30), 0), "⠋ render ━━━━────── 40 % 12 s");
  EXPECT_EQ(progress_line(shown, of_width(20), 0), "⠋ render 40 % 12 s");
  shown.label = "a-tool-with-a-very-long-name";
  shown.elapsed = 1h + 4min;
  EXPECT_EQ(progress_line(shown, of_width(40), 0), "⠋ a-tool… ━━━━────── 40 % 4/10 1 h 4 min");
  EXPECT_EQ(progress_line(shown, of_width(20), 0), "⠋ 40 % 1 h 4 min");
  shown.at = phase::cancelled;
  EXPECT_EQ(progress_line(shown, of_width(40), 0), "■ a-tool-… cancelled 40 % 4/10 1 h 4 min");
  EXPECT_EQ(progress_line(shown, of_width(20), 0), "■ cancelled 40 %");
}

TEST(ProgressView, CutsTheMessageAndNothingElse) {
  progress_shown shown = rendering();
  shown.message = "frame 4 of the long opening scene with the river";
  EXPECT_EQ(progress_line(shown, of_width(80), 0),
            "⠋ render  ━━━━━━──────────  40 %  4/10  12 s  ~18 s left  frame 4 of the long o…");
  EXPECT_EQ(progress_line(shown, ascii_of_width(80), 0),
            "| render  [#####---------]  40 %  4/10  12 s  ~18 s left  frame 4 of the long ..");
}

TEST(ProgressView, NeverExceedsTheWidth) {
  const std::array<std::string, 5> texts = {
      "", "render", "映画を描く道具", std::string(400, 'x'),
      "\x1b[31mred\x1b[2J\n\n\xff e\u0301\u0301 \U0001F600\U0001F600\U0001F600"};
  for (std::size_t width = 1; width <= 300; width += width < 80 ? 1 : 11) {
    for (const std::string& label : texts) {
      for (int at = 0; at <= static_cast<int>(phase::cancelled); ++at) {
        progress_shown shown{.label = label,
                             .at = static_cast<phase>(at),
                             .progress = progress_state{123.25, 456.75},
                             .message = texts[(width + label.size()) % texts.size()],
                             .elapsed = 123min};
        for (const look& look : {of_width(width), ascii_of_width(width)}) {
          const std::string line = progress_line(shown, look, width);
          ASSERT_LE(display_width(line), width) << line;
          ASSERT_EQ(line.find('\x1b'), std::string::npos) << line;
          ASSERT_EQ(line.find('\n'), std::string::npos) << line;
          if (width >= 26) {
            ASSERT_NE(line.find("2 h 3 min"), std::string::npos) << line;
          }
          if (!look.unicode) {
            for (const char c : line) ASSERT_TRUE(c >= ' ' && c < 0x7f) << line;
          }
        }
      }
    }
  }
}

TEST(ProgressView, ColoursTakeNoColumns) {
  const progress_shown shown = rendering();
  look coloured = of_width(60);
  coloured.colour = true;
  std::string line = progress_line(shown, coloured, 0);
  EXPECT_NE(line.find("\x1b[36m"), std::string::npos);
  EXPECT_EQ(plain(line), progress_line(shown, of_width(60), 0));
  coloured.width = 30;
  EXPECT_EQ(plain(progress_line(shown, coloured, 0)), progress_line(shown, of_width(30), 0));
}

TEST(ProgressView, SaysAChangeInALine) {
  progress_shown shown = rendering();
  EXPECT_EQ(change_line(shown), "render: 40 % (4 of 10), frame 4, 12 s");
  shown.message.clear();
  EXPECT_EQ(change_line(shown), "render: 40 % (4 of 10), 12 s");
  shown.progress = progress_state{1234};
  EXPECT_EQ(change_line(shown), "render: 1234, 12 s");
  shown.progress.reset();
  EXPECT_EQ(change_line(shown), "render: working, 12 s");
  shown.at = phase::queued;
  EXPECT_EQ(change_line(shown), "render: queued, 12 s");
  shown.at = phase::input_required;
  shown.message = "Which codec?";
  EXPECT_EQ(change_line(shown), "render: waits for an answer, Which codec?, 12 s");
  shown.at = phase::completed;
  shown.message = "3\nfiles\x1b[2J";
  shown.progress = progress_state{10, 10};
  EXPECT_EQ(change_line(shown), "render: completed, 100 % (10 of 10), 3 files, 12 s");
  shown.label.clear();
  EXPECT_EQ(change_line(shown), "completed, 100 % (10 of 10), 3 files, 12 s");
  shown.message = std::string(1000, 'x');
  EXPECT_LT(change_line(shown).size(), 300U);
}

TEST(ProgressView, KnowsThePhaseOfEachStatus) {
  EXPECT_EQ(phase_of(task_status::working), phase::working);
  EXPECT_EQ(phase_of(task_status::input_required), phase::input_required);
  EXPECT_EQ(phase_of(task_status::completed), phase::completed);
  EXPECT_EQ(phase_of(task_status::failed), phase::failed);
  EXPECT_EQ(phase_of(task_status::cancelled), phase::cancelled);
}

}  // namespace
}  // namespace longhaul::terminal
