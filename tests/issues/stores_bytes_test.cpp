// SPDX-License-Identifier: Apache-2.0
// What a task kept had no bound in bytes: calls were counted, what they carried was not. Ten
// thousand open tasks of one caller, 4 MiB each, would have been 40 GB, in memory with a file, too,
// and finished plain calls of programs kept arguments and results for ten minutes.
// (What holds for every store is in the contract suite, store_contract/bytes.hpp.)
#include <unistd.h>

#include <fstream>

#include "json/view.hpp"
#include "longhaul/error_codes.hpp"
#include "longhaul/limits.hpp"
#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/transitions.hpp"
#include "sqlite/maintenance.hpp"
#include "sqlite/sqlite_store.hpp"
#include "stores/memory_store.hpp"
#include "stores/samples.hpp"
#include "support/temporary_folder.hpp"
#include "support/virtual_clock.hpp"

namespace longhaul::test {
namespace {

raw_json filler(std::size_t bytes) {
  return raw_json::trusted('"' + std::string(bytes - 2, 'x') + '"');
}

stores::new_task task_with(std::shared_ptr<task_origin> origin, std::size_t arguments) {
  stores::new_task task;
  origin->arguments = filler(arguments);
  task.origin = std::move(origin);
  return task;
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
  EXPECT_EQ(created, bounds.open_per_quota / (arguments + stores::rules::task_overhead));
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
