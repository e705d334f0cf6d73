// SPDX-License-Identifier: Apache-2.0
// Small parts of the engine, each alone: the report buffer, the map of runs, the lanes' ids.
#include "tasks/report_buffer.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>

#include "tasks/id_map.hpp"
#include "tasks/lanes.hpp"

namespace longhaul::test {
namespace {

using namespace tasks;

TEST(report_buffer_test, progress_only_grows_and_is_a_number) {
  report_buffer buffer({});
  EXPECT_FALSE(buffer.progress(std::numeric_limits<double>::quiet_NaN(), 10, "odd"));
  EXPECT_FALSE(buffer.progress(-1, 10, "less than nothing"));
  ASSERT_TRUE(buffer.progress(5, std::numeric_limits<double>::infinity(), ""));
  EXPECT_FALSE(buffer.take()->progress->total);
  EXPECT_FALSE(buffer.progress(5, 10, ""));
  EXPECT_FALSE(buffer.progress(4, 10, "back"));
  EXPECT_TRUE(buffer.progress(5, 10, "the same, with a line"));
}

TEST(report_buffer_test, what_could_not_be_written_stands_unless_something_newer_came) {
  report_buffer buffer({});
  buffer.progress(1, 10, "one");
  buffer.checkpoint(raw_json::trusted("1"), 0);
  const auto first = buffer.take();
  ASSERT_TRUE(first);
  EXPECT_FALSE(buffer.take());
  buffer.progress(2, 10, "");
  buffer.put_back(*first);
  const auto both = buffer.take();
  EXPECT_EQ(both->progress->done, 2);
  EXPECT_EQ(both->status_message, "one");
  EXPECT_EQ(both->checkpoint.view(), "1");
  EXPECT_EQ(buffer.checkpoint().view(), "1") << "the newest stays";
}

TEST(report_buffer_test, news_are_announced_once_until_they_are_taken) {
  report_buffer buffer({});
  buffer.status("a");
  EXPECT_TRUE(buffer.begin_news());
  EXPECT_FALSE(buffer.begin_news());
  buffer.take();
  EXPECT_TRUE(buffer.begin_news());
}

TEST(report_buffer_test, a_checkpoint_that_is_too_large_is_refused) {
  report_buffer buffer({});
  EXPECT_THROW(buffer.checkpoint(raw_json::trusted("12345"), 4), std::length_error);
  EXPECT_FALSE(buffer.take());
}

struct named {
  explicit named(std::string id) : id_(std::move(id)) {}
  const std::string& id() const noexcept { return id_; }
  const std::string id_;
};

TEST(id_map_test, the_newest_of_a_name_stands_and_only_it_can_be_removed) {
  id_map<named> all;
  auto first = std::make_shared<named>("a name that is too long to be kept inside");
  all.put(first);
  const auto second = std::make_shared<named>(first->id());
  all.put(second);
  EXPECT_EQ(all.size(), 1u);
  EXPECT_FALSE(all.remove(*first));
  const std::string name = first->id();
  first.reset();
  EXPECT_EQ(all.find(name), second);
  EXPECT_TRUE(all.remove(*second));
  EXPECT_FALSE(all.find(name));
  EXPECT_EQ(all.size(), 0u);
  EXPECT_TRUE(all.all().empty());
}

TEST(lanes_test, an_id_says_which_lane_its_task_is_in) {
  const std::string kept = lanes::new_id(task_policy::automatic, timestamp(milliseconds(1)));
  const std::string passing = lanes::new_id(task_policy::never, timestamp(milliseconds(1)));
  EXPECT_FALSE(lanes::is_in_memory(kept));
  EXPECT_TRUE(lanes::is_in_memory(passing));
  EXPECT_LT(kept, passing) << "ids in memory come behind all others";
  const std::string last =
      lanes::new_id(task_policy::always, timestamp(milliseconds((1LL << 48) - 1)));
  EXPECT_FALSE(lanes::is_in_memory(last));
  EXPECT_LT(last, passing);
}

}  // namespace
}  // namespace longhaul::test
