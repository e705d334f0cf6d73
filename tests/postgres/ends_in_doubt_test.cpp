// SPDX-License-Identifier: Apache-2.0
// Ends that were committed while their answer was lost: whoever counts hears of each, once.
#include "postgres/ends_in_doubt.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/random.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/testing/run.hpp"
#include "longhaul/testing/store_contract/fixture.hpp"
#include "postgres/relay.hpp"
#include "postgres/test_schema.hpp"
#include "support/process_census.hpp"

namespace longhaul::test {
namespace {

using testkit::run;
using testkit::contract::text_result;

// Each was found and told like somebody else's: no figure and no hook heard of it.
class end_in_doubt : public testing::Test {
 protected:
  end_in_doubt() {
    store.watch([this](const task_ptr& task) {
      if (task->ends) ++ends;
    });
    run(store.renew(process, std::chrono::minutes(1)));
  }
  // A task that runs, here.
  std::string begin() { return begin(store, process, std::nullopt); }
  std::string begin(stores::store& at, process_id by, std::optional<milliseconds> limit) {
    auto origin = std::make_shared<task_origin>();
    origin->created_at = schema.now();
    origin->id = new_task_id(origin->created_at);
    origin->owner = origin->quota = "alice";
    origin->tool = "render";
    origin->arguments = raw_json::trusted("{}");
    origin->attempt_limit = limit;
    stores::new_task task;
    task.origin = std::move(origin);
    task.claim_for = by;
    EXPECT_EQ(run(at.create(task)).code, stores::create_code::created);
    return task.origin->id;
  }
  task_status status_of(const std::string& id) { return run(store.get("alice", id))->status; }

  postgres::database_options through_network() const {
    postgres::database_options options = schema.options();
    options.where = network.url();
    return options;
  }

  test_schema schema;
  relay network{cluster::shared().port()};
  std::atomic<int> ends{0};
  const process_id process = new_process_id();
  postgres::postgres_store store{through_network()};
};

TEST_F(end_in_doubt, is_told_as_ours_when_it_is_repeated) {
  const std::string id = begin();
  network.lose_the_answer_to("all is well");
  const stores::writer worker{.epoch = 1};
  const auto finish = [&] {
    return run(store.finish(id, worker, text_result("x"), "all is well")).code;
  };
  EXPECT_EQ(finish(), stores::change_code::unchanged) << "that it was done is all there is to say";
  EXPECT_EQ(network.lost(), 1);
  EXPECT_EQ(status_of(id), task_status::completed);
  EXPECT_EQ(ends, 1);
  EXPECT_EQ(finish(), stores::change_code::unchanged);
  EXPECT_EQ(ends, 1);
}

TEST_F(end_in_doubt, of_a_cancellation_is_told_as_ours) {
  const std::string id = begin();
  network.lose_the_answer_to("no longer wanted");
  run(store.cancel("alice", id, "no longer wanted", stores::visibility::hidden_too));
  EXPECT_EQ(status_of(id), task_status::cancelled);
  EXPECT_EQ(ends, 1);
}

// Nobody repeats what the upkeep does, and nobody here follows what another process runs.
TEST_F(end_in_doubt, is_looked_up_if_nobody_asks) {
  const auto elsewhere = schema.open();
  const process_id other = new_process_id();
  run(elsewhere->renew(other, std::chrono::minutes(1)));
  const std::string id = begin(*elsewhere, other, std::chrono::hours(1));
  network.lose_the_answer_to("one run may take");
  schema.advance(std::chrono::hours(2));
  EXPECT_TRUE(wait_until([&] {
    try {
      run(store.expire(10));
    } catch (const stores::store_error&) {
    }
    return ends > 0;
  }));
  EXPECT_EQ(network.lost(), 1);
  EXPECT_EQ(status_of(id), task_status::failed);
  EXPECT_EQ(ends, 1);
}

TEST_F(end_in_doubt, of_another_process_is_not_ours) {
  const std::string id = begin();
  postgres::ends_in_doubt doubts;
  const auto other = std::make_shared<task_record>(*run(store.get("alice", id)));
  task_record mine = *other;
  mine.rev = other->rev += 1;
  mine.status = task_status::completed;
  other->status = task_status::cancelled;
  doubts.add(mine);
  EXPECT_TRUE(doubts.ids().empty()) << "it ends nothing";
  mine.ends = true;
  doubts.add(mine);
  task_record older = mine;
  --older.rev;
  EXPECT_FALSE(doubts.is_ours(older));
  EXPECT_FALSE(doubts.ids().empty()) << "that says nothing of it";
  EXPECT_FALSE(doubts.is_ours(*other));
  EXPECT_TRUE(doubts.ids().empty());
  doubts.add(mine);
  EXPECT_TRUE(doubts.is_ours(mine));
  EXPECT_FALSE(doubts.is_ours(mine)) << "it is told once";
}

}  // namespace
}  // namespace longhaul::test
