// SPDX-License-Identifier: Apache-2.0
// After a restart nobody found the tasks whose work had been handed to somebody else.
#include "../stores/parity.hpp"

namespace longhaul::test {
namespace {

std::vector<std::string> ids(const std::vector<task_ptr>& tasks) {
  std::vector<std::string> result;
  for (const auto& task : tasks) result.push_back(task->id());
  return result;
}

TEST_P(store_parity, external_tasks_are_listed_until_they_end) {
  const auto external = [&](const std::string& owner, const std::string& tool) {
    auto what = origin(owner, tool);
    what->external = true;
    what->token = "t-" + owner;
    return create(what)->id();
  };
  std::vector<std::string> all{external("alice", "render"), external("bob", "render"),
                               external("bob", "encode")};
  create(origin("alice"));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(ids(run(store_.external({}, {}, 10))), all);
  EXPECT_EQ(ids(run(store_.external({}, {}, 2))), std::vector(all.begin(), all.begin() + 2));
  EXPECT_EQ(ids(run(store_.external({}, all[1], 10))), std::vector(all.begin() + 2, all.end()));
  EXPECT_EQ(run(store_.external("render", {}, 10)).size(), 2U);
  EXPECT_TRUE(run(store_.external("other", {}, 10)).empty());

  for (const task_ptr& task : run(store_.external("render", {}, 10))) {
    EXPECT_EQ(task->origin->token, "t-" + task->owner());
    const stores::writer by{0, task->origin->token};
    ASSERT_TRUE(applied(run(store_.finish(task->id(), by, text_result("x"), {}))));
  }
  const auto left = run(store_.external({}, {}, 10));
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0]->tool(), "encode");
  EXPECT_TRUE(applied(run(store_.cancel("bob", left[0]->id(), ""))));
  EXPECT_TRUE(run(store_.external({}, {}, 10)).empty());
}

}  // namespace
}  // namespace longhaul::test
