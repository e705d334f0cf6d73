// SPDX-License-Identifier: Apache-2.0
// What a program prints at one process is read at another: in the store, and through
// `shared_outputs`, which writes it there.
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "base/random.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/testing/run.hpp"
#include "longhaul/testing/seed.hpp"
#include "postgres/test_schema.hpp"
#include "server/shared_outputs.hpp"
#include "support/process_census.hpp"
#include "tasks/lanes.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
using testkit::run;

// The files of one process, in memory.
class fake_files final : public serving::output_source {
 public:
  void print(const std::string& task, std::string_view text) {
    const std::lock_guard lock(mutex_);
    printed_[task] += text;
  }
  void remove(const std::vector<std::string>& tasks) {
    const std::lock_guard lock(mutex_);
    for (const std::string& task : tasks) printed_.erase(task);
  }
  void use(bool busy) { busy_ = busy; }

  std::optional<part> read(std::string_view task, std::string_view stream, std::uint64_t offset,
                           std::size_t most) override {
    const std::lock_guard lock(mutex_);
    const auto at = printed_.find(task);
    if (at == printed_.end() || stream != "stdout") return std::nullopt;
    const auto from = std::min<std::size_t>(offset, at->second.size());
    return part{at->second.substr(from, most), from, at->second.size()};
  }
  std::optional<part> tail(std::string_view task, std::string_view stream,
                           std::size_t most) override {
    const auto whole = read(task, stream, 0, std::string::npos);
    if (!whole) return std::nullopt;
    return read(task, stream, whole->total - std::min<std::size_t>(whole->total, most), most);
  }
  std::optional<extent> look(std::string_view task, std::string_view stream) override {
    const auto whole = read(task, stream, 0, std::string::npos);
    return whole ? std::optional(extent{whole->total, 0}) : std::nullopt;
  }
  bool in_use(std::string_view) const override { return busy_; }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> printed_;
  std::atomic<bool> busy_ = false;
};

class outputs : public testing::Test {
 protected:
  outputs() {
    for (std::size_t i = 0; i < stores_.size(); ++i) {
      stores_[i] = schema_.open();
      processes_[i] = new_process_id();
      EXPECT_TRUE(run(stores_[i]->renew(processes_[i], 1h)).alive);
    }
  }
  std::string create(std::optional<std::size_t> runs_at = 0) {
    auto origin = std::make_shared<task_origin>();
    origin->created_at = schema_.now();
    origin->id = new_task_id(origin->created_at);
    origin->owner = origin->quota = "alice";
    origin->tool = "render";
    origin->arguments = raw_json::trusted("{}");
    stores::new_task task;
    task.origin = origin;
    if (runs_at) task.claim_for = processes_[*runs_at];
    task.retention = 1h;
    EXPECT_EQ(run(stores_[runs_at.value_or(0)]->create(task)).code, stores::create_code::created);
    return origin->id;
  }
  bool write(std::size_t at, const std::string& task, const std::string& name, std::uint64_t offset,
             std::string_view bytes, bool begins = false, std::size_t keep = 1 << 20) {
    stores::output_news news{.task = task, .run = name, .begins = begins, .keep = keep};
    news.streams.push_back(
        {.stream = "stdout", .offset = offset, .bytes = bytes, .total = offset + bytes.size()});
    return run(stores_[at]->outputs()->write(news));
  }
  std::optional<stores::output_part> read(std::size_t at, const std::string& task,
                                          std::optional<std::uint64_t> offset = 0,
                                          std::size_t most = 1 << 20) {
    return run(stores_[at]->outputs()->read(task, "stdout", offset, most));
  }

  test_schema schema_;
  std::array<std::unique_ptr<postgres::postgres_store>, 2> stores_;
  std::array<process_id, 2> processes_{};
};

TEST_F(outputs, of_one_process_are_read_at_another) {
  const std::string task = create();
  EXPECT_FALSE(read(1, task));
  EXPECT_TRUE(write(0, task, "run", 0, "hello ", true));
  EXPECT_TRUE(write(0, task, "run", 6, std::string_view("w\0\xFFrld", 6)));
  const auto whole = read(1, task);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->bytes, std::string("hello w\0\xFFrld", 12));
  EXPECT_EQ(whole->offset, 0u);
  EXPECT_EQ(whole->state.total, 12u);
  EXPECT_TRUE(whole->state.open);
  EXPECT_EQ(read(1, task, 4)->bytes, std::string("o w\0\xFFrld", 8));
  EXPECT_EQ(read(1, task, 4, 3)->bytes, "o w");
  EXPECT_EQ(read(1, task, std::nullopt, 3)->bytes, "rld");
  EXPECT_EQ(read(1, task, 100)->bytes, "");
  EXPECT_EQ(read(1, task, 100)->offset, 12u);
  EXPECT_EQ(run(stores_[1]->outputs()->read(task, "stderr", 0, 10))->bytes, "");
}

TEST_F(outputs, that_are_written_twice_are_there_once) {
  const std::string task = create();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(write(0, task, "run", 0, "abc", true));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(write(0, task, "run", 3, "def", false));
  EXPECT_EQ(read(1, task)->bytes, "abcdef");
  EXPECT_TRUE(write(0, task, "run", 3, "defghi")) << "it has grown since";
  EXPECT_EQ(read(1, task)->bytes, "abcdefghi");
  EXPECT_TRUE(write(0, task, "run", 9, "jk"));
  EXPECT_EQ(read(1, task)->bytes, "abcdefghijk");
  const auto far = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(read(1, task, far)->bytes, "");
  EXPECT_EQ(read(1, task, far / 2)->bytes, "");
}

TEST_F(outputs, of_a_former_run_go_with_the_next_and_it_adds_nothing_more) {
  const std::string task = create();
  EXPECT_TRUE(write(0, task, "first", 0, "old", true));
  EXPECT_TRUE(write(0, task, "second", 0, "new", true));
  EXPECT_FALSE(write(0, task, "first", 3, "er"));
  EXPECT_EQ(read(1, task)->bytes, "new");
  EXPECT_EQ(read(1, task)->state.run, "second");
}

TEST_F(outputs, are_begun_only_by_who_runs_the_task) {
  const std::string task = create(1);
  EXPECT_FALSE(write(0, task, "a late one", 0, "old", true));
  EXPECT_TRUE(write(1, task, "run", 0, "new", true));
  EXPECT_FALSE(write(0, task, "a late one", 0, "old", true));
  EXPECT_EQ(read(0, task)->bytes, "new");
  EXPECT_FALSE(write(0, new_task_id(schema_.now()), "run", 0, "x", true)) << "no such task";
  EXPECT_EQ(run(stores_[1]->cancel("alice", task, "", stores::visibility::hidden_too)).code,
            stores::change_code::applied);
  EXPECT_FALSE(write(0, task, "a late one", 0, "old", true)) << "nor once it has ended";
  EXPECT_EQ(read(0, task)->bytes, "new");
}

TEST_F(outputs, keep_the_newest_bytes_in_their_bound) {
  const std::string task = create();
  std::string all;
  for (int i = 0; i < 40; ++i) {
    const std::string more = "line " + std::to_string(i) + "\n";
    EXPECT_TRUE(write(0, task, "run", all.size(), more, i == 0, 50));
    all += more;
  }
  const auto kept = read(1, task);
  EXPECT_EQ(kept->bytes, all.substr(all.size() - 50));
  EXPECT_EQ(kept->offset, all.size() - 50);
  EXPECT_EQ(kept->state.first, all.size() - 50);
  EXPECT_EQ(kept->state.total, all.size());
  EXPECT_LE(schema_.run("SELECT sum(length(bytes)) FROM @.output_parts"), "60");
}

TEST_F(outputs, have_no_gap) {
  const std::string task = create();
  EXPECT_TRUE(write(0, task, "run", 0, "before", true));
  EXPECT_TRUE(write(0, task, "run", 100, "behind"));
  EXPECT_EQ(read(1, task)->bytes, "behind");
  EXPECT_EQ(read(1, task)->offset, 100u);
}

// Whatever is written in whatever pieces is read as it was.
TEST_F(outputs, of_many_small_pieces_are_put_together) {
  const std::uint64_t seed = testkit::random_seed();
  std::mt19937_64 dice(seed);
  const std::string task = create();
  std::string all;
  for (int i = 0; i < 700; ++i) {
    std::string piece(1 + dice() % 900, static_cast<char>('a' + i % 26));
    EXPECT_TRUE(write(0, task, "run", all.size(), piece, i == 0, 200'000)) << seed;
    if (dice() % 8 == 0) write(0, task, "run", all.size(), piece, false, 200'000);
    all += piece;
    if (i % 50 != 49) continue;
    const std::uint64_t first = all.size() - std::min<std::size_t>(all.size(), 200'000);
    const auto part = read(1, task);
    EXPECT_EQ(part->offset, first) << seed;
    EXPECT_TRUE(part->bytes == all.substr(first)) << seed;
    const std::uint64_t offset = first + dice() % (all.size() - first);
    EXPECT_TRUE(read(1, task, offset, 5000)->bytes == all.substr(offset, 5000)) << seed;
  }
  EXPECT_LT(std::stoi(schema_.run("SELECT count(*) FROM @.output_parts")), 300);
}

TEST_F(outputs, go_with_their_task) {
  const std::string task = create();
  EXPECT_TRUE(write(0, task, "run", 0, "x", true));
  EXPECT_EQ(run(stores_[0]->cancel("alice", task, "", stores::visibility::hidden_too)).code,
            stores::change_code::applied);
  schema_.advance(2h);
  EXPECT_EQ(run(stores_[1]->purge(10)), std::vector<std::string>{task});
  EXPECT_EQ(schema_.run("SELECT count(*) FROM @.outputs"), "0");
  EXPECT_EQ(schema_.run("SELECT count(*) FROM @.output_parts"), "0");
  EXPECT_FALSE(write(0, task, "run", 1, "y"));
}

TEST_F(outputs, of_a_dead_process_are_over) {
  const std::string task = create();
  EXPECT_TRUE(write(0, task, "run", 0, "x", true));
  EXPECT_TRUE(read(1, task)->state.open);
  schema_.advance(2h);
  EXPECT_TRUE(run(stores_[1]->renew(new_process_id(), 1h)).alive);
  run(stores_[1]->recover());
  EXPECT_FALSE(read(1, task)->state.open);
}

class shared_output_files : public outputs {
 protected:
  std::unique_ptr<serving::shared_outputs> share(std::size_t at) {
    return std::make_unique<serving::shared_outputs>(
        files_[at], *stores_[at], 1000,
        [this, at](const std::vector<std::string>& gone) { files_[at].remove(gone); });
  }
  static std::string text(serving::shared_outputs& from, const std::string& task) {
    const auto part = from.read(task, "stdout", 0, 1 << 20);
    return part ? part->bytes : "nothing";
  }
  std::array<fake_files, 2> files_;
};

TEST_F(shared_output_files, are_read_elsewhere_while_a_program_prints_and_after) {
  const auto first = share(0), second = share(1);
  const std::string task = create();
  EXPECT_EQ(text(*second, task), "nothing");
  first->on_begun(task);
  files_[0].use(true);
  files_[0].print(task, "some");
  EXPECT_TRUE(wait_until([&] { return text(*second, task) == "some"; }));
  EXPECT_TRUE(second->in_use(task));
  EXPECT_EQ(second->look(task, "stdout")->total, 4u);
  files_[0].print(task, std::string(5000, 'x') + "end");
  files_[0].use(false);
  first->on_ended(task);
  EXPECT_TRUE(wait_until([&] { return !second->in_use(task); }));
  EXPECT_EQ(text(*second, task), std::string(997, 'x') + "end");
  EXPECT_EQ(second->read(task, "stdout", 0, 10)->offset, 5007u - 1000);
  EXPECT_EQ(second->tail(task, "stdout", 4)->bytes, "xend");
  EXPECT_EQ(text(*first, task).size(), 5007u) << "its own files have more";
}

TEST_F(shared_output_files, of_a_run_that_was_taken_over_are_not_what_readers_get) {
  const auto first = share(0), second = share(1);
  const std::string task = create();
  files_[0].print(task, "of the first run");
  first->on_begun(task);
  first->on_ended(task);
  EXPECT_TRUE(wait_until([&] { return text(*second, task) == "of the first run"; }));
  run(stores_[0]->release(task, {1, {}}));
  stores::claim_request request;
  request.process = processes_[1];
  request.count = 1;
  request.tools.emplace("render", 1);
  EXPECT_TRUE(wait_until([&] { return run(stores_[1]->claim(request)).size() == 1; }));
  files_[1].print(task, "of the second");
  second->on_begun(task);
  second->on_ended(task);
  EXPECT_TRUE(wait_until([&] { return text(*first, task) == "of the second"; }));
  EXPECT_EQ(text(*second, task), "of the second");
}

TEST_F(shared_output_files, of_tasks_in_memory_are_read_without_the_database) {
  const auto first = share(0);
  const std::string task =
      tasks::lanes::new_id(task_policy::never, schema_.now());  // a plain call's
  files_[0].print(task, "some");
  first->on_begun(task);
  first->on_ended(task);
  schema_.run("ALTER TABLE @.outputs RENAME TO away");
  EXPECT_EQ(text(*first, task), "some");
  EXPECT_EQ(first->tail(task, "stdout", 2)->bytes, "me");
  EXPECT_EQ(first->look(task, "stdout")->total, 4u);
  EXPECT_FALSE(first->in_use(task));
  EXPECT_FALSE(first->read(task, "stderr", 0, 10));
  schema_.run("ALTER TABLE @.away RENAME TO outputs");
}

TEST_F(shared_output_files, are_written_once_the_database_answers_again) {
  const auto first = share(0), second = share(1);
  const std::string task = create();
  schema_.run("ALTER TABLE @.outputs RENAME TO away");
  files_[0].print(task, "some");
  first->on_begun(task);
  EXPECT_EQ(text(*first, task), "some") << "what is here is read without the database";
  schema_.run("ALTER TABLE @.away RENAME TO outputs");
  EXPECT_TRUE(wait_until([&] { return text(*second, task) == "some"; }));
}

}  // namespace
}  // namespace longhaul::test
