// SPDX-License-Identifier: Apache-2.0
// What a task kept had no bound in bytes: calls were counted, what they carried was not. Ten
// thousand open tasks of one caller, 4 MiB each, would have been 40 GB, in memory with a file, too,
// and finished plain calls of programs kept arguments and results for ten minutes.
#include <unistd.h>

#include <fstream>

#include "json/view.hpp"
#include "longhaul/error_codes.hpp"
#include "longhaul/limits.hpp"
#include "sqlite/maintenance.hpp"
#include "sqlite/sqlite_store.hpp"
#include "stores/bounds.hpp"
#include "stores/memory_store.hpp"
#include "stores/parity.hpp"
#include "stores/transitions.hpp"
#include "support/temporary_folder.hpp"
#include "support/virtual_clock.hpp"

namespace longhaul::test {
namespace {

namespace names = stores::bound_names;

raw_json filler(std::size_t bytes) {
  return raw_json::trusted('"' + std::string(bytes - 2, 'x') + '"');
}

stores::new_task task_with(std::shared_ptr<task_origin> origin, std::size_t arguments) {
  stores::new_task task;
  origin->arguments = filler(arguments);
  task.origin = std::move(origin);
  return task;
}

TEST_P(store_parity, bytes_beyond_a_bound_are_refused_by_its_name_and_nothing_is_created) {
  struct bound {
    std::size_t stores::byte_bounds::* member;
    std::string_view name;
    bool of_all;
  };
  for (const bound& each :
       {bound{&stores::byte_bounds::open_per_quota, names::open_bytes_per_quota, false},
        bound{&stores::byte_bounds::open_total, names::open_bytes_total, true},
        bound{&stores::byte_bounds::stored_per_quota, names::stored_bytes_per_quota, false},
        bound{&stores::byte_bounds::stored_total, names::stored_bytes_total, true},
        bound{&stores::byte_bounds::memory_per_quota, names::memory, false},
        bound{&stores::byte_bounds::memory_total, names::memory, true}}) {
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
TEST_P(store_parity, what_tasks_take_up_is_counted_exactly) {
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
    store_.limit(bounds);
    EXPECT_EQ(run(store_.create(next)).code, create_code::busy) << when;
    ++bounds.stored_per_quota;
    store_.limit(bounds);
    EXPECT_EQ(run(store_.create(next)).code, create_code::created) << when;
    store_.limit({});
    tasks.push_back(get(run(store_.create(next)).task));
  };
  tasks.push_back(create(origin(), process_, 1min));
  expect_exact("created");
  const auto task = tasks.front();
  stores::report_change change;
  change.checkpoint = filler(3000);
  change.status_message = "half of it";
  run(store_.report(task->id(), epoch(1), change));
  expect_exact("reported");
  change.checkpoint = filler(20);
  run(store_.report(task->id(), epoch(1), change));
  expect_exact("reported less");
  ask(task, 1, {ask_for("a"), ask_for("b")});
  expect_exact("asked");
  answer(task, {reply("a", std::string(700, 'y'))});
  expect_exact("answered");
  finish(task, 1, std::string(9000, 'z'));
  expect_exact("finished");
  tasks.push_back(create(origin(), process_, 1min));
  run(store_.cancel("alice", tasks.back()->id(), "because"));
  expect_exact("cancelled");
  auto hidden = task_with(origin(), 6000);
  hidden.hidden = true;
  hidden.retention = 1min;
  hidden.claim_for = process_;
  tasks.push_back(run(store_.create(hidden)).task);
  finish(tasks.back(), 1, "plain");
  expect_exact("hidden");
  fixture_->advance(3s);
  run(store_.purge(100));
  expect_exact("emptied");
  fixture_->advance(1min);
  run(store_.purge(100));
  expect_exact("removed");
}

TEST_P(store_parity, answers_have_an_eighth_more_than_create_and_not_more) {
  const auto task = create_claimed();
  ask(task, 1, {ask_for("a"), ask_for("b")});
  const std::size_t now = stores::size_of(*get(task));
  stores::byte_bounds bounds;
  bounds.open_per_quota = now;
  store_.limit(bounds);
  EXPECT_EQ(run(store_.create(task_with(origin(), 10))).code, create_code::busy);
  EXPECT_EQ(answer(task, {reply("a", std::string(5000, 'x'))}).code, change_code::busy);
  EXPECT_FALSE(find_input(*get(task), "a")->response) << "nothing was changed";
  EXPECT_TRUE(applied(answer(task, {reply("a", "yes")})));
  store_.limit({});
  EXPECT_TRUE(applied(answer(task, {reply("b", std::string(now, 'x'))})));
  EXPECT_EQ(get(task)->status, task_status::working);
}

// Checkpoints, which nobody refuses, filled the bound: no answer was taken any more, and the task
// that could have ended waited for ever.
TEST_P(store_parity, a_small_answer_is_taken_however_much_workers_wrote) {
  for (const bool of_all : {true, false}) {
    const auto task = create_claimed();
    ask(task, 1, {ask_for("a"), ask_for("b")});
    stores::byte_bounds bounds;
    (of_all ? bounds.open_total : bounds.open_per_quota) = 20'000;
    store_.limit(bounds);
    stores::report_change change;
    change.checkpoint = filler(40'000);
    EXPECT_TRUE(applied(run(store_.report(task->id(), epoch(1), change))));
    EXPECT_EQ(run(store_.create(task_with(origin(), 10))).code, create_code::busy);
    EXPECT_EQ(answer(task, {reply("a", std::string(5000, 'x'))}).code, change_code::busy);
    EXPECT_TRUE(applied(answer(task, {reply("a", std::string(3000, 'x'))})));
    EXPECT_TRUE(applied(answer(task, {reply("b", "yes")})));
    EXPECT_EQ(get(task)->status, task_status::working);
    EXPECT_TRUE(applied(finish(task, 1, "done")));
    const auto next = run(store_.create(task_with(origin(), 10)));
    ASSERT_EQ(next.code, create_code::created) << "its bytes are open no more";
    run(store_.cancel("alice", next.task->id(), ""));
    store_.limit({});
  }
}

// What a caller or a handler says at length is cut where people read it.
TEST_P(store_parity, lines_for_people_are_cut_between_characters) {
  std::string length;
  while (length.size() < 5000) length += "ä";
  const auto task = create_claimed();
  report(task, 1, 1, "x" + length);
  const std::string message = get(task)->status_message;
  EXPECT_EQ(message.size(), stores::tunables::longest_message - 1);
  EXPECT_EQ(message.back(), '\xa4');
  EXPECT_EQ(report(task, 1, 1, "x" + length).code, change_code::unchanged);
  run(store_.cancel("alice", task->id(), length));
  EXPECT_LE(get(task)->status_message.size(), stores::tunables::longest_message);
  EXPECT_LE(get(task)->cancel_reason.size(), stores::tunables::longest_message);
}

// Large arguments are left in the file while a task waits, and are there when it is wanted whole.
TEST_P(store_parity, large_arguments_are_whole_for_whoever_runs_or_reads_them) {
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
    whole(run(store_.create(task)).task);
    whole(run(store_.create(task)).task);
    whole(run(store_.get("alice", task.origin->id)));
    if (waits) {
      const auto taken = claim(process_, 1);
      ASSERT_EQ(taken.size(), 1U);
      if (!GetParam().repeats) whole(taken.front());  // else as `claimed` tells it
      EXPECT_EQ(taken.front()->epoch, 1U);
    }
    const auto look = run(store_.look("alice", task.origin->id));
    EXPECT_EQ(look->status, task_status::working);
    EXPECT_EQ(look->origin->request_meta, task.origin->request_meta) << "it has a progress token";
    whole(run(store_.get("alice", task.origin->id)));
    run(store_.release(task.origin->id, epoch(1)));
    const auto again = claim(process_, 1);
    ASSERT_EQ(again.size(), 1U);
    if (!GetParam().repeats) whole(again.front());
    const outcome result = outcome::result(filler(50'000));
    run(store_.finish(task.origin->id, epoch(again.front()->epoch), result, ""));
    whole(run(store_.get("alice", task.origin->id)));
    EXPECT_EQ(run(store_.look("alice", task.origin->id))->result.body, result.body);
    EXPECT_EQ(run(store_.get("alice", task.origin->id))->result.body, result.body);
    run(store_.set_retention("alice", task.origin->id, 7h));
    whole(run(store_.get("alice", task.origin->id)));
  }
  EXPECT_EQ(run(store_.list("alice", std::nullopt, "", 10))->tasks.size(), 2U);
}

// The work behind a plain call may be remembered for what its program wrote; what it was told and
// what it answered is nobody's to read any more.
TEST_P(store_parity, a_hidden_task_that_ended_lets_go_of_what_nobody_can_read) {
  const auto plain = [&](const std::string& key) {
    auto task = task_with(origin(), 6000);
    std::const_pointer_cast<task_origin>(task.origin)->idempotency_key = key;
    task.hidden = true;
    task.retention = 10min;
    task.claim_for = process_;
    const auto made = run(store_.create(task)).task;
    ask(made, 1, {ask_for("a")});
    finish(made, 1, std::string(6000, 'z'));
    return made;
  };
  const auto left = plain(""), keyed = plain("key"), shown = plain("");
  EXPECT_TRUE(get(left)->result.body) << "its waiter may not have read it yet";
  EXPECT_TRUE(applied(run(store_.reveal("alice", shown->id(), 1h))));
  fixture_->advance(stores::tunables::hidden_result_kept);
  EXPECT_TRUE(run(store_.purge(100)).empty()) << "not removed";
  ASSERT_TRUE(get(left)) << "its output can be read";
  EXPECT_TRUE(stores::is_emptied(*get(left)));
  EXPECT_FALSE(get(left)->origin->arguments);
  EXPECT_FALSE(get(left)->inputs);
  EXPECT_LT(stores::size_of(*get(left)), 1500U);
  EXPECT_EQ(run(store_.reveal("alice", left->id(), 1h)).code, change_code::not_found);
  EXPECT_TRUE(get(keyed)->result.body) << "a repetition is given it";
  EXPECT_TRUE(get(shown)->result.body);
  EXPECT_TRUE(get(shown)->origin->arguments);
  EXPECT_TRUE(run(store_.purge(100)).empty()) << "once is enough";
  fixture_->advance(10min);
  EXPECT_EQ(run(store_.purge(100)).size(), 2U);
  EXPECT_FALSE(get(left));
  EXPECT_TRUE(get(shown));
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::shared_ptr<task_origin> plain_origin(const clock_source& clock) {
  auto origin = std::make_shared<task_origin>();
  origin->created_at = clock.now();
  origin->id = new_task_id(origin->created_at);
  origin->owner = origin->quota = "alice";
  origin->tool = "render";
  return origin;
}

TEST(memory_store_bytes, a_flood_of_large_calls_stops_at_the_bound) {
  virtual_clock clock;
  stores::memory_store store({}, clock);
  stores::byte_bounds bounds;
  bounds.open_per_quota = std::size_t{64} << 20;
  store.limit(bounds);
  constexpr std::size_t arguments = 400'000;
  std::size_t created = 0;
  for (int i = 0; i < 10'000 / slowdown; ++i) {
    const auto made = run(store.create(task_with(plain_origin(clock), arguments)));
    if (made.code == create_code::created) ++created;
  }
  EXPECT_EQ(created, bounds.open_per_quota / (arguments + stores::tunables::task_overhead));
  EXPECT_LE(run(store.stats()).bytes, bounds.open_per_quota);
}

// Calls were held to the bound of memory, what they ended with was not: a store "of 1 MB" grew as
// long as handlers had results.
class memory_store_results : public testing::Test {
 protected:
  memory_store_results() { run(store_.renew(process_, 1h)); }

  task_ptr create(const std::string& owner) {
    stores::new_task task;
    auto origin = plain_origin(clock_);
    origin->owner = origin->quota = owner;
    task.origin = std::move(origin);
    task.retention = 1h;
    task.claim_for = process_;
    return run(store_.create(task)).task;
  }
  // As it ended.
  task_ptr finish(const task_ptr& task, std::size_t bytes) {
    const outcome result = outcome::result(filler(bytes));
    EXPECT_EQ(run(store_.finish(task->id(), epoch(1), result, "")).code, change_code::applied);
    return run(store_.get(task->owner(), task->id()));
  }
  // Of so many tasks that are open together and end with 100 KB; how many kept that.
  int kept_of(const std::string& owner, int count) {
    std::vector<task_ptr> tasks;
    for (int i = 0; i < count; ++i) tasks.push_back(create(owner));
    int kept = 0;
    for (const task_ptr& task : tasks) {
      const auto ended = finish(task, 100'000);
      if (ended->status == task_status::completed) {
        ++kept;
        EXPECT_EQ(ended->result.body.size(), 100'000U);
        continue;
      }
      EXPECT_EQ(ended->status, task_status::failed);
      EXPECT_EQ(json::value(ended->result.body)["code"].integer(), error_codes::result_too_large);
      EXPECT_NE(ended->status_message.find("max_memory"), std::string::npos);
    }
    return kept;
  }

  virtual_clock clock_;
  stores::memory_store store_{{}, clock_};
  const process_id process_ = new_process_id();
};

TEST_F(memory_store_results, without_room_are_given_up_and_the_bound_holds) {
  stores::byte_bounds bounds;
  bounds.memory_total = 1'000'000;
  store_.limit(bounds);
  const auto small = create("alice"), later = create("alice");
  EXPECT_EQ(kept_of("alice", 50), 10) << "an eighth more than create may take";
  EXPECT_LE(run(store_.stats()).bytes, 1'200'000U);
  EXPECT_EQ(finish(small, 4000)->status, task_status::completed);
  EXPECT_LE(run(store_.stats()).bytes, 1'200'000U);
  clock_.advance(1h);
  run(store_.purge(100));
  EXPECT_EQ(finish(later, 100'000)->status, task_status::completed) << "there is room again";
}

TEST_F(memory_store_results, of_one_owner_leave_the_others_their_half) {
  stores::byte_bounds bounds;
  bounds.memory_total = 1'000'000;
  bounds.memory_per_quota = 500'000;
  store_.limit(bounds);
  const auto later = create("alice");
  EXPECT_EQ(kept_of("alice", 20), 5);
  EXPECT_EQ(kept_of("bob", 4), 4);
  EXPECT_EQ(finish(later, 100'000)->status, task_status::failed);
}

TEST(sqlite_store_bytes, arguments_and_results_of_what_does_not_run_are_not_in_memory) {
  const temporary_folder folder;
  virtual_clock clock;
  sqlite::sqlite_options options;
  options.path = folder.file("tasks.db");
  options.clock = &clock;
  const process_id process = new_process_id();
  constexpr std::size_t mib = std::size_t{1} << 20, tasks = 200;
  // Caches of pages and of results, and what the allocator keeps: less than either payload.
  const std::size_t room = 160 * mib * static_cast<std::size_t>(slowdown);
  const std::size_t before = resident_bytes();
  {
    sqlite::sqlite_store store(options);
    run(store.renew(process, 1h));
    for (std::size_t i = 0; i < tasks; ++i) {
      const auto made = run(store.create(task_with(plain_origin(clock), mib)));
      EXPECT_EQ(made.code, create_code::created);
    }
    EXPECT_LT(resident_bytes(), before + room);
  }
  sqlite::sqlite_store store(options);
  run(store.renew(process, 1h));
  EXPECT_EQ(run(store.stats()).queued, tasks);
  EXPECT_LT(resident_bytes(), before + room) << "nor after a restart";
  stores::claim_request request;
  request.process = process;
  request.tools = {{"render", 1}};
  request.count = 1;
  for (std::size_t i = 0; i < tasks; ++i) {
    const auto taken = run(store.claim(request));
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken.front()->origin->arguments.size(), mib);
    const outcome result = outcome::result(filler(mib));
    run(store.finish(taken.front()->id(), epoch(1), result, ""));
  }
  const auto page = run(store.list("alice", std::nullopt, "", tasks));
  EXPECT_EQ(page->tasks.size(), tasks);
  EXPECT_TRUE(page->tasks.front()->abridged);
  EXPECT_LT(resident_bytes(), before + room);
}

TEST(sqlite_store_bytes, what_was_counted_is_counted_again_after_a_restart) {
  const temporary_folder folder;
  virtual_clock clock;
  sqlite::sqlite_options options;
  options.path = folder.file("tasks.db");
  options.clock = &clock;
  const process_id process = new_process_id();
  std::size_t all = 0, open = 0;
  {
    sqlite::sqlite_store store(options);
    run(store.renew(process, 1h));
    for (const std::size_t bytes : {10'000U, 20'000U, 30'000U}) {
      auto task = task_with(plain_origin(clock), bytes);
      task.claim_for = process;
      run(store.create(task));
      if (bytes == 10'000) {
        const outcome result = outcome::result(filler(5'000));
        run(store.finish(task.origin->id, epoch(1), result, "done"));
      }
      const auto now = run(store.get("alice", task.origin->id));
      all += stores::size_of(*now);
      if (!now->terminal()) open += stores::size_of(*now);
    }
  }
  for (const bool stored : {true, false}) {
    sqlite::sqlite_store store(options);
    auto next = task_with(plain_origin(clock), 100);
    const std::size_t size = stores::size_of(stores::initial(next, {}));
    stores::byte_bounds bounds;
    std::size_t& bound = stored ? bounds.stored_total : bounds.open_per_quota;
    bound = (stored ? all : open) + size - 1;
    store.limit(bounds);
    EXPECT_EQ(run(store.create(next)).code, create_code::busy);
    ++bound;
    store.limit(bounds);
    EXPECT_EQ(run(store.create(next)).code, create_code::created);
    all += size;
    open += size;
  }
}

// A key whose task had ended and expired was taken from it, but still counted: `store check` found
// the file wrong, and the error stayed in the sums when the task was removed.
TEST(sqlite_store_bytes, a_key_that_is_taken_from_an_expired_task_is_counted_no_more) {
  const temporary_folder folder;
  virtual_clock clock;
  sqlite::sqlite_options options;
  options.path = folder.file("tasks.db");
  options.clock = &clock;
  const auto with_key = [&] {
    auto task = task_with(plain_origin(clock), 100);
    std::const_pointer_cast<task_origin>(task.origin)->idempotency_key = "the key of both";
    task.retention = 1s;
    return task;
  };
  const auto expect_sound = [&] {
    for (const std::string& found : sqlite::check(options.path)) ADD_FAILURE() << found;
  };
  const auto second = [&] {
    sqlite::sqlite_store store(options);
    auto first = with_key();
    first.claim_for = new_process_id();
    run(store.create(first));
    const outcome result = outcome::result(filler(100));
    EXPECT_EQ(run(store.finish(first.origin->id, epoch(1), result, "")).code, change_code::applied);
    EXPECT_EQ(run(store.create(with_key())).code, create_code::existing);
    clock.advance(2s);
    const auto made = run(store.create(with_key()));
    EXPECT_EQ(made.code, create_code::created) << "the key is free again";
    const auto all = stores::size_of(*made.task) * 2 + 100 - first.origin->idempotency_key.size();
    // To the byte, in memory, too: what is there, and one more without a key.
    auto next = task_with(plain_origin(clock), 100);
    const std::size_t size = stores::size_of(stores::initial(next, {}));
    stores::byte_bounds bounds;
    bounds.stored_per_quota = all + size - 1;
    store.limit(bounds);
    EXPECT_EQ(run(store.create(next)).code, create_code::busy);
    ++bounds.stored_per_quota;
    store.limit(bounds);
    EXPECT_EQ(run(store.create(next)).code, create_code::created);
    return made.task;
  }();
  expect_sound();
  sqlite::sqlite_store store(options);
  EXPECT_EQ(run(store.purge(100)).size(), 1U);
  EXPECT_TRUE(run(store.get("alice", second->id())));
  store.close();
  expect_sound();
}

}  // namespace
}  // namespace longhaul::test
