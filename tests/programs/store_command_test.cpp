// SPDX-License-Identifier: Apache-2.0
// `longhaul store …`, beside a running server and after it.
#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "programs/fixture.hpp"
#include "programs/store_verb.hpp"
#include "sqlite/connection.hpp"

namespace longhaul::test {
namespace {

class store_command : public serve {
 protected:
  static json::object stats(const std::string& file) {
    return json::parse(store({"stats", file, "--json"}).out).as_object();
  }
  // A server that has finished, failed, queued and running work.
  void fill() {
    server_ =
        std::make_unique<served>(home, script_tool(home, "quick", "echo ok", marked) +
                                           script_tool(home, "slow", "exec sleep 1000",
                                                       std::string(marked) + "max_running = 1\n"));
    for (int i = 0; i < 3; ++i) server_->end_of(server_->start("quick"));
    const auto cancelled = server_->start("slow");
    server_->cancel(cancelled);
    server_->end_of(cancelled);
    server_->start("slow");
    server_->start("slow");
    // The cancelled program has its slot until it is gone.
    EXPECT_TRUE(wait_until([&] { return stats(file_).at("queued") == 1; }));
  }

  const std::string file_ = home.file("state/test.db");
  std::unique_ptr<served> server_;
};

TEST_F(store_command, looks_and_copies_beside_a_running_server) {
  fill();
  const said check = store({"check", file_});
  EXPECT_EQ(check.code, 0) << check.out << check.errors;
  EXPECT_EQ(check.out, file_ + ": sound\n");
  EXPECT_EQ(store({"check", "sqlite:" + file_, "--json"}).out,
            "{\"sound\":true,\"problems\":[]}\n");

  const auto found = stats(file_);
  EXPECT_EQ(found.at("completed"), 3);
  EXPECT_EQ(found.at("cancelled"), 1);
  EXPECT_EQ(found.at("working"), 2);
  EXPECT_EQ(found.at("queued"), 1);
  EXPECT_EQ(found.at("version"), 5);
  EXPECT_NE(store({"stats", file_}).out.find("completed         3\n"), std::string::npos);

  const std::string copy = home.file("copy.db");
  const said copied = store({"backup", file_, copy});
  EXPECT_EQ(copied.code, 0) << copied.errors;
  EXPECT_FALSE(fs::exists(copy + ".part"));
  EXPECT_EQ(fs::status(copy).permissions() & fs::perms::all,
            fs::perms::owner_read | fs::perms::owner_write);
  const said twice = store({"backup", file_, copy});
  EXPECT_EQ(twice.code, 1);
  EXPECT_NE(twice.errors.find("exists already"), std::string::npos);
  EXPECT_EQ(store({"check", copy}).code, 0);
  EXPECT_EQ(stats(copy).at("completed"), 3);

  for (const char* verb : {"vacuum", "migrate"}) {
    const said refused = store({verb, file_});
    EXPECT_EQ(refused.code, 1);
    EXPECT_NE(refused.errors.find("process " + std::to_string(server_->process().pid())),
              std::string::npos)
        << refused.errors;
  }
}

// An operator had no view of tasks without being their caller.
TEST_F(store_command, lists_tasks_beside_a_running_server_and_never_what_they_carry) {
  fill();
  const auto listed = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"list", file_, "--json"});
    const said ran = store(more);
    EXPECT_EQ(ran.code, 0) << ran.errors;
    EXPECT_EQ(ran.out.find("arguments"), std::string::npos);
    EXPECT_EQ(ran.out.find("content"), std::string::npos);
    return json::parse(ran.out).as_object().at("tasks").as_array();
  };
  const auto all = listed({});
  ASSERT_EQ(all.size(), 6U);
  std::vector<std::string> ids;
  for (const auto& task : all) ids.emplace_back(task.at("id").as_string().c_str());
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend())) << "newest first";
  EXPECT_EQ(all.at(0).at("status"), "queued");
  EXPECT_EQ(all.at(0).at("tool"), "slow");
  EXPECT_EQ(all.at(0).at("owner"), "anonymous");
  EXPECT_EQ(all.at(0).at("attempt"), 0);
  EXPECT_EQ(listed({"--status", "completed"}).size(), 3U);
  EXPECT_EQ(listed({"--status", "working"}).size(), 1U);
  EXPECT_EQ(listed({"--status", "queued"}).size(), 1U);
  EXPECT_EQ(listed({"--status", "cancelled"}).size(), 1U);
  EXPECT_EQ(listed({"--tool", "slow"}).size(), 3U);
  EXPECT_EQ(listed({"--owner", "nobody"}).size(), 0U);
  EXPECT_EQ(listed({"--limit", "2"}).size(), 2U);
  EXPECT_EQ(listed({"--limit", "0"}).size(), 6U);
  EXPECT_EQ(store({"list", file_, "--status", "lost"}).code, 2);
  EXPECT_EQ(store({"list", home.file("missing.db")}).code, 1);
  const said lines = store({"list", file_, "--status", "queued"});
  EXPECT_NE(lines.out.find(ids.front() + "  queued for "), std::string::npos) << lines.out;
  server_.reset();
  {
    sqlite::connection file(file_);
    file.run("UPDATE states SET message = char(27) || '[2Jx' || char(10) || 'y'");
  }
  const said quiet = store({"list", file_, "--limit", "1"});
  EXPECT_EQ(quiet.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::count(quiet.out.begin(), quiet.out.end(), '\n'), 1) << quiet.out;
}

TEST_F(store_command, a_backup_is_of_one_moment_whatever_the_server_does) {
  server_ = std::make_unique<served>(home, script_tool(home, "quick", "echo ok", marked));
  std::atomic<bool> stop{false};
  std::thread load([&] {
    while (!stop) server_->send("tools/call", {{"name", "quick"}});
  });
  for (int i = 0; i < 10; ++i) {
    const std::string copy = home.file("copy" + std::to_string(i));
    EXPECT_EQ(store({"backup", file_, copy}).code, 0);
    const said check = store({"check", copy});
    EXPECT_EQ(check.code, 0) << check.out;
  }
  stop = true;
  load.join();
}

TEST_F(store_command, changes_a_file_that_nobody_uses) {
  fill();
  server_->process().signal(SIGKILL);
  server_->process().wait();
  server_.reset();
  EXPECT_EQ(store({"check", file_}).code, 0) << "a killed server's log is read, too";
  EXPECT_EQ(store({"vacuum", file_}).code, 0);
  EXPECT_EQ(store({"migrate", file_}).out, file_ + ": version 5 already\n");
  EXPECT_EQ(store({"migrate", file_, "--json"}).out, "{\"before\":5,\"after\":5}\n");
  EXPECT_EQ(store({"check", file_}).code, 0);
}

TEST_F(store_command, says_what_is_wrong_with_a_file) {
  EXPECT_EQ(store({"check", home.file("missing.db")}).code, 1);
  EXPECT_FALSE(fs::exists(home.file("missing.db")));
  EXPECT_EQ(store({"check"}).code, 2);
  EXPECT_EQ(store({"burn", "x"}).code, 2);
  EXPECT_NE(
      store({"check", home.write("text", std::string(9000, 'x'))}).errors.find("not a database"),
      std::string::npos);
  fill();
  server_.reset();
  {
    sqlite::connection file(file_);
    file.run(
        "UPDATE finished SET n = n + 1; DELETE FROM states WHERE seq = 1;"
        "UPDATE states SET result = '{' WHERE seq = 2; INSERT INTO inputs VALUES "
        "(99, 0, 'k', '{}', x'00', NULL, 1, NULL, NULL);");
  }
  const said check = store({"check", file_});
  EXPECT_EQ(check.code, 1);
  for (const char* problem : {"task without a state: ", "not JSON: arguments, metadata or result",
                              "a row of no task in inputs", "ended tasks are miscounted"}) {
    EXPECT_NE(check.out.find(problem), std::string::npos) << problem << "\n" << check.out;
  }
  // Overwritten pages.
  {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 3);
    file << std::string(4096 * 2, '\x5a');
  }
  EXPECT_EQ(store({"check", file_}).code, 1);
}

}  // namespace
}  // namespace longhaul::test
