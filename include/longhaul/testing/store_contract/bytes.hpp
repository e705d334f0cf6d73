// SPDX-License-Identifier: Apache-2.0
// Contract: what tasks take up, counted to the byte, and the bounds in bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/deadlines.hpp"
#include "longhaul/stores/transitions.hpp"
#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit::contract {

inline raw_json filler(std::size_t bytes) {
  return raw_json::trusted('"' + std::string(bytes - 2, 'x') + '"');
}

inline stores::new_task task_with(std::shared_ptr<task_origin> origin, std::size_t arguments) {
  stores::new_task task;
  origin->arguments = filler(arguments);
  task.origin = std::move(origin);
  return task;
}

TEST_P(store_contract, bytes_beyond_a_bound_are_refused_by_its_name_and_nothing_is_created) {
  struct bound {
    std::size_t stores::byte_bounds::* member;
    std::string_view name;
    bool of_all;
  };
  for (const bound& each :
       {bound{&stores::byte_bounds::open_per_quota, stores::bound_names::open_bytes_per_quota,
              false},
        bound{&stores::byte_bounds::open_total, stores::bound_names::open_bytes_total, true},
        bound{&stores::byte_bounds::stored_per_quota, stores::bound_names::stored_bytes_per_quota,
              false},
        bound{&stores::byte_bounds::stored_total, stores::bound_names::stored_bytes_total, true},
        bound{&stores::byte_bounds::memory_per_quota, stores::bound_names::memory, false},
        bound{&stores::byte_bounds::memory_total, stores::bound_names::memory, true}}) {
    const auto fixture = GetParam().make();
    stores::store& store = fixture->tested();
    stores::byte_bounds bounds;
    bounds.*each.member = 100'000;
    store.limit(bounds);
    ASSERT_EQ(run(store.create(task_with(origin(), 60'000))).code, create_code::created);
    const auto large = task_with(origin(), 60'000);
    const auto refused = run(store.create(large));
    EXPECT_EQ(refused.code, create_code::busy);
    EXPECT_EQ(refused.bound, each.name);
    EXPECT_FALSE(run(store.get("alice", large.origin->id)));
    EXPECT_EQ(run(store.create(task_with(origin(), 30'000))).code, create_code::created)
        << "a refused one took nothing: " << each.name;
    EXPECT_EQ(run(store.create(task_with(origin("bob"), 60'000))).code,
              each.of_all ? create_code::busy : create_code::created);
  }
}

// Every change counts, up and down, and to the byte.
TEST_P(store_contract, what_tasks_take_up_is_counted_exactly) {
  std::vector<task_ptr> tasks;
  const auto expect_exact = [&](const std::string& when) {
    std::size_t all = 0;
    for (const auto& task : tasks) {
      if (const auto now = get(task)) all += stores::size_of(*now);
    }
    auto next = task_with(origin(), 500);
    const std::size_t size =
        stores::size_of(stores::initial(next, {next.origin->created_at, monotonic_time{}}));
    stores::byte_bounds bounds;
    bounds.stored_per_quota = all + size - 1;
    store().limit(bounds);
    EXPECT_EQ(run(store().create(next)).code, create_code::busy) << when;
    ++bounds.stored_per_quota;
    store().limit(bounds);
    EXPECT_EQ(run(store().create(next)).code, create_code::created) << when;
    store().limit({});
    tasks.push_back(get(run(store().create(next)).task));
  };
  tasks.push_back(create(origin(), process_, 1min));
  expect_exact("created");
  const auto task = tasks.front();
  stores::report_change change;
  change.checkpoint = filler(3000);
  change.status_message = "half of it";
  run(store().report(task->id(), epoch(1), change));
  expect_exact("reported");
  change.checkpoint = filler(20);
  run(store().report(task->id(), epoch(1), change));
  expect_exact("reported less");
  ask(task, 1, {ask_for("a"), ask_for("b")});
  expect_exact("asked");
  answer(task, {reply("a", std::string(700, 'y'))});
  expect_exact("answered");
  finish(task, 1, std::string(9000, 'z'));
  expect_exact("finished");
  tasks.push_back(create(origin(), process_, 1min));
  run(store().cancel("alice", tasks.back()->id(), "because"));
  expect_exact("cancelled");
  auto hidden = task_with(origin(), 6000);
  hidden.hidden = true;
  hidden.retention = 1min;
  hidden.claim_for = process_;
  tasks.push_back(run(store().create(hidden)).task);
  finish(tasks.back(), 1, "plain");
  expect_exact("hidden");
  fixture_->advance(3s);
  run(store().purge(100));
  expect_exact("emptied");
  fixture_->advance(1min);
  run(store().purge(100));
  expect_exact("removed");
}

TEST_P(store_contract, answers_have_an_eighth_more_than_create_and_not_more) {
  const auto task = create_claimed();
  ask(task, 1, {ask_for("a"), ask_for("b")});
  const std::size_t now = stores::size_of(*get(task));
  stores::byte_bounds bounds;
  bounds.open_per_quota = now;
  store().limit(bounds);
  EXPECT_EQ(run(store().create(task_with(origin(), 10))).code, create_code::busy);
  EXPECT_EQ(answer(task, {reply("a", std::string(5000, 'x'))}).code, change_code::busy);
  EXPECT_FALSE(find_input(*get(task), "a")->response) << "nothing was changed";
  EXPECT_TRUE(applied(answer(task, {reply("a", "yes")})));
  store().limit({});
  EXPECT_TRUE(applied(answer(task, {reply("b", std::string(now, 'x'))})));
  EXPECT_EQ(get(task)->status, task_status::working);
}

// Checkpoints, which nobody refuses, filled the bound: no answer was taken any more, and the task
// that could have ended waited for ever.
TEST_P(store_contract, a_small_answer_is_taken_however_much_workers_wrote) {
  for (const bool of_all : {true, false}) {
    const auto task = create_claimed();
    ask(task, 1, {ask_for("a"), ask_for("b")});
    stores::byte_bounds bounds;
    (of_all ? bounds.open_total : bounds.open_per_quota) = 20'000;
    store().limit(bounds);
    stores::report_change change;
    change.checkpoint = filler(40'000);
    EXPECT_TRUE(applied(run(store().report(task->id(), epoch(1), change))));
    EXPECT_EQ(run(store().create(task_with(origin(), 10))).code, create_code::busy);
    EXPECT_EQ(answer(task, {reply("a", std::string(5000, 'x'))}).code, change_code::busy);
    EXPECT_TRUE(applied(answer(task, {reply("a", std::string(3000, 'x'))})));
    EXPECT_TRUE(applied(answer(task, {reply("b", "yes")})));
    EXPECT_EQ(get(task)->status, task_status::working);
    EXPECT_TRUE(applied(finish(task, 1, "done")));
    const auto next = run(store().create(task_with(origin(), 10)));
    ASSERT_EQ(next.code, create_code::created) << "its bytes are open no more";
    run(store().cancel("alice", next.task->id(), ""));
    store().limit({});
  }
}

// What a caller or a handler says at length is cut where people read it.
TEST_P(store_contract, lines_for_people_are_cut_between_characters) {
  std::string length;
  while (length.size() < 5000) length += "ä";
  const auto task = create_claimed();
  report(task, 1, 1, "x" + length);
  const std::string message = get(task)->status_message;
  EXPECT_EQ(message.size(), stores::rules::longest_message - 1);
  EXPECT_EQ(message.back(), '\xa4');
  EXPECT_EQ(report(task, 1, 1, "x" + length).code, change_code::unchanged);
  run(store().cancel("alice", task->id(), length));
  EXPECT_LE(get(task)->status_message.size(), stores::rules::longest_message);
  EXPECT_LE(get(task)->cancel_reason.size(), stores::rules::longest_message);
}

// Large arguments are left in the file while a task waits, and are there when it is wanted whole.
TEST_P(store_contract, large_arguments_are_whole_for_whoever_runs_or_reads_them) {
  for (const bool waits : {true, false}) {
    auto task = task_with(origin(), 100'000);
    auto meta = std::const_pointer_cast<task_origin>(task.origin);
    meta->request_meta = raw_json::trusted(R"({"progressToken":7})");
    if (!waits) task.claim_for = process_;
    const auto whole = [&](const task_ptr& seen) {
      EXPECT_EQ(seen->origin->arguments, task.origin->arguments);
      EXPECT_EQ(seen->origin->request_meta, task.origin->request_meta);
      EXPECT_FALSE(seen->abridged);
    };
    whole(run(store().create(task)).task);
    whole(run(store().create(task)).task);
    whole(run(store().get("alice", task.origin->id)));
    if (waits) {
      const auto taken = claim(process_, 1);
      ASSERT_EQ(taken.size(), 1U);
      if (!GetParam().repeats) whole(taken.front());  // else as `claimed` tells it
      EXPECT_EQ(taken.front()->epoch, 1U);
    }
    const auto look = run(store().look("alice", task.origin->id));
    EXPECT_EQ(look->status, task_status::working);
    EXPECT_EQ(look->origin->request_meta, task.origin->request_meta) << "it has a progress token";
    whole(run(store().get("alice", task.origin->id)));
    run(store().release(task.origin->id, epoch(1)));
    const auto again = claim(process_, 1);
    ASSERT_EQ(again.size(), 1U);
    if (!GetParam().repeats) whole(again.front());
    const outcome result = outcome::result(filler(50'000));
    run(store().finish(task.origin->id, epoch(again.front()->epoch), result, ""));
    whole(run(store().get("alice", task.origin->id)));
    EXPECT_EQ(run(store().look("alice", task.origin->id))->result.body, result.body);
    EXPECT_EQ(run(store().get("alice", task.origin->id))->result.body, result.body);
    run(store().set_retention("alice", task.origin->id, 7h));
    whole(run(store().get("alice", task.origin->id)));
  }
  EXPECT_EQ(run(store().list("alice", std::nullopt, "", 10))->tasks.size(), 2U);
}

// The work behind a plain call may be remembered for what its program wrote; what it was told and
// what it answered is nobody's to read any more.
TEST_P(store_contract, a_hidden_task_that_ended_lets_go_of_what_nobody_can_read) {
  const auto plain = [&](const std::string& key) {
    auto task = task_with(origin(), 6000);
    std::const_pointer_cast<task_origin>(task.origin)->idempotency_key = key;
    task.hidden = true;
    task.retention = 10min;
    task.claim_for = process_;
    const auto made = run(store().create(task)).task;
    ask(made, 1, {ask_for("a")});
    finish(made, 1, std::string(6000, 'z'));
    return made;
  };
  const auto left = plain(""), keyed = plain("key"), shown = plain("");
  EXPECT_TRUE(get(left)->result.body) << "its waiter may not have read it yet";
  EXPECT_TRUE(applied(run(store().reveal("alice", shown->id(), 1h))));
  fixture_->advance(fixture_->hidden_result_kept() - 1ms);
  EXPECT_TRUE(run(store().purge(100)).empty());
  EXPECT_TRUE(get(left)->result.body) << "its waiter may be late";
  fixture_->advance(1ms);
  EXPECT_TRUE(run(store().purge(100)).empty()) << "not removed";
  ASSERT_TRUE(get(left)) << "its output can be read";
  EXPECT_TRUE(stores::is_emptied(*get(left)));
  EXPECT_FALSE(get(left)->origin->arguments);
  EXPECT_FALSE(get(left)->inputs);
  EXPECT_LT(stores::size_of(*get(left)), 1500U);
  EXPECT_EQ(run(store().reveal("alice", left->id(), 1h)).code, change_code::not_found);
  EXPECT_TRUE(get(keyed)->result.body) << "a repetition is given it";
  EXPECT_TRUE(get(shown)->result.body);
  EXPECT_TRUE(get(shown)->origin->arguments);
  EXPECT_TRUE(run(store().purge(100)).empty()) << "once is enough";
  fixture_->advance(10min);
  EXPECT_EQ(run(store().purge(100)).size(), 2U);
  EXPECT_FALSE(get(left));
  EXPECT_TRUE(get(shown));
}

}  // namespace longhaul::testkit::contract
