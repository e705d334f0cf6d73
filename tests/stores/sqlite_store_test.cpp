// SPDX-License-Identifier: Apache-2.0
// What the SQLite store promises beyond the contract suite: another process finds everything again.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include "longhaul/store.hpp"
#include "sqlite/maintenance.hpp"
#include "sqlite/schema.hpp"
#include "sqlite/sqlite_store.hpp"
#include "stores/samples.hpp"
#include "support/process_census.hpp"
#include "support/temporary_folder.hpp"
#include "support/virtual_clock.hpp"

namespace longhaul::test {
namespace {

namespace fs = std::filesystem;
using sqlite::sqlite_store;

class sqlite_reopened : public testing::Test {
 protected:
  sqlite_reopened() { open(); }

  // A process that begins anew with the same file; the one before is gone without a word.
  void open(const std::string& boot = "boot-1") {
    store_.reset();
    sqlite::sqlite_options options;
    options.path = path_;
    options.clock = &clock_;
    options.boot = boot;
    options.cache_bytes = 0;
    store_ = std::make_unique<sqlite_store>(options);
    process_ = new_process_id();
    run(store_->renew(process_, 1h));
  }

  std::shared_ptr<task_origin> origin(on_crash policy = on_crash::fail) const {
    auto made = std::make_shared<task_origin>();
    made->created_at = clock_.now();
    made->id = new_task_id(made->created_at);
    made->owner = made->quota = "alice";
    made->tool = "render";
    made->arguments = raw_json::trusted(R"({"n":1})");
    made->crash_policy = policy;
    return made;
  }
  task_ptr create(const std::shared_ptr<task_origin>& what, bool claimed = true) {
    stores::new_task task;
    task.origin = what;
    task.retention = 1h;
    if (claimed) task.claim_for = process_;
    return run(store_->create(task)).task;
  }
  task_ptr get(const task_ptr& task) { return run(store_->get("alice", task->id())); }
  stores::change_result finish(const task_ptr& task, std::uint64_t by = 1) {
    const outcome result = text_result("x");
    return run(store_->finish(task->id(), epoch(by), result, "done"));
  }
  std::vector<task_ptr> claim(std::size_t count = 10) {
    stores::claim_request request;
    request.process = process_;
    request.count = count;
    request.tools = {{"render", count}};
    return run(store_->claim(request));
  }

  temporary_folder folder_;
  const std::string path_ = folder_.file("tasks.db");
  virtual_clock clock_;
  std::unique_ptr<sqlite_store> store_;
  process_id process_;
};

// Every member, as it was.
std::string everything(const task_record& task) {
  const task_origin& o = *task.origin;
  std::string text = final_part(task);
  const auto length = [&](const std::optional<milliseconds>& value) {
    text += value ? " " + std::to_string(value->count()) : " -";
  };
  for (const std::string& part : {o.owner, o.quota, o.tool, o.idempotency_key, o.token}) {
    text += " [" + part + "]";
  }
  for (const raw_json& json : {o.arguments, o.request_meta, task.checkpoint}) {
    text += json ? " " + std::string(json.view()) : " none";
  }
  for (const auto number : {std::uint64_t{o.max_attempts}, std::uint64_t{task.rev}, task.epoch,
                            std::uint64_t{task.attempt}, std::uint64_t{o.external},
                            std::uint64_t{o.crash_policy == on_crash::rerun},
                            std::uint64_t{task.hidden}, std::uint64_t{o.arguments_hash[0]}}) {
    text += " " + std::to_string(number);
  }
  for (const auto& value : {o.attempt_limit, o.overall_limit, o.answer_within, task.retention,
                            task.attempt_left, task.overall_left, task.answer_left}) {
    length(value);
  }
  length(o.retry_backoff);
  text += " " + iso8601(o.created_at) + " " +
          std::to_string(task.run_at.time_since_epoch().count()) + " " +
          std::to_string(task.anchor.time_since_epoch().count());
  if (task.progress) {
    text += " " + std::to_string(task.progress->done) + "/" +
            std::to_string(task.progress->total.value_or(-1));
  }
  if (task.cancel_requested_at) text += " " + iso8601(*task.cancel_requested_at);
  if (task.process) text += " process " + std::to_string(task.process->bytes[0]);
  if (!task.inputs) return text;
  for (const task_input& input : *task.inputs) {
    text += " " + input.key + std::string(input.request.view()) + std::to_string(input.asked_rev) +
            std::to_string(input.request_hash[0]) +
            (input.asked_at ? iso8601(*input.asked_at) : "") + " " +
            (input.answered_at ? iso8601(*input.answered_at) : "");
  }
  return text;
}

TEST_F(sqlite_reopened, every_member_of_a_record_is_found_again) {
  auto full = origin(on_crash::rerun);
  full->owner = "alice";
  full->quota = "10.0.0.1";
  full->request_meta = raw_json::trusted(R"({"progressToken":"\u0000 é"})");
  full->idempotency_key = "k'\"; DROP TABLE tasks; --";
  full->arguments_hash.fill(7);
  full->max_attempts = 9;
  full->retry_backoff = 3s;
  full->attempt_limit = 1min;
  full->overall_limit = 2min;
  full->answer_within = 3min;
  const auto task = create(full);
  clock_.advance(5s);
  stores::report_change change;
  change.progress = progress_state{0.1, 12.5};
  change.status_message = std::string("a\0b", 3);
  change.checkpoint = raw_json::trusted(R"([1,{"a":"ü"}])");
  run(store_->report(task->id(), epoch(1), change));
  const std::vector<stores::question> asked = {ask_for("a"), ask_for("b")};
  run(store_->ask(task->id(), epoch(1), asked));
  const std::vector<stores::response> given = {reply("b", "2")};
  const auto before = run(store_->answer("alice", task->id(), given)).task;

  auto outside = origin();
  outside->external = true;
  outside->token = "tok";
  const auto external = create(outside, false);
  const auto cancelled = create(origin());
  const auto end =
      run(store_->cancel("alice", cancelled->id(), "why not", stores::visibility::hidden_too)).task;
  const auto failed = create(origin());
  const outcome broken = outcome::protocol_error(-1, "no");
  const auto failure = run(store_->finish(failed->id(), epoch(1), broken, "no")).task;

  open();
  EXPECT_EQ(everything(*get(task)), everything(*before));
  EXPECT_EQ(everything(*get(external)), everything(*external));
  EXPECT_EQ(everything(*get(cancelled)), everything(*end));
  EXPECT_EQ(everything(*get(failed)), everything(*failure));
}

// P1: what was acknowledged is there, whatever it was, and nothing else.
TEST_F(sqlite_reopened, P1_what_was_acknowledged_is_there_and_nothing_else) {
  std::vector<std::string> known;
  for (int i = 0; i < 50; ++i) {
    const auto task = create(origin(), i % 2 == 0);
    if (i % 4 == 0) finish(task);
    known.push_back(everything(*get(task)));
  }
  open();
  std::vector<std::string> found;
  std::string cursor;
  do {
    const auto page = run(store_->list("alice", std::nullopt, cursor, 7));
    for (const auto& task : page->tasks) found.push_back(everything(*task));
    cursor = page->next_cursor.value_or("");
  } while (!cursor.empty());
  std::sort(known.begin(), known.end());
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, known);
}

// P8: what a former process ran is dealt with by the first `recover`, before anybody is served.
TEST_F(sqlite_reopened, P8_what_a_former_process_ran_is_recovered_by_the_word_of_its_tool) {
  const auto fails = create(origin());
  const auto reruns = create(origin(on_crash::rerun));
  const auto waits = create(origin(), false);
  const auto ended = create(origin());
  finish(ended);
  open();
  const auto result = run(store_->recover());
  EXPECT_EQ(result.failed, 1U);
  EXPECT_EQ(result.handed_back, 1U);
  EXPECT_EQ(get(fails)->status, task_status::failed);
  EXPECT_EQ(get(ended)->status, task_status::completed);
  EXPECT_EQ(claim().size(), 1U) << "back-off";
  clock_.advance(1s);
  const auto again = claim();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0]->id(), reruns->id());
  EXPECT_EQ(again[0]->attempt, 2U);
  EXPECT_EQ(finish(reruns, 1).code, change_code::superseded) << "P5: the first attempt's worker";
  EXPECT_EQ(finish(reruns, again[0]->epoch).code, change_code::applied);
  EXPECT_EQ(get(waits)->attempt, 1U);
}

TEST_F(sqlite_reopened, P10_an_idempotency_key_holds) {
  auto first = origin();
  first->idempotency_key = "key";
  create(first);
  auto done = origin();
  done->idempotency_key = "other";
  finish(create(done));
  open();
  for (const auto& [key, id] : {std::pair("key", first->id), std::pair("other", done->id)}) {
    stores::new_task task;
    auto again = origin();
    again->idempotency_key = key;
    task.origin = again;
    const auto made = run(store_->create(task));
    EXPECT_EQ(made.code, create_code::existing);
    EXPECT_EQ(made.task->id(), id);
  }
}

TEST_F(sqlite_reopened, P14_questions_and_answers_are_there_for_the_next_attempt) {
  const auto task = create(origin(on_crash::rerun));
  const std::vector<stores::question> asked = {ask_for("a"), ask_for("b")};
  run(store_->ask(task->id(), epoch(1), asked));
  const std::vector<stores::response> given = {reply("a", "1")};
  run(store_->answer("alice", task->id(), given));
  open();
  run(store_->recover());
  clock_.advance(1s);
  const auto again = claim();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0]->status, task_status::input_required) << "still asked";
  EXPECT_TRUE(find_input(*again[0], "a")->response) << "and not asked again";
  const std::vector<stores::response> rest = {reply("a", "9"), reply("b", "2")};
  EXPECT_EQ(run(store_->answer("alice", task->id(), rest)).code, change_code::applied);
  open();
  EXPECT_EQ(find_input(*get(task), "a")->response.view(), reply("a", "1").value.view());
  EXPECT_EQ(get(task)->status, task_status::working);
}

// P13: a boot begins the monotonic clock anew, a crash does not; both leave limits and retention
// what they were.
TEST_F(sqlite_reopened, P13_limits_and_retention_go_on_over_crashes_and_boots) {
  const auto kept = create(origin());
  finish(kept);
  auto limited = origin();
  limited->external = true;
  limited->token = "t";
  limited->overall_limit = 30min;
  const auto task = create(limited, false);
  clock_.advance(10min);
  open();
  EXPECT_TRUE(get(kept));
  clock_.advance(10min);
  class booted final : public clock_source {
   public:
    explicit booted(const clock_source& real) : real_(real), start_(real.monotonic()) {}
    timestamp now() const override { return real_.now(); }
    monotonic_time monotonic() const override {
      return monotonic_time(real_.monotonic() - start_ + 3s);
    }

   private:
    const clock_source& real_;
    const monotonic_time start_;
  };
  store_.reset();
  const booted after(clock_);
  sqlite::sqlite_options options;
  options.path = path_;
  options.clock = &after;
  options.boot = "boot-2";
  store_ = std::make_unique<sqlite_store>(options);
  EXPECT_EQ(run(store_->expire(10)), 0U);
  clock_.advance(10min - 1ms);
  EXPECT_EQ(run(store_->expire(10)), 0U);
  clock_.advance(1ms);
  EXPECT_EQ(run(store_->expire(10)), 1U) << "half an hour in three parts";
  EXPECT_EQ(get(task)->status, task_status::failed);
  clock_.advance(30min - 1ms);
  EXPECT_TRUE(get(kept));
  clock_.advance(1ms);
  EXPECT_FALSE(get(kept));
  EXPECT_EQ(run(store_->purge(10)).size(), 1U);
  store_.reset();
}

TEST_F(sqlite_reopened, P13_time_while_nobody_served_is_nobodys_running_time) {
  auto what = origin(on_crash::rerun);
  what->overall_limit = 30min;
  const auto task = create(what);
  clock_.advance(10min);
  run(store_->renew(process_, 1h));  // heard of, last
  clock_.advance(5h);
  open();
  run(store_->recover());
  EXPECT_EQ(get(task)->status, task_status::working);
  EXPECT_EQ(get(task)->overall_left, 20min);
}

TEST_F(sqlite_reopened, P20_the_file_reaches_a_plateau_and_shrinks_after_a_flood) {
  const auto size = [&] {
    const auto now = run(store_->stats());
    return now.bytes;
  };
  const auto flood = [&](int tasks) {
    run_together(tasks, [&](int) -> stores::awaitable<void> {
      stores::new_task task;
      auto what = origin();
      what->arguments = raw_json::trusted("\"" + std::string(2000, 'x') + "\"");
      task.origin = what;
      task.retention = 1s;
      task.claim_for = process_;
      auto creating = store_->create(task);
      co_await std::move(creating);
      const outcome result = text_result("x");
      auto ending = store_->finish(what->id, epoch(1), result, "");
      co_await std::move(ending);
    });
    clock_.advance(1s);
    while (!run(store_->purge(4096)).empty()) {
    }
  };
  flood(1000);
  const std::size_t once = size();
  for (int i = 0; i < 10; ++i) flood(1000);
  EXPECT_LE(size(), once + once / 4);
  flood(8000);
  const std::size_t high = size();
  for (int i = 0; i < 20; ++i) flood(10);
  EXPECT_LT(size(), high / 2) << "given back to the file system";
}

TEST_F(sqlite_reopened, counts_and_bounds_know_what_was_there) {
  for (int i = 0; i < 3; ++i) finish(create(origin()));
  run(store_->cancel("alice", create(origin())->id(), "", stores::visibility::hidden_too));
  create(origin(), false);
  open();
  const auto now = run(store_->stats());
  EXPECT_EQ(now.completed, 3U);
  EXPECT_EQ(now.cancelled, 1U);
  EXPECT_EQ(now.working, 1U);
  EXPECT_EQ(now.queued, 1U);
  stores::new_task task;
  task.origin = origin();
  task.bounds.stored_per_quota = 5;
  EXPECT_EQ(run(store_->create(task)).code, create_code::busy);
  task.bounds.stored_per_quota = 6;
  task.bounds.open_per_quota = 2;
  EXPECT_EQ(run(store_->create(task)).code, create_code::created);
}

TEST_F(sqlite_reopened, the_secret_stays_and_is_the_files_own) {
  const std::string secret = store_->secret();
  EXPECT_EQ(secret.size(), 32U);
  open();
  EXPECT_EQ(store_->secret(), secret);
  sqlite::sqlite_options other;
  other.path = folder_.file("other.db");
  EXPECT_NE(sqlite_store(other).secret(), secret);
}

TEST_F(sqlite_reopened, files_are_private_and_folders_are_made) {
  const std::string deep = folder_.file("a/b/tasks.db");
  const auto store = longhaul::sqlite_store(deep);
  const auto mode = [](const std::string& path) {
    struct stat about{};
    EXPECT_EQ(::stat(path.c_str(), &about), 0) << path;
    return about.st_mode & 0777;
  };
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) EXPECT_EQ(mode(deep + suffix), 0600U);
  EXPECT_EQ(mode(folder_.file("a/b")), 0700U);
}

TEST_F(sqlite_reopened, a_second_process_is_refused_with_the_pid_of_the_first) {
  try {
    longhaul::sqlite_store(path_);
    FAIL() << "opened twice";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find("process " + std::to_string(::getpid())),
              std::string::npos)
        << e.what();
  }
  fs::create_symlink(path_, folder_.file("alias.db"));
  EXPECT_THROW(longhaul::sqlite_store(folder_.file("alias.db")), sqlite::store_in_use);
  store_.reset();
  EXPECT_NO_THROW(longhaul::sqlite_store(path_));
}

// A server was killed while it started a program: the child held the lock for a moment longer, and
// the next server refused to start.
TEST_F(sqlite_reopened, a_lock_whose_holder_has_died_is_waited_for) {
  store_.reset();
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(dead, nullptr, 0), dead);
  const std::string path = path_ + ".lock";
  std::ofstream(path) << dead << "\n";
  const int held = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  const auto opened = [&] {
    std::error_code error;
    const auto is_it = [&](const auto& entry) { return fs::read_symlink(entry, error) == path; };
    const fs::directory_iterator all("/proc/self/fd");
    return std::count_if(begin(all), end(all), is_it);
  };
  std::thread next([&] { EXPECT_NO_THROW(longhaul::sqlite_store(std::string(path_))); });
  EXPECT_TRUE(wait_until([&] { return opened() == 2; }));
  ::close(held);
  next.join();
}

// Readers that come and go without a pause kept the log from beginning anew: it grew until the disk
// was full.
TEST_F(sqlite_reopened, the_log_stays_bounded_although_somebody_always_reads) {
  const auto log_size = [&] { return fs::file_size(path_ + "-wal"); };
  constexpr std::uintmax_t bound = std::uintmax_t{160} << 20, written = std::uintmax_t{256} << 20;
  const raw_json big = raw_json::trusted("\"" + std::string(1U << 20, 'x') + "\"");
  std::atomic<bool> over = false;
  std::vector<std::thread> reading;
  for (int i = 0; i < 4; ++i) {
    reading.emplace_back([&] {
      while (!over) run(store_->list("alice", std::nullopt, "", 100));
    });
  }
  std::uintmax_t most = 0;
  for (std::uintmax_t done = 0; done < written; done += std::uintmax_t{1} << 20) {
    auto what = origin();
    what->arguments = big;
    const auto task = create(what);
    most = std::max(most, log_size());
    finish(task);
  }
  over = true;
  for (auto& thread : reading) thread.join();
  EXPECT_LE(most, bound);
}

std::string refusal(const std::string& path) {
  try {
    longhaul::sqlite_store(path);
  } catch (const std::exception& e) {
    return e.what();
  }
  return "none";
}

TEST_F(sqlite_reopened, files_that_are_no_stores_of_ours_are_refused) {
  EXPECT_NE(refusal(folder_.write("text", std::string(5000, 'x'))).find("not a database"),
            std::string::npos);
  {
    sqlite::connection_options how;
    how.mode = sqlite::open_mode::create;
    sqlite::connection other(folder_.file("other.db"), how);
    other.run("CREATE TABLE mine (x)");
  }
  EXPECT_NE(refusal(folder_.file("other.db")).find("not one of Longhaul's"), std::string::npos);
  store_.reset();
  {
    sqlite::connection newer(path_);
    newer.run("PRAGMA user_version = 99");
  }
  EXPECT_NE(refusal(path_).find("use a newer Longhaul"), std::string::npos);
  EXPECT_NE(refusal("/proc/nowhere/x.db"), "none");
  EXPECT_NE(refusal(folder_.path()), "none") << "a folder";
}

TEST_F(sqlite_reopened, a_closed_store_says_so) {
  store_->close();
  EXPECT_THROW(create(origin()), stores::store_error);
  EXPECT_THROW(run(store_->list("alice", std::nullopt, "", 10)), stores::store_error);
  store_->close();
}

// Callers who come again as soon as they are woken do not keep a store from closing.
TEST_F(sqlite_reopened, a_busy_store_closes_and_every_caller_hears_of_it) {
  std::atomic<int> refused{0}, done{0};
  std::thread callers([&] {
    run_together(32, [&](int) -> stores::awaitable<void> {
      try {
        while (true) {
          stores::new_task task;
          task.origin = origin();
          auto creating = store_->create(task);
          co_await std::move(creating);
          ++done;
        }
      } catch (const stores::store_error&) {
        ++refused;
      }
    });
  });
  while (done < 100) std::this_thread::yield();
  store_->close();
  callers.join();
  EXPECT_EQ(refused, 32);
}

TEST_F(sqlite_reopened, unknown_ids_are_told) {
  const auto task = create(origin());
  const std::vector<std::string> ids = {"nothing", task->id(), ""};
  EXPECT_EQ(run(store_->unknown(ids)), (std::vector<std::string>{"nothing", ""}));
}

// A file of version 1 as it was released, with a task in every state. Made once; never again.
TEST_F(sqlite_reopened, P26_a_frozen_file_of_version_1_opens) {
  const std::string copy = folder_.file("v1.db");
  fs::copy_file(std::string(LONGHAUL_TEST_DATA) + "/v1.db", copy);
  sqlite::sqlite_options options;
  options.path = copy;
  sqlite_store frozen(options);
  const auto page = run(frozen.list("alice", std::nullopt, "", 100));
  std::map<task_status, int> seen;
  for (const auto& task : page->tasks) ++seen[task->status];
  EXPECT_EQ(seen[task_status::completed], 1);
  EXPECT_EQ(seen[task_status::failed], 1);
  EXPECT_EQ(seen[task_status::cancelled], 1);
  EXPECT_EQ(seen[task_status::input_required], 1);
  EXPECT_EQ(seen[task_status::working], 1);
  for (const auto& task : page->tasks) {
    if (task->status != task_status::input_required) continue;
    EXPECT_EQ(find_input(*task, "a")->response.view(), reply("a", "1").value.view());
    EXPECT_FALSE(find_input(*task, "b")->response);
    EXPECT_EQ(task->checkpoint.view(), "[1]");
  }
}

// A file of version 2 as the server of that time left it when it was killed: what waited, what ran,
// what asked, what had ended in each way. Made once; never again.
TEST_F(sqlite_reopened, P26_a_frozen_file_of_version_2_opens) {
  const std::string copy = folder_.file("v2.db");
  fs::copy_file(std::string(LONGHAUL_TEST_DATA) + "/v2.db", copy);
  sqlite::sqlite_options options;
  options.path = copy;
  {
    sqlite_store frozen(options);
    run(frozen.recover());
    const auto page = run(frozen.list("anonymous", std::nullopt, "", 100));
    std::map<std::string, std::set<task_status>> seen;
    for (const auto& task : page->tasks) {
      seen[std::string(task->tool())].insert(task->status);
      EXPECT_EQ(task->origin->retry_on, retry_on::nothing);
      EXPECT_FALSE(task->origin->concurrency_key);
      EXPECT_FALSE(task->process);
    }
    EXPECT_EQ(page->tasks.size(), 7U);
    EXPECT_EQ(seen["quick"], std::set{task_status::completed});
    EXPECT_EQ(seen["fails"], std::set{task_status::completed});
    EXPECT_EQ(seen["ask"], std::set{task_status::input_required});
    EXPECT_EQ(seen["work"], (std::set{task_status::working, task_status::cancelled}));
    EXPECT_EQ(seen["once"], std::set{task_status::failed}) << "it is not `rerun`";
    EXPECT_EQ(run(frozen.stats()).completed, 2U);
  }
  for (const std::string& found : sqlite::check(copy)) ADD_FAILURE() << found;
}

TEST(sqlite_schema, older_files_are_brought_forward_all_or_nothing) {
  const temporary_folder folder;
  sqlite::connection_options how;
  how.mode = sqlite::open_mode::create;
  sqlite::connection file(folder.file("x.db"), how);
  EXPECT_EQ(sqlite::upgrade(file, "x.db"), 0);
  EXPECT_EQ(sqlite::upgrade(file, "x.db"), sqlite::newest_version());
  std::vector<std::string_view> steps(sqlite::all_migrations().begin(),
                                      sqlite::all_migrations().end());
  steps.push_back("CREATE TABLE more (x); INSERT INTO nowhere VALUES (1);");
  EXPECT_THROW(sqlite::upgrade(file, "x.db", steps), sqlite::sqlite_error);
  EXPECT_EQ(sqlite::version_of(file, "x.db"), sqlite::newest_version());
  steps.back() = "CREATE TABLE more (x); INSERT INTO more VALUES (1);";
  EXPECT_EQ(sqlite::upgrade(file, "x.db", steps), sqlite::newest_version());
  EXPECT_EQ(file.number("SELECT x FROM more"), 1);
  EXPECT_THROW(sqlite::version_of(file, "x.db"), std::runtime_error) << "newer than we know";
}

// P5: two executors share the store object; the one that was recovered from writes in vain.
TEST_F(sqlite_reopened, P5_a_stale_worker_of_this_process_cannot_write) {
  const auto slow = new_process_id();
  run(store_->renew(slow, 1s));
  stores::new_task what;
  what.origin = origin(on_crash::rerun);
  what.claim_for = slow;
  const auto task = run(store_->create(what)).task;
  clock_.advance(2s);
  run(store_->recover());
  clock_.advance(2s);
  const auto mine = claim();
  ASSERT_EQ(mine.size(), 1U);
  EXPECT_EQ(finish(task, 1).code, change_code::superseded);
  EXPECT_EQ(finish(task, mine[0]->epoch).code, change_code::applied);
  EXPECT_EQ(finish(task, 1).code, change_code::already_terminal);
  open();
  EXPECT_EQ(get(task)->epoch, mine[0]->epoch);
}

// Restart memory does not grow with what has ended: it is not read.
TEST_F(sqlite_reopened, what_has_ended_is_left_in_the_file) {
  for (int i = 0; i < 200; ++i) finish(create(origin()));
  const auto live = create(origin());
  open();
  EXPECT_EQ(run(store_->stats()).completed, 200U);
  EXPECT_EQ(store_->cached(), 1U);
  EXPECT_TRUE(get(live));
}

}  // namespace
}  // namespace longhaul::test
