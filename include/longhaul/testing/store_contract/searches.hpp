// SPDX-License-Identifier: Apache-2.0
// Contract: what operators look for, of all owners.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit::contract {

using stores::phase;
using stores::task_filter;

/// A store with two tasks of each kind, of two owners and two tools, the newest last.
class store_search : public store_contract {
 protected:
  /// Of `phase` first, then of the other owner and tool.
  std::map<phase, std::vector<task_ptr>> all_kinds() {
    std::map<phase, std::vector<task_ptr>> made;
    for (const auto& [owner, tool] : {std::pair("alice", "render"), std::pair("bob", "encode")}) {
      const auto next = [&](std::optional<process_id> process) {
        fixture_->advance(2ms);
        return create(origin(owner, tool), process);
      };
      made[phase::waiting].push_back(next(std::nullopt));
      made[phase::running].push_back(next(process_));
      made[phase::input_required].push_back(next(process_));
      EXPECT_TRUE(applied(ask(made[phase::input_required].back(), 1, {ask_for("q")})));
      made[phase::completed].push_back(next(process_));
      EXPECT_TRUE(applied(finish(made[phase::completed].back(), 1, "x")));
      made[phase::error].push_back(next(process_));
      EXPECT_TRUE(applied(run(store().finish(made[phase::error].back()->id(), epoch(1),
                                             outcome::tool_error("no"), "no"))));
      made[phase::failed].push_back(next(process_));
      const outcome error = outcome::protocol_error(-32000, "no");
      EXPECT_TRUE(
          applied(run(store().finish(made[phase::failed].back()->id(), epoch(1), error, "no"))));
      made[phase::cancelled].push_back(next(std::nullopt));
      EXPECT_TRUE(applied(run(store().cancel(owner, made[phase::cancelled].back()->id(), "why"))));
    }
    return made;
  }
  /// The ids of all pages.
  std::vector<std::string> ids_of(const task_filter& filter, std::size_t limit = 50) {
    std::vector<std::string> ids;
    std::string cursor;
    for (int pages = 0; pages < 100; ++pages) {
      const auto page = run(store().search(filter, cursor, limit));
      EXPECT_TRUE(page);
      if (!page) break;
      EXPECT_LE(page->tasks.size(), limit);
      EXPECT_TRUE(page->complete || page->next_cursor);
      for (const auto& task : page->tasks) ids.push_back(task->id());
      if (!page->next_cursor) break;
      cursor = *page->next_cursor;
    }
    return ids;
  }
};

/// Newest first, as `all_kinds` made them.
inline std::vector<std::string> newest_first(std::vector<task_ptr> tasks) {
  std::sort(tasks.begin(), tasks.end(),
            [](const task_ptr& a, const task_ptr& b) { return a->id() > b->id(); });
  std::vector<std::string> ids;
  for (const task_ptr& task : tasks) ids.push_back(task->id());
  return ids;
}

TEST_P(store_search, finds_tasks_of_all_owners_by_where_they_stand) {
  const auto made = all_kinds();
  std::vector<task_ptr> all;
  for (const auto& [where, tasks] : made) {
    task_filter one;
    one.phases.add(where);
    EXPECT_EQ(ids_of(one), newest_first(tasks)) << to_string(where);
    EXPECT_EQ(ids_of(one, 1), newest_first(tasks)) << to_string(where);
    all.insert(all.end(), tasks.begin(), tasks.end());
    for (const task_ptr& task : tasks) {
      const task_ptr now = run(store().find(task->id()));
      ASSERT_TRUE(now);
      EXPECT_EQ(stores::phase_of(*now), where);
    }
  }
  EXPECT_EQ(ids_of({}), newest_first(all));
  EXPECT_EQ(ids_of({}, 5), newest_first(all));
  for (const auto& some : {stores::phase_set{phase::waiting, phase::failed},
                           stores::phase_set{phase::running, phase::input_required},
                           stores::phase_set{phase::completed, phase::cancelled},
                           stores::phase_set{phase::completed, phase::error},
                           stores::phase_set{phase::error, phase::failed},
                           stores::phase_set{phase::failed, phase::cancelled}}) {
    task_filter several;
    several.phases = some;
    std::vector<task_ptr> wanted;
    for (const auto& [where, tasks] : made) {
      if (some.has(where)) wanted.insert(wanted.end(), tasks.begin(), tasks.end());
    }
    EXPECT_EQ(ids_of(several, 3), newest_first(wanted));
  }
}

TEST_P(store_search, finds_tasks_by_tool_owner_and_time) {
  const auto made = all_kinds();
  for (const phase where :
       {phase::waiting, phase::running, phase::completed, phase::error, phase::failed}) {
    const task_ptr& theirs = made.at(where).back();
    task_filter filter;
    filter.phases.add(where);
    filter.tool = "encode";
    EXPECT_EQ(ids_of(filter), newest_first({theirs})) << to_string(where);
    filter.owner = "bob";
    EXPECT_EQ(ids_of(filter), newest_first({theirs})) << to_string(where);
    filter.owner = "alice";
    EXPECT_TRUE(ids_of(filter).empty()) << to_string(where);
  }
  task_filter by_tool, by_owner, by_both, by_time, nothing;
  by_tool.tool = "encode";
  by_owner.owner = "bob";
  by_both.tool = "encode";
  by_both.owner = "bob";
  by_time.since = made.at(phase::waiting).back()->origin->created_at;
  std::vector<task_ptr> theirs;
  for (const auto& [where, tasks] : made) theirs.push_back(tasks.back());
  for (const task_filter& filter : {by_tool, by_owner, by_both, by_time}) {
    EXPECT_EQ(ids_of(filter, 4), newest_first(theirs));
  }
  nothing.tool = "nothing";
  EXPECT_TRUE(ids_of(nothing).empty());
  nothing = {};
  nothing.since = fixture_->now() + 1s;
  EXPECT_TRUE(ids_of(nothing).empty());
  // Those of the other owner came first.
  std::vector<task_ptr> before;
  for (const auto& [where, tasks] : made) before.push_back(tasks.front());
  task_filter until;
  until.until = made.at(phase::waiting).back()->origin->created_at - 1ms;
  EXPECT_EQ(ids_of(until, 4), newest_first(before));
  until.tool = "encode";
  EXPECT_TRUE(ids_of(until).empty());
  *until.until += 1ms;
  EXPECT_EQ(ids_of(until), newest_first({made.at(phase::waiting).back()})) << "then, or earlier";
}

TEST_P(store_search, finds_tasks_by_the_beginning_of_their_id) {
  const auto made = all_kinds();
  std::vector<task_ptr> all;
  for (const auto& [where, tasks] : made) all.insert(all.end(), tasks.begin(), tasks.end());
  for (const task_ptr& task : all) {
    for (const std::size_t length :
         {std::size_t{1}, std::size_t{9}, std::size_t{14}, task->id().size()}) {
      task_filter filter;
      filter.id_prefix = task->id().substr(0, length);
      std::vector<task_ptr> wanted;
      for (const task_ptr& one : all) {
        if (one->id().starts_with(filter.id_prefix)) wanted.push_back(one);
      }
      EXPECT_EQ(ids_of(filter), newest_first(wanted)) << filter.id_prefix;
      EXPECT_EQ(ids_of(filter, 1), newest_first(wanted)) << filter.id_prefix;
      filter.owner = task->owner();
      filter.tool = task->tool();
      filter.phases.add(stores::phase_of(*run(store().find(task->id()))));
      std::erase_if(wanted, [&](const task_ptr& one) {
        return one->owner() != task->owner() || one->tool() != task->tool() ||
               stores::phase_of(*run(store().find(one->id()))) !=
                   stores::phase_of(*run(store().find(task->id())));
      });
      EXPECT_EQ(ids_of(filter, 1), newest_first(wanted)) << filter.id_prefix;
    }
  }
  const auto newest = run(store().search({}, "", 1));
  ASSERT_TRUE(newest && newest->next_cursor);
  for (const std::string& none :
       {all.front()->id() + "0", all.front()->id().substr(1), std::string("~"), std::string("%"),
        std::string("\xff"), std::string("a\0b", 3)}) {
    task_filter filter;
    filter.id_prefix = none;
    EXPECT_TRUE(ids_of(filter).empty()) << none;
    const auto page = run(store().search(filter, newest->next_cursor.value_or(""), 10));
    EXPECT_TRUE(page && page->tasks.empty()) << none;
  }
}

TEST_P(store_search, looks_for_text_in_what_people_know_of_a_task) {
  auto wanted = origin("alice", "render");
  wanted->arguments = raw_json::trusted(R"({"scene":"The Mill 100%_\\ x"})");
  wanted->idempotency_key = "order-Nr7";
  wanted->concurrency_key = "db=Orders";
  const task_ptr task = create(wanted, process_);
  ASSERT_TRUE(applied(report(task, 1, 5, "frame 5 OF 100")));
  fixture_->advance(2ms);
  create(origin("carol", "encode"));
  const auto found = [&](const std::string& text) {
    task_filter filter;
    filter.text = text;
    return ids_of(filter);
  };
  const std::vector<std::string> it = {task->id()};
  for (const std::string& text :
       {task->id(), task->id().substr(5, 20), std::string("the mill"), std::string("100%_"),
        std::string("ORDER-nr7"), std::string("orders"), std::string("Frame 5 of"),
        std::string("alice"), std::string("rend")}) {
    EXPECT_EQ(found(text), it) << text;
  }
  for (const std::string& text : {std::string("the_mill"), std::string("%mill"), std::string("'"),
                                  std::string("\xff"), std::string("a\0b", 3)}) {
    EXPECT_TRUE(found(text).empty()) << text;
  }
  EXPECT_EQ(found("").size(), 2U);
  task_filter both;
  both.text = "MILL";
  both.phases = {phase::running};
  EXPECT_EQ(ids_of(both), it);
  both.phases = {phase::waiting};
  EXPECT_TRUE(ids_of(both).empty());
}

TEST_P(store_search, what_is_over_is_found_no_more_and_hidden_work_while_it_is_open) {
  const task_ptr kept = create(origin(), process_, 1h);
  const task_ptr gone = create(origin(), process_, 10s);
  stores::new_task plain;
  plain.origin = origin();
  plain.hidden = true;
  plain.claim_for = process_;
  const task_ptr hidden = run(store().create(plain)).task;
  for (const task_ptr& task : {kept, gone}) ASSERT_TRUE(applied(finish(task, 1, "x")));
  task_filter running;
  running.phases = {phase::running};
  EXPECT_EQ(ids_of(running), newest_first({hidden}));
  EXPECT_EQ(ids_of({}).size(), 3U);
  ASSERT_TRUE(run(store().find(hidden->id())));
  ASSERT_TRUE(applied(finish(hidden, 1, "x")));
  fixture_->advance(11s);
  EXPECT_EQ(ids_of({}), newest_first({kept}));
  EXPECT_FALSE(run(store().find(gone->id()))) << "before it is purged";
  EXPECT_TRUE(run(store().find(kept->id())));
  EXPECT_FALSE(run(store().find("x")));
  EXPECT_FALSE(run(store().find(new_task_id(fixture_->now()))));
}

TEST_P(store_search, cursors_are_checked_and_outlive_their_tasks) {
  std::vector<task_ptr> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(create(origin(), process_, i == 2 ? 10s : milliseconds(1h)));
    ASSERT_TRUE(applied(finish(all.back(), 1, "x")));
    fixture_->advance(2ms);
  }
  for (const std::string& bad : {std::string("x"), std::string("c1."), all[0]->id()}) {
    EXPECT_FALSE(run(store().search({}, bad, 10))) << bad;
  }
  const auto first = run(store().search({}, "", 2));
  ASSERT_TRUE(first && first->next_cursor);
  EXPECT_EQ(first->tasks.back()->id(), all[2]->id());
  fixture_->advance(11s);
  run(store().purge(10));
  const auto second = run(store().search({}, *first->next_cursor, 10));
  ASSERT_TRUE(second);
  std::vector<std::string> ids;
  for (const auto& task : second->tasks) ids.push_back(task->id());
  EXPECT_EQ(ids, newest_first({all[0], all[1]}));
}

TEST_P(store_search, the_oldest_that_waits_could_begin_now) {
  EXPECT_FALSE(run(store().oldest_waiting()));
  create_claimed();
  fixture_->advance(2ms);
  const task_ptr later = create_claimed();
  ASSERT_TRUE(applied(retry(later, 1, "exit code 75", 1h)));
  EXPECT_FALSE(run(store().oldest_waiting())) << "it waits for its time";
  fixture_->advance(2ms);
  const task_ptr oldest = create(origin("bob"));
  fixture_->advance(2ms);
  create(origin());
  EXPECT_EQ(run(store().oldest_waiting())->id(), oldest->id());
  ASSERT_TRUE(applied(run(store().cancel("bob", oldest->id(), ""))));
  EXPECT_NE(run(store().oldest_waiting())->id(), oldest->id());
}

TEST_P(store_search, owners_are_counted_with_their_use) {
  EXPECT_TRUE(run(store().owners(10)).empty());
  for (int i = 0; i < 3; ++i) create(origin("alice"));
  for (int i = 0; i < 2; ++i) create(origin("bob"));
  const task_ptr ended = create_claimed("bob");
  ASSERT_TRUE(applied(finish(ended, 1, "x")));
  const task_ptr only = create_claimed("carol");
  ASSERT_TRUE(applied(finish(only, 1, "x")));
  const auto all = run(store().owners(10));
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].owner, "alice");
  EXPECT_EQ(all[0].open, 3U);
  EXPECT_EQ(all[0].stored, 3U);
  EXPECT_EQ(all[1].owner, "bob");
  EXPECT_EQ(all[1].open, 2U);
  EXPECT_EQ(all[1].stored, 3U);
  EXPECT_EQ(all[2].open, 0U);
  EXPECT_EQ(all[2].stored, 1U);
  for (const auto& one : all) {
    EXPECT_GE(one.stored_bytes, one.open_bytes);
    EXPECT_GE(one.open_bytes, one.open * stores::rules::task_overhead);
    EXPECT_GE(one.stored_bytes, one.stored * stores::rules::task_overhead);
  }
  const auto largest = run(store().owners(1));
  ASSERT_EQ(largest.size(), 1U);
  EXPECT_EQ(largest[0], all[0]);
}

}  // namespace longhaul::testkit::contract
