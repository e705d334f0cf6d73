// SPDX-License-Identifier: Apache-2.0
// Contract: creating tasks, by id and by idempotency key, and the bounds in numbers of tasks.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "longhaul/stores/bounds.hpp"
#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit::contract {

TEST_P(store_contract, a_created_task_is_there_at_once) {
  const auto made = create(origin());
  ASSERT_TRUE(made);
  EXPECT_EQ(made->status, task_status::working);
  EXPECT_EQ(made->rev, 1U);
  EXPECT_EQ(made->epoch, 0U);
  EXPECT_EQ(made->attempt, 0U);
  EXPECT_FALSE(made->process);
  EXPECT_EQ(made->updated_at, fixture_->now());
  const auto read = get(made);
  ASSERT_TRUE(read);
  EXPECT_EQ(describe(*read), describe(*made));
  EXPECT_EQ(read->origin->arguments.view(), R"({"n":1})");
  EXPECT_EQ(run(store().stats()).queued, 1U);
}

TEST_P(store_contract, creating_can_claim_in_the_same_write) {
  const auto made = create(origin(), process_);
  EXPECT_EQ(made->epoch, 1U);
  EXPECT_EQ(made->attempt, 1U);
  EXPECT_EQ(made->process, process_);
  EXPECT_EQ(made->rev, 1U);
  EXPECT_TRUE(claim(process_, 10).empty());
  EXPECT_EQ(run(store().claimed(process_)).size(), 1U);
  EXPECT_EQ(run(store().stats()).queued, 0U);
}

TEST_P(store_contract, a_task_may_begin_with_answers) {
  auto answered = std::make_shared<task_inputs>(1);
  answered->front().key = "who";
  answered->front().request = raw_json::trusted(R"({"method":"m","params":{}})");
  answered->front().request_hash = digest_of("m");
  answered->front().response = raw_json::trusted(R"({"action":"decline"})");
  answered->front().asked_rev = 1;
  answered->front().answered_at = fixture_->now();
  stores::new_task task;
  task.origin = origin();
  task.claim_for = process_;
  task.answered = answered;
  const auto made = run(store().create(task)).task;
  EXPECT_EQ(made->status, task_status::working);
  const auto read = get(made);
  EXPECT_EQ(describe(*read), describe(*made));
  ASSERT_TRUE(find_input(*read, "who"));
  EXPECT_EQ(find_input(*read, "who")->response.view(), R"({"action":"decline"})");
  stores::question again;
  again.key = "who";
  again.request = answered->front().request;
  again.request_hash = digest_of("m");
  const std::vector<stores::question> same{again};
  EXPECT_EQ(run(store().ask(made->id(), {made->epoch}, same)).code, stores::change_code::unchanged);
  again.request_hash = digest_of("other");
  const std::vector<stores::question> other{again};
  EXPECT_EQ(run(store().ask(made->id(), {made->epoch}, other)).code,
            stores::change_code::key_reused);
}

TEST_P(store_contract, the_whole_origin_is_kept) {
  auto full = origin("issuer|subject", "tool.with-signs_1");
  full->quota = "10.0.0.1";
  full->request_meta = raw_json::trusted(R"({"progressToken":7})");
  full->idempotency_key = "key";
  full->crash_policy = on_crash::rerun;
  full->max_attempts = 7;
  full->retry_backoff = 5s;
  full->retry_backoff_max = 50s;
  full->retry_on = retry_on::error | retry_on::stall;
  full->unique_hash = digest_of("unique");
  full->unique_for = 6s;
  full->concurrency_key = "";
  full->stall_limit = 7s;
  full->expected = 8s;
  full->retry_of = "another";
  full->attempt_limit = 10s;
  full->overall_limit = 20s;
  full->answer_within = 30s;
  full->external = true;
  full->token = "secret";
  const auto read = get(create(full));
  const task_origin& kept = *read->origin;
  EXPECT_EQ(kept.id, full->id);
  EXPECT_EQ(kept.owner, full->owner);
  EXPECT_EQ(kept.quota, full->quota);
  EXPECT_EQ(kept.tool, full->tool);
  EXPECT_EQ(kept.arguments, full->arguments);
  EXPECT_EQ(kept.request_meta, full->request_meta);
  EXPECT_EQ(kept.created_at, full->created_at);
  EXPECT_EQ(kept.idempotency_key, full->idempotency_key);
  EXPECT_EQ(kept.arguments_hash, full->arguments_hash);
  EXPECT_EQ(kept.crash_policy, full->crash_policy);
  EXPECT_EQ(kept.max_attempts, full->max_attempts);
  EXPECT_EQ(kept.retry_backoff, full->retry_backoff);
  EXPECT_EQ(kept.retry_backoff_max, full->retry_backoff_max);
  EXPECT_EQ(kept.retry_on, full->retry_on);
  EXPECT_EQ(kept.unique_hash, full->unique_hash);
  EXPECT_EQ(kept.unique_for, full->unique_for);
  EXPECT_EQ(kept.concurrency_key, full->concurrency_key);
  EXPECT_EQ(kept.stall_limit, full->stall_limit);
  EXPECT_EQ(kept.expected, full->expected);
  EXPECT_EQ(kept.retry_of, full->retry_of);
  EXPECT_EQ(kept.attempt_limit, full->attempt_limit);
  EXPECT_EQ(kept.overall_limit, full->overall_limit);
  EXPECT_EQ(kept.answer_within, full->answer_within);
  EXPECT_EQ(kept.external, full->external);
  EXPECT_EQ(kept.token, full->token);
}

TEST_P(store_contract, creating_the_same_id_again_gives_the_task_there_is) {
  const auto what = origin();
  const auto first = create(what, process_);
  ASSERT_TRUE(applied(report(first, 1, 5)));
  stores::new_task again;
  again.origin = what;
  again.bounds.open_total = 1;  // it is no further task
  const auto second = run(store().create(again));
  EXPECT_EQ(second.code, create_code::created);
  EXPECT_EQ(second.task->rev, 2U);
  EXPECT_EQ(stored(), 1U);
}

TEST_P(store_contract, ids_that_name_no_task_are_told) {
  const auto first = create_claimed(), second = create(origin("bob"));
  const std::string strange = new_task_id(fixture_->now());
  const std::vector<std::string> asked = {first->id(), strange, second->id(), "no id"};
  EXPECT_EQ(run(store().unknown(asked)), (std::vector<std::string>{strange, "no id"}));
  EXPECT_TRUE(run(store().unknown({})).empty());
  ASSERT_TRUE(applied(finish(first, 1, "x")));
  fixture_->advance(2h);
  EXPECT_EQ(run(store().purge(10)).size(), 1U);
  EXPECT_EQ(run(store().unknown(asked)).front(), first->id());
}

TEST_P(store_contract, the_secret_is_one) {
  EXPECT_GE(store().secret().size(), 16U);
  EXPECT_EQ(store().secret(), store().secret());
}

TEST_P(store_contract, unknown_and_foreign_tasks_are_one_answer) {
  const auto hers = create_claimed("alice");
  const std::string& id = hers->id();
  const std::string unknown = new_task_id(fixture_->now());
  for (const auto& [owner, which] : {std::pair<std::string, std::string>{"bob", id},
                                     {"alice", unknown},
                                     {"alice", ""},
                                     {"", id},
                                     {"alice", std::string(100'000, 'x')}}) {
    EXPECT_FALSE(run(store().get(owner, which)));
    EXPECT_EQ(run(store().cancel(owner, which, "")).code, change_code::not_found);
    EXPECT_EQ(run(store().answer(owner, which, {})).code, change_code::not_found);
    EXPECT_EQ(run(store().set_retention(owner, which, 1s)).code, change_code::not_found);
    const auto revealed = run(store().reveal(owner, which, 1s));
    EXPECT_EQ(revealed.code, change_code::not_found);
    EXPECT_FALSE(revealed.task);
  }
  EXPECT_EQ(get(hers)->rev, 1U);
}

TEST_P(store_contract, one_key_is_one_task) {
  auto first = origin();
  first->idempotency_key = "k";
  const auto made = create(first);
  auto second = origin();
  second->idempotency_key = "k";
  stores::new_task again;
  again.origin = second;
  again.bounds = {1, 1, 1, 1};  // full, but nothing is added
  const auto found = run(store().create(again));
  EXPECT_EQ(found.code, create_code::existing);
  ASSERT_TRUE(found.task);
  EXPECT_EQ(found.task->id(), made->id());
  EXPECT_FALSE(run(store().get("alice", second->id)));
}

TEST_P(store_contract, a_key_with_other_arguments_is_a_conflict_that_reveals_nothing) {
  auto first = origin();
  first->idempotency_key = "k";
  create(first);
  auto other = origin();
  other->idempotency_key = "k";
  other->arguments_hash = digest_of("other");
  stores::new_task task;
  task.origin = other;
  const auto refused = run(store().create(task));
  EXPECT_EQ(refused.code, create_code::key_conflict);
  EXPECT_FALSE(refused.task);
  EXPECT_EQ(stored(), 1U);
}

TEST_P(store_contract, keys_are_per_owner_and_tool) {
  for (const auto& [owner, tool, key] :
       {std::tuple<const char*, const char*, const char*>{"alice", "render", "k"},
        {"bob", "render", "k"},
        {"alice", "resize", "k"},
        {"alice", "render", "K"},
        // Joined without care, these were all the same text.
        {"ab", "c", "d"},
        {"a", "bc", "d"},
        {"a", "b", "cd"}}) {
    auto one = origin(owner, tool);
    one->idempotency_key = key;
    EXPECT_TRUE(create(one));
  }
  EXPECT_EQ(stored(), 7U);
}

TEST_P(store_contract, a_key_is_free_again_when_its_task_is_gone) {
  auto first = origin();
  first->idempotency_key = "k";
  const auto made = create(first, process_, 10s);
  ASSERT_TRUE(applied(finish(made, 1, "x")));
  fixture_->advance(10s);
  auto second = origin();
  second->idempotency_key = "k";
  EXPECT_EQ(create(second)->id(), second->id);  // before the purge
  EXPECT_EQ(run(store().purge(10)).size(), 1U);
  auto third = origin();
  third->idempotency_key = "k";
  stores::new_task task;
  task.origin = third;
  const auto found = run(store().create(task));  // the purge of the first left the second's key
  EXPECT_EQ(found.code, create_code::existing);
  EXPECT_EQ(found.task->id(), second->id);
}

// P21: overload is refused before the acknowledgement.
TEST_P(store_contract, p21_bounds_refuse_before_the_acknowledgement) {
  namespace names = stores::bound_names;
  ASSERT_TRUE(applied(finish(create_claimed("alice"), 1, "x")));
  create(origin("alice"));
  create(origin("bob"));
  struct expectation {
    stores::create_bounds bounds;
    std::string_view bound;
  };
  for (const auto& [bounds, name] : {expectation{{1, 0, 0, 0}, names::open_per_quota},
                                     {{0, 2, 0, 0}, names::open_total},
                                     {{0, 0, 2, 0}, names::stored_per_quota},
                                     {{0, 0, 0, 3}, names::stored_total},
                                     {{0, 0, 0, 0, true}, names::known_only}}) {
    stores::new_task task;
    task.origin = origin("alice");
    task.bounds = bounds;
    const auto refused = run(store().create(task));
    EXPECT_EQ(refused.code, create_code::busy);
    EXPECT_EQ(refused.bound, name);
    EXPECT_FALSE(refused.task);
    EXPECT_FALSE(run(store().get("alice", task.origin->id)));
  }
  EXPECT_EQ(stored(), 3U);
  stores::new_task fits;
  fits.origin = origin("alice");
  fits.bounds = {2, 3, 3, 4};
  EXPECT_EQ(run(store().create(fits)).code, create_code::created);
}

TEST_P(store_contract, p21_what_is_known_is_found_where_nothing_new_is_made) {
  auto with_key = [&](const char* key) {
    stores::new_task task;
    auto made = origin("alice");
    made->idempotency_key = key;
    task.origin = std::move(made);
    task.bounds.known_only = true;
    return run(store().create(task));
  };
  EXPECT_EQ(with_key("k").code, create_code::busy);
  auto first = origin("alice");
  first->idempotency_key = "k";
  const task_ptr made = create(first);
  const auto found = with_key("k");
  EXPECT_EQ(found.code, create_code::existing);
  ASSERT_TRUE(found.task);
  EXPECT_EQ(found.task->id(), made->id());
  EXPECT_EQ(with_key("other").bound, stores::bound_names::known_only);
  EXPECT_EQ(stored(), 1U);
}

TEST_P(store_contract, p21_a_bound_has_room_again_when_tasks_end_and_go) {
  auto attempt = [&] {
    stores::new_task task;
    task.origin = origin();
    task.claim_for = process_;
    task.retention = 10s;
    task.bounds = {2, 0, 3, 0};
    return run(store().create(task));
  };
  const auto first = attempt();
  const auto second = attempt();
  EXPECT_EQ(attempt().bound, stores::bound_names::open_per_quota);
  ASSERT_TRUE(applied(finish(first.task, 1, "x")));
  EXPECT_EQ(attempt().code, create_code::created);
  ASSERT_TRUE(applied(run(store().cancel("alice", second.task->id(), ""))));
  EXPECT_EQ(attempt().bound, stores::bound_names::stored_per_quota);
  fixture_->advance(10s);
  EXPECT_EQ(run(store().purge(10)).size(), 2U);
  EXPECT_EQ(attempt().code, create_code::created);
}

TEST_P(store_contract, quotas_count_whom_they_name_not_the_owner) {
  for (const char* address : {"10.0.0.1", "10.0.0.2"}) {
    stores::new_task task;
    auto what = origin("anonymous");
    what->quota = address;
    task.origin = what;
    task.bounds.open_per_quota = 1;
    EXPECT_EQ(run(store().create(task)).code, create_code::created) << address;
  }
}

}  // namespace longhaul::testkit::contract
