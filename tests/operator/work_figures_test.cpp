// SPDX-License-Identifier: Apache-2.0
#include "operator/work_figures.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "operator/exposition.hpp"

namespace longhaul::operating {
namespace {

using namespace std::chrono_literals;

task_record figured(const std::string& tool, task_status status = task_status::working) {
  auto origin = std::make_shared<task_origin>();
  origin->tool = tool;
  task_record made;
  made.origin = std::move(origin);
  made.status = status;
  made.ends = made.terminal();
  return made;
}

TEST(work_figures, outcomes_are_told_apart) {
  work_figures figures;
  task_record error = figured("render", task_status::completed);
  error.result.is_error = true;
  task_record heard = figured("render", task_status::failed);
  heard.ends = false;  // another process has written that end
  for (const task_record& one :
       {error, heard, figured("render", task_status::completed),
        figured("render", task_status::failed), figured("render", task_status::cancelled)}) {
    figures.changed(one);
  }
  ASSERT_EQ(figures.tools().size(), 1U);
  for (const counter& one : figures.tools()[0]->ended) EXPECT_EQ(one.value(), 1U);
}

TEST(work_figures, attempts_are_counted_and_measured) {
  work_figures figures;
  const task_record task = figured("render");
  for (const milliseconds waited : {0ms, 2000ms}) figures.began(task, waited);
  task_record again = task;
  again.attempt = 2;  // whatever ended the first: its handler, a limit, a crash
  figures.began(again, 90000ms);
  figures.returned(task, {{}, 3s}, tasks::attempt_end::retry);
  figures.returned(task, {{}, 500us}, tasks::attempt_end::completed);
  const work_figures::of_tool& tool = *figures.tools().at(0);
  EXPECT_EQ(tool.attempts.value(), 3U);
  EXPECT_EQ(tool.retries.value(), 1U);
  const distribution waited = tool.waited.read(), ran = tool.ran.read();
  EXPECT_DOUBLE_EQ(waited.sum, 92.0);
  EXPECT_DOUBLE_EQ(ran.sum, 3.0005);
  EXPECT_EQ(ran.counts.front(), 1U) << "half a millisecond";
  EXPECT_EQ(waited.counts.size(), waited.bounds.size() + 1);
}

TEST(work_figures, many_threads_and_more_tools_than_are_kept) {
  work_figures figures;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < tunables::tools_kept + 100; ++i) {
        figures.created(figured("tool" + std::to_string(i)));
        figures.created(figured("always"));
        figures.refused("any", "max_open");
      }
    });
  }
  threads.clear();
  const auto tools = figures.tools();
  EXPECT_EQ(tools.size(), tunables::tools_kept + 1) << "and no name twice";
  std::vector<std::string> names;
  std::uint64_t all = 0;
  for (const auto* one : tools) {
    names.push_back(one->name);
    all += one->created.value();
    if (one->name == "always") {
      EXPECT_EQ(one->created.value(), 4 * (tunables::tools_kept + 100));
    }
  }
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  EXPECT_EQ(all, 8 * (tunables::tools_kept + 100)) << "nothing is lost";
  EXPECT_EQ(figures.refusals().at("max_open"), 4 * (tunables::tools_kept + 100));
}

TEST(exposition, any_text_is_a_label) {
  exposition out;
  out.counters("c_total", "Help");
  out.add(std::uint64_t{1} << 53U, {{"tool", "a\"b\\c\nd"}});
  const std::string text = out.text();
  EXPECT_NE(text.find(R"(c_total{tool="a\"b\\c\nd"} 9007199254740992)"), std::string::npos) << text;
  EXPECT_EQ(std::ranges::count(text, '\n'), 3) << text;
}

TEST(exposition, a_label_that_is_no_utf_8_does_not_end_the_scrape) {
  exposition out;
  out.gauges("g", "Help");
  out.add(1.0, {{"tool", "a\xff z"}});
  EXPECT_NE(out.text().find("g{tool=\"a\xEF\xBF\xBD z\"} 1"), std::string::npos) << out.text();
}

TEST(exposition, buckets_add_up_and_what_nobody_measures_is_left_out) {
  static constexpr std::array bounds = {1.0, 2.0};
  histogram values{bounds};
  for (const double value : {0.5, 1.0, 1.5, 7.0}) values.note(value);
  exposition out;
  out.histograms("h", "Help");
  out.add(values.read(), {});
  out.gauges("g", "Help");
  out.histograms("none", "Help");
  out.add(distribution(), {});
  const std::string text = out.text();
  for (const char* line : {"h_count 4", "h_sum 10", "h_bucket{le=\"1\"} 2", "h_bucket{le=\"2\"} 3",
                           "h_bucket{le=\"+Inf\"} 4"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << " in " << text;
  }
  EXPECT_EQ(text.find("none"), std::string::npos);
  EXPECT_EQ(text.find("# HELP g"), std::string::npos);
}

}  // namespace
}  // namespace longhaul::operating
