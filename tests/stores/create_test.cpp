// SPDX-License-Identifier: Apache-2.0
// Parity: creating, reading and listing tasks.
#include <algorithm>

#include "base/digest.hpp"
#include "parity.hpp"
#include "stores/bounds.hpp"

namespace longhaul::test {
namespace {

TEST_P(store_parity, a_created_task_is_there_at_once) {
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
  EXPECT_EQ(run(store_.stats()).queued, 1U);
}

TEST_P(store_parity, creating_can_claim_in_the_same_write) {
  const auto made = create(origin(), process_);
  EXPECT_EQ(made->epoch, 1U);
  EXPECT_EQ(made->attempt, 1U);
  EXPECT_EQ(made->process, process_);
  EXPECT_EQ(made->rev, 1U);
  EXPECT_TRUE(claim(process_, 10).empty());
  EXPECT_EQ(run(store_.claimed(process_)).size(), 1U);
  EXPECT_EQ(run(store_.stats()).queued, 0U);
}

TEST_P(store_parity, a_task_may_begin_with_answers) {
  auto answered = std::make_shared<task_inputs>(1);
  answered->front().key = "who";
  answered->front().request = raw_json::trusted(R"({"method":"m","params":{}})");
  answered->front().request_hash = sha256("m");
  answered->front().response = raw_json::trusted(R"({"action":"decline"})");
  answered->front().asked_rev = 1;
  answered->front().answered_at = fixture_->now();
  stores::new_task task;
  task.origin = origin();
  task.claim_for = process_;
  task.answered = answered;
  const auto made = run(store_.create(task)).task;
  EXPECT_EQ(made->status, task_status::working);
  const auto read = get(made);
  EXPECT_EQ(describe(*read), describe(*made));
  ASSERT_TRUE(find_input(*read, "who"));
  EXPECT_EQ(find_input(*read, "who")->response.view(), R"({"action":"decline"})");
  stores::question again;
  again.key = "who";
  again.request = answered->front().request;
  again.request_hash = sha256("m");
  const std::vector<stores::question> same{again};
  EXPECT_EQ(run(store_.ask(made->id(), {made->epoch}, same)).code, stores::change_code::unchanged);
  again.request_hash = sha256("other");
  const std::vector<stores::question> other{again};
  EXPECT_EQ(run(store_.ask(made->id(), {made->epoch}, other)).code,
            stores::change_code::key_reused);
}

TEST_P(store_parity, the_whole_origin_is_kept) {
  auto full = origin("issuer|subject", "tool.with-signs_1");
  full->quota = "10.0.0.1";
  full->request_meta = raw_json::trusted(R"({"progressToken":7})");
  full->idempotency_key = "key";
  full->crash_policy = on_crash::rerun;
  full->max_attempts = 7;
  full->retry_backoff = 5s;
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
  EXPECT_EQ(kept.attempt_limit, full->attempt_limit);
  EXPECT_EQ(kept.overall_limit, full->overall_limit);
  EXPECT_EQ(kept.answer_within, full->answer_within);
  EXPECT_EQ(kept.external, full->external);
  EXPECT_EQ(kept.token, full->token);
}

TEST_P(store_parity, creating_the_same_id_again_gives_the_task_there_is) {
  const auto what = origin();
  const auto first = create(what, process_);
  ASSERT_TRUE(applied(report(first, 1, 5)));
  stores::new_task again;
  again.origin = what;
  again.bounds.open_total = 1;  // it is no further task
  const auto second = run(store_.create(again));
  EXPECT_EQ(second.code, create_code::created);
  EXPECT_EQ(second.task->rev, 2U);
  EXPECT_EQ(stored(), 1U);
}

TEST_P(store_parity, ids_that_name_no_task_are_told) {
  const auto first = create_claimed(), second = create(origin("bob"));
  const std::string strange = new_task_id(fixture_->now());
  const std::vector<std::string> asked = {first->id(), strange, second->id(), "no id"};
  EXPECT_EQ(run(store_.unknown(asked)), (std::vector<std::string>{strange, "no id"}));
  EXPECT_TRUE(run(store_.unknown({})).empty());
  ASSERT_TRUE(applied(finish(first, 1, "x")));
  fixture_->advance(2h);
  EXPECT_EQ(run(store_.purge(10)).size(), 1U);
  EXPECT_EQ(run(store_.unknown(asked)).front(), first->id());
}

TEST_P(store_parity, the_secret_is_one) {
  EXPECT_GE(store_.secret().size(), 16U);
  EXPECT_EQ(store_.secret(), store_.secret());
}

TEST_P(store_parity, unknown_and_foreign_tasks_are_one_answer) {
  const auto hers = create_claimed("alice");
  const std::string& id = hers->id();
  const std::string unknown = new_task_id(fixture_->now());
  for (const auto& [owner, which] : {std::pair<std::string, std::string>{"bob", id},
                                     {"alice", unknown},
                                     {"alice", ""},
                                     {"", id},
                                     {"alice", std::string(100'000, 'x')}}) {
    EXPECT_FALSE(run(store_.get(owner, which)));
    EXPECT_EQ(run(store_.cancel(owner, which, "")).code, change_code::not_found);
    EXPECT_EQ(run(store_.answer(owner, which, {})).code, change_code::not_found);
    EXPECT_EQ(run(store_.set_retention(owner, which, 1s)).code, change_code::not_found);
    const auto revealed = run(store_.reveal(owner, which, 1s));
    EXPECT_EQ(revealed.code, change_code::not_found);
    EXPECT_FALSE(revealed.task);
  }
  EXPECT_EQ(get(hers)->rev, 1U);
}

TEST_P(store_parity, one_key_is_one_task) {
  auto first = origin();
  first->idempotency_key = "k";
  const auto made = create(first);
  auto second = origin();
  second->idempotency_key = "k";
  stores::new_task again;
  again.origin = second;
  again.bounds = {1, 1, 1, 1};  // full, but nothing is added
  const auto found = run(store_.create(again));
  EXPECT_EQ(found.code, create_code::existing);
  ASSERT_TRUE(found.task);
  EXPECT_EQ(found.task->id(), made->id());
  EXPECT_FALSE(run(store_.get("alice", second->id)));
}

TEST_P(store_parity, a_key_with_other_arguments_is_a_conflict_that_reveals_nothing) {
  auto first = origin();
  first->idempotency_key = "k";
  create(first);
  auto other = origin();
  other->idempotency_key = "k";
  other->arguments_hash = sha256("other");
  stores::new_task task;
  task.origin = other;
  const auto refused = run(store_.create(task));
  EXPECT_EQ(refused.code, create_code::key_conflict);
  EXPECT_FALSE(refused.task);
  EXPECT_EQ(stored(), 1U);
}

TEST_P(store_parity, keys_are_per_owner_and_tool) {
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

TEST_P(store_parity, a_key_is_free_again_when_its_task_is_gone) {
  auto first = origin();
  first->idempotency_key = "k";
  const auto made = create(first, process_, 10s);
  ASSERT_TRUE(applied(finish(made, 1, "x")));
  fixture_->advance(10s);
  auto second = origin();
  second->idempotency_key = "k";
  EXPECT_EQ(create(second)->id(), second->id);  // before the purge
  EXPECT_EQ(run(store_.purge(10)).size(), 1U);
  auto third = origin();
  third->idempotency_key = "k";
  stores::new_task task;
  task.origin = third;
  const auto found = run(store_.create(task));  // the purge of the first left the second's key
  EXPECT_EQ(found.code, create_code::existing);
  EXPECT_EQ(found.task->id(), second->id);
}

TEST_P(store_parity, lists_are_newest_first_and_paged) {
  std::vector<std::string> ids;
  for (int i = 0; i < 25; ++i) {
    ids.push_back(create(origin())->id());
    fixture_->advance(1ms);
    create(origin("bob"));
  }
  std::reverse(ids.begin(), ids.end());
  std::vector<std::string> seen;
  std::string cursor;
  for (int pages = 0; pages < 3; ++pages) {
    const auto page = run(store_.list("alice", std::nullopt, cursor, 10));
    ASSERT_TRUE(page);
    for (const auto& task : page->tasks) seen.push_back(task->id());
    ASSERT_EQ(page->next_cursor.has_value(), pages < 2);
    if (page->next_cursor) cursor = *page->next_cursor;
  }
  EXPECT_EQ(seen, ids);
}

TEST_P(store_parity, a_full_last_page_has_no_next) {
  for (int i = 0; i < 10; ++i) create(origin());
  const auto page = run(store_.list("alice", std::nullopt, "", 10));
  EXPECT_EQ(page->tasks.size(), 10U);
  EXPECT_FALSE(page->next_cursor);
  EXPECT_TRUE(run(store_.list("nobody", std::nullopt, "", 10))->tasks.empty());
}

TEST_P(store_parity, lists_filter_by_status) {
  // More than any store looks at in one go, and the one that matters last.
  const auto wanted = create_claimed();
  ASSERT_TRUE(applied(finish(wanted, 1, "x")));
  fixture_->advance(1ms);
  for (int i = 0; i < 600; ++i) create(origin());
  const auto page = run(store_.list("alice", task_status::completed, "", 10));
  ASSERT_EQ(page->tasks.size(), 1U);
  EXPECT_EQ(page->tasks.front()->id(), wanted->id());
  EXPECT_FALSE(page->next_cursor);
  EXPECT_TRUE(run(store_.list("alice", task_status::failed, "", 10))->tasks.empty());
}

TEST_P(store_parity, a_cursor_that_is_not_ours_is_refused) {
  create(origin());
  for (const std::string bad :
       {"x", "c1.", "c1.short", "\xff\xff", "0", "c1.iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"}) {
    EXPECT_FALSE(run(store_.list("alice", std::nullopt, bad, 10))) << bad;
  }
  const std::string id = create(origin())->id();
  EXPECT_FALSE(run(store_.list("alice", std::nullopt, id, 10))) << "a bare id";
}

TEST_P(store_parity, a_cursor_outlives_its_task) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(applied(finish(create(origin(), process_, 10s), 1, "x")));
    fixture_->advance(1ms);
  }
  const auto kept = create(origin());
  fixture_->advance(1ms);
  const auto last = create(origin(), process_, 1s);
  ASSERT_TRUE(applied(finish(last, 1, "x")));
  const auto page = run(store_.list("alice", std::nullopt, "", 1));
  ASSERT_TRUE(page->next_cursor);
  fixture_->advance(1s);
  EXPECT_EQ(run(store_.purge(10)).size(), 1U);
  const auto next = run(store_.list("alice", std::nullopt, *page->next_cursor, 10));
  ASSERT_TRUE(next);
  ASSERT_EQ(next->tasks.size(), 4U);
  EXPECT_EQ(next->tasks.front()->id(), kept->id());
}

TEST_P(store_parity, hidden_tasks_are_read_but_not_listed_until_revealed) {
  stores::new_task task;
  task.origin = origin();
  task.hidden = true;
  task.retention = 1s;
  task.claim_for = process_;
  const auto made = run(store_.create(task)).task;
  EXPECT_TRUE(made->hidden);
  EXPECT_TRUE(get(made));
  EXPECT_TRUE(run(store_.list("alice", std::nullopt, "", 10))->tasks.empty());

  ASSERT_TRUE(applied(run(store_.reveal("alice", made->id(), 5s))));
  const auto page = run(store_.list("alice", std::nullopt, "", 10));
  ASSERT_EQ(page->tasks.size(), 1U);
  EXPECT_FALSE(page->tasks[0]->hidden);
  EXPECT_EQ(page->tasks[0]->retention, 5s);
  EXPECT_EQ(page->tasks[0]->rev, 2U);
  const auto again = run(store_.reveal("alice", made->id(), 5s));
  EXPECT_EQ(again.code, change_code::unchanged);
  EXPECT_EQ(get(made)->rev, 2U);
}

TEST_P(store_parity, a_revealed_task_that_had_ended_is_kept_from_then_on) {
  stores::new_task task;
  task.origin = origin();
  task.hidden = true;
  task.retention = 2s;
  task.claim_for = process_;
  const auto made = run(store_.create(task)).task;
  ASSERT_TRUE(applied(finish(made, 1, "x")));
  fixture_->advance(1s);
  ASSERT_TRUE(applied(run(store_.reveal("alice", made->id(), 10s))));
  fixture_->advance(9'999ms);
  EXPECT_TRUE(run(store_.purge(10)).empty());
  ASSERT_TRUE(get(made));
  EXPECT_EQ(get(made)->status, task_status::completed);
  fixture_->advance(1ms);
  EXPECT_FALSE(get(made));
  EXPECT_EQ(run(store_.purge(10)).size(), 1U);
}

// P21: overload is refused before the acknowledgement.
TEST_P(store_parity, p21_bounds_refuse_before_the_acknowledgement) {
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
                                     {{0, 0, 0, 3}, names::stored_total}}) {
    stores::new_task task;
    task.origin = origin("alice");
    task.bounds = bounds;
    const auto refused = run(store_.create(task));
    EXPECT_EQ(refused.code, create_code::busy);
    EXPECT_EQ(refused.bound, name);
    EXPECT_FALSE(refused.task);
    EXPECT_FALSE(run(store_.get("alice", task.origin->id)));
  }
  EXPECT_EQ(stored(), 3U);
  stores::new_task fits;
  fits.origin = origin("alice");
  fits.bounds = {2, 3, 3, 4};
  EXPECT_EQ(run(store_.create(fits)).code, create_code::created);
}

TEST_P(store_parity, p21_a_bound_has_room_again_when_tasks_end_and_go) {
  auto attempt = [&] {
    stores::new_task task;
    task.origin = origin();
    task.claim_for = process_;
    task.retention = 10s;
    task.bounds = {2, 0, 3, 0};
    return run(store_.create(task));
  };
  const auto first = attempt();
  const auto second = attempt();
  EXPECT_EQ(attempt().bound, stores::bound_names::open_per_quota);
  ASSERT_TRUE(applied(finish(first.task, 1, "x")));
  EXPECT_EQ(attempt().code, create_code::created);
  ASSERT_TRUE(applied(run(store_.cancel("alice", second.task->id(), ""))));
  EXPECT_EQ(attempt().bound, stores::bound_names::stored_per_quota);
  fixture_->advance(10s);
  EXPECT_EQ(run(store_.purge(10)).size(), 2U);
  EXPECT_EQ(attempt().code, create_code::created);
}

TEST_P(store_parity, quotas_count_whom_they_name_not_the_owner) {
  for (const char* address : {"10.0.0.1", "10.0.0.2"}) {
    stores::new_task task;
    auto what = origin("anonymous");
    what->quota = address;
    task.origin = what;
    task.bounds.open_per_quota = 1;
    EXPECT_EQ(run(store_.create(task)).code, create_code::created) << address;
  }
}

}  // namespace
}  // namespace longhaul::test
