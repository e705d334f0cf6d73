// SPDX-License-Identifier: Apache-2.0
// The order of claims, and what they look at in vain.
#include "stores/ready_queue.hpp"

#include <gtest/gtest.h>

#include "stores/samples.hpp"

namespace {

using namespace longhaul;
using stores::ready_queue;

stores::origin_ptr waiting(std::size_t number, const std::string& key,
                           const std::string& quota = "alice") {
  auto made = std::make_shared<task_origin>();
  made->id = std::to_string(1'000'000'000 + number);
  made->owner = made->quota = quota;
  made->tool = "render";
  made->concurrency_key = key;
  return made;
}

struct queue_test : testing::Test {
  void add(const stores::origin_ptr& task) { queue_.add(task, monotonic_time()); }
  std::vector<std::string> claim(std::size_t count) {
    stores::claim_request request;
    request.count = count;
    request.tools.emplace("render", count);
    request.concurrency.emplace("render", 1);
    std::vector<std::string> taken;
    queue_.serve(request, monotonic_time(), [&](const task_origin& task) {
      taken.push_back(*task.concurrency_key);
      return true;
    });
    return taken;
  }
  void end(const stores::origin_ptr& task) {
    runs_.end(*task);
    queue_.open(task->tool, *task->concurrency_key);
  }

  stores::run_counts runs_;
  ready_queue queue_{runs_};
};

TEST_F(queue_test, what_waits_for_a_full_key_costs_others_nothing) {
  constexpr std::size_t many = 100'000;
  const auto first = waiting(0, "full");
  add(first);
  ASSERT_EQ(claim(1).size(), 1U);
  for (std::size_t i = 1; i <= many; ++i) add(waiting(i, "full", i % 2 == 0 ? "alice" : "bob"));
  const auto other = waiting(many + 1, "free");
  add(other);
  const std::size_t before = queue_.looked_at();
  EXPECT_EQ(claim(5), std::vector<std::string>{"free"});
  EXPECT_LE(queue_.looked_at() - before, 3U) << "one look a line and quota";
  EXPECT_TRUE(claim(5).empty());
  EXPECT_LE(queue_.looked_at() - before, 3U) << "closed lines are not looked at again";
  end(first);
  EXPECT_EQ(claim(5), std::vector<std::string>{"full"});
  EXPECT_LE(queue_.looked_at() - before, 6U);
}

TEST_F(queue_test, many_full_keys_are_looked_at_once) {
  constexpr std::size_t keys = 1'000;
  for (std::size_t i = 0; i < keys; ++i) add(waiting(i, "key" + std::to_string(i)));
  EXPECT_EQ(claim(keys).size(), keys);
  for (std::size_t i = 0; i < keys; ++i) add(waiting(keys + i, "key" + std::to_string(i)));
  const std::size_t before = queue_.looked_at();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(claim(5).empty());
  EXPECT_EQ(queue_.looked_at() - before, keys);
}

TEST_F(queue_test, what_leaves_a_closed_line_leaves_nothing_behind) {
  add(waiting(1, "key"));
  ASSERT_EQ(claim(1).size(), 1U);
  const auto second = waiting(2, "key");
  add(second);
  EXPECT_TRUE(claim(1).empty());
  queue_.remove(*second, monotonic_time());
  EXPECT_EQ(queue_.size(), 0U);
  end(waiting(1, "key"));
  add(waiting(3, "key"));
  EXPECT_EQ(claim(1).size(), 1U);
}

}  // namespace
