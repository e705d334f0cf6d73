// SPDX-License-Identifier: Apache-2.0
#include "operator/last_hour.hpp"

#include <gtest/gtest.h>

#include "operator/tunables.hpp"
#include "support/virtual_clock.hpp"

namespace longhaul::operating {
namespace {

using namespace std::chrono_literals;

class last_hour_test : public testing::Test {
 protected:
  std::shared_ptr<task_record> task(const std::string& tool = "render") {
    auto origin = std::make_shared<task_origin>();
    origin->id = "task" + std::to_string(++made_);
    origin->tool = tool;
    auto made = std::make_shared<task_record>();
    made->origin = std::move(origin);
    made->began_at = made->updated_at = clock_.now();
    return made;
  }
  void create() { hour_.changed(*task()); }
  void end(task_status status, milliseconds took = 0ms, const outcome& result = {},
           const std::string& tool = "render") {
    const auto ended = task(tool);
    ended->rev = 3;
    ended->ends = true;
    ended->status = status;
    ended->result = result;
    ended->updated_at = ended->began_at + took;
    hour_.changed(*ended);
  }

  test::virtual_clock clock_;
  last_hour hour_{clock_};
  int made_ = 0;
};

TEST_F(last_hour_test, minutes_count_what_began_and_ended) {
  create();
  create();
  end(task_status::completed);
  clock_.advance(1min);
  end(task_status::failed);
  end(task_status::cancelled);
  end(task_status::completed, 0ms, outcome::tool_error("no"));
  const auto minutes = hour_.minutes();
  EXPECT_EQ(minutes[58].created, 2U);
  EXPECT_EQ(minutes[58].completed, 1U);
  EXPECT_EQ(minutes[59].failed, 2U) << "a tool error is a failure";
  EXPECT_EQ(minutes[59].cancelled, 1U);
  EXPECT_EQ(hour_.changes(), 6U);
  clock_.advance(59min);
  EXPECT_EQ(hour_.minutes()[58].created, 0U);
  EXPECT_EQ(hour_.minutes()[0].failed, 2U);
  clock_.advance(1min);
  for (const ends& minute : hour_.minutes()) EXPECT_EQ(minute.failed, 0U);
}

TEST_F(last_hour_test, running_times_are_told_as_percentiles) {
  EXPECT_FALSE(hour_.of_tool("render").p50);
  for (int i = 1; i <= 100; ++i) end(task_status::completed, i * 1s);
  end(task_status::completed, 1h, {}, "other");
  end(task_status::cancelled, 2h);
  EXPECT_EQ(hour_.of_tool("render").p50, 51s);
  EXPECT_EQ(hour_.of_tool("render").p95, 96s);
  EXPECT_EQ(hour_.of_tool("other").p50, 1h);
  clock_.advance(61min);
  EXPECT_FALSE(hour_.of_tool("render").p50);
}

TEST_F(last_hour_test, failures_are_grouped_by_their_reason) {
  for (int i = 0; i < 3; ++i) end(task_status::completed, 0ms, outcome::tool_error("exit code 1"));
  end(task_status::failed, 0ms, outcome::protocol_error(-32000, "lost\nsecond line"));
  const auto failures = hour_.of_tool("render").failures;
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].message, "exit code 1");
  EXPECT_EQ(failures[0].count, 3U);
  EXPECT_EQ(failures[0].last, "task3");
  EXPECT_EQ(failures[1].message, "lost");
  for (int i = 0; i < 50; ++i) {
    end(task_status::completed, 0ms, outcome::tool_error("other " + std::to_string(i)));
    clock_.advance(1min);
  }
  EXPECT_EQ(hour_.of_tool("render").failures.size(), tunables::reasons_kept);
  const std::string long_text = std::string(tunables::longest_reason - 1, 'x') + "ä" + "rest";
  end(task_status::failed, 0ms, outcome::protocol_error(-32000, long_text), "cut");
  EXPECT_EQ(hour_.of_tool("cut").failures[0].message,
            std::string(tunables::longest_reason - 1, 'x') + "…");
}

}  // namespace
}  // namespace longhaul::operating
