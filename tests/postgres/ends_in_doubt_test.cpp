// SPDX-License-Identifier: Apache-2.0
// Ends that were committed while their answer was lost: whoever counts hears of each, once.
#include "postgres/ends_in_doubt.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
    task.retention = std::chrono::hours(1);
    EXPECT_EQ(run(at.create(task)).code, stores::create_code::created);
    return task.origin->id;
  }
  // One that the upkeep ends, whose commit is not heard of. Nobody repeats what the upkeep does,
  // and nobody here follows what another process runs.
  std::string end_unheard() {
    run(elsewhere->renew(other, std::chrono::minutes(1)));
    std::string id = begin(*elsewhere, other, std::chrono::hours(1));
    network.lose_the_answer_to("one run may take");
    schema.advance(std::chrono::hours(2));
    EXPECT_TRUE(wait_until([&] {
      try {
        run(store.expire(10));
      } catch (const stores::store_error&) {
      }
      return network.lost() == 1;
    }));
    return id;
  }
  auto cancel(const std::string& id) {
    return store.cancel("alice", id, "no longer wanted", stores::visibility::hidden_too);
  }
  auto keep(const std::string& id) {
    return store.set_retention("alice", id, std::chrono::hours(3));
  }
  static boost::asio::awaitable<void> done(boost::asio::awaitable<stores::change_result> work) {
    co_await std::move(work);
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
  const std::unique_ptr<postgres::postgres_store> elsewhere = schema.open();
  const process_id other = new_process_id();
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
  run(cancel(id));
  EXPECT_EQ(status_of(id), task_status::cancelled);
  EXPECT_EQ(ends, 1);
}

TEST_F(end_in_doubt, is_looked_up_if_nobody_asks) {
  const std::string id = end_unheard();
  EXPECT_TRUE(wait_until([&] { return ends > 0; }));
  EXPECT_EQ(status_of(id), task_status::failed);
  EXPECT_EQ(ends, 1);
}

TEST_F(end_in_doubt, on_which_more_was_built_is_told_as_ours) {
  const std::string other = begin(), id = begin();
  network.lose_the_answer_to("no longer wanted");
  std::vector<boost::asio::awaitable<void>> all;
  all.push_back(
      done(keep(other)));  // while this is written, the others come, and share what is next
  all.push_back(done(cancel(id)));
  all.push_back(done(keep(id)));
  testkit::run_all(std::move(all));
  EXPECT_EQ(network.lost(), 1);
  EXPECT_EQ(run(store.get("alice", id))->retention, std::chrono::hours(3));
  EXPECT_EQ(status_of(id), task_status::cancelled);
  EXPECT_TRUE(wait_until([&] { return ends == 1; }));
}

TEST_F(end_in_doubt, on_which_is_built_later_is_told_by_that) {
  const std::string id = end_unheard();
  run(keep(id));
  EXPECT_EQ(ends, 1);
  EXPECT_EQ(status_of(id), task_status::failed);
}

TEST_F(end_in_doubt, is_told_when_it_is_removed) {
  const std::string id = end_unheard();
  schema.advance(std::chrono::hours(2));
  std::vector<std::string> gone;
  EXPECT_TRUE(wait_until([&] { return !(gone = run(store.purge(10))).empty(); }));
  EXPECT_EQ(gone, std::vector{id});
  EXPECT_EQ(ends, 1);
}

class remembered_ends : public testing::Test {
 protected:
  remembered_ends() {
    auto origin = std::make_shared<task_origin>();
    origin->id = new_task_id(timestamp(milliseconds(1)));
    mine.origin = std::move(origin);
    mine.rev = 5;
    mine.epoch = 1;
    mine.status = task_status::completed;
    mine.updated_at = timestamp(milliseconds(1000));
  }
  postgres::ends_in_doubt doubts;
  task_record mine;
};

TEST_F(remembered_ends, are_ours_once) {
  doubts.add(mine);
  EXPECT_TRUE(doubts.decided_by(mine.id(), 5));
  EXPECT_TRUE(doubts.is_ours(mine));
  EXPECT_FALSE(doubts.is_ours(mine));
  EXPECT_TRUE(doubts.ids().empty());
}

TEST_F(remembered_ends, are_not_decided_by_what_is_older) {
  doubts.add(mine);
  task_record older = mine;
  older.rev = 4;
  EXPECT_FALSE(doubts.is_ours(older));
  EXPECT_EQ(doubts.ids().size(), 1U);
  for (int i = 0; i < postgres::tunables::looks_for_an_end; ++i) doubts.looked_in_vain(mine.id());
  EXPECT_TRUE(doubts.ids().empty()) << "it was never committed";
}

TEST_F(remembered_ends, of_others_are_not_ours) {
  for (const auto& change : std::vector<std::function<void(task_record&)>>{
           [](task_record& other) { other.status = task_status::cancelled; },
           [](task_record& other) { other.epoch = 2; },
           [](task_record& other) { other.updated_at += milliseconds(1); }}) {
    doubts.add(mine);
    task_record other = mine;
    change(other);
    EXPECT_FALSE(doubts.is_ours(other));
    EXPECT_TRUE(doubts.ids().empty()) << "it is known what became of it";
  }
}

TEST_F(remembered_ends, stay_ours_when_others_change_what_has_ended) {
  doubts.add(mine);
  task_record kept_longer = mine;
  kept_longer.rev = 6;
  EXPECT_TRUE(doubts.is_ours(kept_longer));
}

TEST_F(remembered_ends, are_ours_whichever_attempt_was_committed) {
  doubts.add(mine);
  task_record again = mine;
  again.updated_at += milliseconds(7);
  doubts.add(again);
  EXPECT_TRUE(doubts.is_ours(mine));
  EXPECT_FALSE(doubts.is_ours(again));
}

TEST_F(remembered_ends, are_so_many_at_most) {
  std::string last;
  for (std::size_t i = 0; i <= postgres::tunables::most_ends_in_doubt; ++i) {
    auto origin = std::make_shared<task_origin>();
    origin->id = last = new_task_id(timestamp(milliseconds(1)));
    mine.origin = std::move(origin);
    doubts.add(mine);
  }
  EXPECT_EQ(doubts.ids().size(), postgres::tunables::most_ends_in_doubt);
  EXPECT_FALSE(doubts.decided_by(last, 5));
}

}  // namespace
}  // namespace longhaul::test
