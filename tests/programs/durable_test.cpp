// SPDX-License-Identifier: Apache-2.0
// What a server that is killed, stopped or started again owes to those it answered. Everything here
// goes over the wire to the real executable with its SQLite store.
#include <sys/resource.h>
#include <atomic>

#include <csignal>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "programs/fixture.hpp"
#include "support/seed.hpp"

namespace longhaul::test {
namespace {

/// What clients were told, in one place: acknowledgements, and the first end seen of each task.
class memory_of_clients {
 public:
  void requested(int number) {
    const std::lock_guard lock(mutex_);
    requested_.insert(number);
  }
  void acknowledged(const std::string& task, int number) {
    const std::lock_guard lock(mutex_);
    acknowledged_[task] = number;
  }
  void ended(const std::string& task, const std::string& how) {
    const std::lock_guard lock(mutex_);
    const auto [first, fresh] = ends_.emplace(task, how);
    if (!fresh) {
      EXPECT_EQ(first->second, how) << "P3: an end has changed";
    }
  }
  std::map<std::string, int> all() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }
  bool has_ended(const std::string& task) const {
    const std::lock_guard lock(mutex_);
    return ends_.contains(task);
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_.size();
  }
  const std::set<int>& requests() const { return requested_; }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int> acknowledged_;
  std::map<std::string, std::string> ends_;
  std::set<int> requested_;
};

class durable : public restarted {
 protected:
  // Clients that create tasks and read them until the server is gone.
  void load(const std::string& tool, std::atomic<bool>& stop) {
    while (!stop) {
      const int number = ++numbers_;
      clients_.requested(number);
      try {
        const auto answer = server_->send(
            "tools/call", {{"name", tool}, {"arguments", {{"n", std::to_string(number)}}}});
        const auto reply = json::parse(answer.body).as_object();
        const std::string task = reply.at("result").at("taskId").as_string().c_str();
        clients_.acknowledged(task, number);
        look_at(task);
      } catch (const std::exception&) {
        // The server is being killed: this request was not answered, or not to its end.
      }
    }
  }
  // Its status; remembers how it ended.
  std::string look_at(const std::string& task) {
    const auto answer = server_->send("tasks/get", {{"taskId", task}});
    json::object reply = json::parse(answer.body).as_object();
    if (!reply.contains("result")) return "gone: " + answer.body;
    json::object is = reply.at("result").as_object();
    const std::string status = served::status(is);
    if (status == "completed" || status == "failed" || status == "cancelled") {
      is.erase("pollIntervalMs");
      clients_.ended(task, json::serialize(is));
    }
    return status;
  }
  std::string logging_tool(const std::string& name, const std::string& script,
                           const std::string& more) const {
    return script_tool(home, name, "echo \"$1\" >> " + home.file("runs") + "\n" + script,
                       std::string(marked) + more) +
           "[tool.params.n]\ntype = \"string\"\nrequired = true\n";
  }

  memory_of_clients clients_;
  std::atomic<int> numbers_{0};
};

std::string with_argument(std::string tool) {
  const auto at = tool.find(".sh\"]");
  return tool.insert(at + 4, ", \"{n}\"");
}

// P1, P3, P8, P9: the server is killed at random instants under load, thirty times.
TEST_F(durable, P1_P3_P8_P9_kill_9_under_load_loses_nothing_and_runs_nothing_twice) {
  const std::string tools =
      with_argument(logging_tool("work", "sleep 0.0$((RANDOM % 9))", "on_crash = \"fail\"\n"));
  std::mt19937 random(static_cast<unsigned>(random_seed()));
  const int rounds = 30;
  for (int round = 0; round < rounds; ++round) {
    start(tools, "max_running = 4\n");
    for (const auto& [task, number] : clients_.all()) {
      const std::string is = look_at(task);
      ASSERT_NE(is.substr(0, 4), "gone") << "round " << round << " task " << task << " " << is;
      if (round > 0 && !clients_.has_ended(task)) continue;  // waited in the queue
    }
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    const std::size_t before = clients_.size();
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] { load("work", stop); });
    wait_until([&] { return clients_.size() > before + random() % 20; });
    kill_server();
    stop = true;
    for (std::thread& thread : threads) thread.join();
  }
  start(tools, "max_running = 16\n");
  const auto all = clients_.all();
  EXPECT_GE(all.size(), 30U);
  std::map<std::string, int> ways;
  for (const auto& [task, number] : all) {
    EXPECT_TRUE(wait_until([&] { return look_at(task) != "working"; }));
    ++ways[look_at(task)];
  }
  EXPECT_GT(ways["completed"], 0);
  EXPECT_GT(ways["failed"], 0) << "each kill meets something that runs";
  EXPECT_EQ(ways.size(), 2U);
  const auto runs = lines_of("runs");
  for (const std::string& number : runs) {
    EXPECT_EQ(runs.count(number), 1U) << "P9: a tool that is not `rerun` ran twice";
    EXPECT_TRUE(clients_.requests().contains(std::stoi(number))) << "nobody requested this";
  }
}

// P8, P17: what may run again does, and every task of it completes, however often the server goes.
TEST_F(durable, P8_P17_kills_and_drains_leave_every_rerun_task_to_be_completed) {
  const std::string tools = with_argument(logging_tool(
      "work", "sleep 0.05", "on_crash = \"rerun\"\nmax_attempts = 50\nretry_backoff = \"1ms\"\n"));
  for (int round = 0; round < 12; ++round) {
    start(tools, "max_running = 4\n");
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    const std::size_t before = clients_.size();
    for (int i = 0; i < 2; ++i) threads.emplace_back([&] { load("work", stop); });
    EXPECT_TRUE(wait_until([&] { return clients_.size() > before + 5; }));
    round % 2 == 0 ? stop_server() : kill_server();
    stop = true;
    for (std::thread& thread : threads) thread.join();
  }
  start(tools, "max_running = 16\n");
  for (const auto& [task, number] : clients_.all()) {
    EXPECT_TRUE(wait_until([&] { return look_at(task) != "working"; }));
    EXPECT_EQ(look_at(task), "completed") << number;
  }
  const auto runs = lines_of("runs");
  for (const auto& [task, number] : clients_.all()) {
    EXPECT_GE(runs.count(std::to_string(number)), 1U);
  }
}

TEST_F(durable, P10_an_idempotency_key_holds_over_a_restart) {
  const std::string tools = script_tool(home, "work", "echo ok", marked);
  start(tools);
  const json::object call = {
      {"name", "work"},
      {"arguments", json::object{}},
      {"_meta", {{"longhaul.dev/idempotency-key", "a-key-of-at-least-22-characters"}}}};
  const auto id_of = [&](const served::http_answer& answer) {
    const auto reply = json::parse(answer.body).as_object();
    return std::string(reply.at("result").at("taskId").as_string().c_str());
  };
  const std::string first = id_of(server_->send("tools/call", call));
  kill_server();
  start(tools);
  EXPECT_EQ(id_of(server_->send("tools/call", call)), first);
}

TEST_F(durable, results_and_output_are_there_after_a_restart_and_go_with_their_task) {
  const std::string tools = script_tool(home, "work", "echo out; echo err >&2", marked);
  start(tools);
  const std::string task = server_->start("work");
  const auto before = server_->end_of(task);
  kill_server();
  start(tools);
  EXPECT_EQ(served::text(server_->get(task).at("result").as_object()),
            served::text(before.at("result").as_object()));
  EXPECT_EQ(server_->output(task, "stdout"), "out\n");
  EXPECT_EQ(server_->output(task, "stderr"), "err\n");
  EXPECT_TRUE(fs::exists(home.file("state/test.db.output/" + task)));
  stop_server();
  start(tools, "retention = \"1ms\"\n");  // of new tasks
  const std::string brief = server_->start("work");
  EXPECT_TRUE(wait_until([&] { return served::status(server_->get(brief)) == "unknown"; }));
  EXPECT_TRUE(wait_until([&] { return !fs::exists(home.file("state/test.db.output/" + brief)); }));
  EXPECT_EQ(server_->output(task, "stdout"), "out\n");
}

// P14: a question that a rerun tool asked is still asked, an answer that was given is still there.
TEST_F(durable, P14_questions_outlive_the_server_on_the_modern_wire) {
  const std::string ask = R"(ask() { printf '{"ask":{"key":"%s","message":"%s?","schema":{"type":)"
                          R"("object","properties":{"v":{"type":"string"}}}}}\n' "$1" "$1" )"
                          R"(>&"$LONGHAUL_FD"; IFS= read -r answer <&"$LONGHAUL_FD"; })";
  const std::string tools =
      script_tool(home, "work", ask + "\nask one; a=$answer; ask two; echo \"$a $answer\"",
                  std::string(marked) + "on_crash = \"rerun\"\nretry_backoff = \"1ms\"\n");
  start(tools);
  const std::string task = server_->start("work");
  const auto asked = [&](const std::string& key) {
    return wait_until([&] {
      const auto is = server_->get(task);
      const auto* open = is.if_contains("inputRequests");
      return served::status(is) == "input_required" && open != nullptr &&
             open->as_object().contains(key);
    });
  };
  const auto answer = [&](const std::string& key, const std::string& value) {
    const json::object given = {{"action", "accept"}, {"content", {{"v", value}}}};
    server_->ask("tasks/update", {{"taskId", task}, {"inputResponses", {{key, given}}}});
    EXPECT_EQ(server_->last.status, 200) << server_->last.body;
  };
  ASSERT_TRUE(asked("one"));
  kill_server();
  start(tools);
  ASSERT_TRUE(asked("one")) << "still asked";
  answer("one", "first");
  ASSERT_TRUE(asked("two"));
  kill_server();
  start(tools);
  ASSERT_TRUE(asked("two")) << "the first answer was replayed to the new attempt";
  answer("two", "second");
  const auto ended = server_->end_of(task);
  const std::string said = served::text(ended.at("result").as_object());
  EXPECT_NE(said.find("first"), std::string::npos) << said;
  EXPECT_NE(said.find("second"), std::string::npos) << said;
}

// P14: … and on the 2025-11-25 wire, where the answer is a response to a request id: its seal is
// made with a key from the store.
TEST_F(durable, P14_a_question_of_the_legacy_wire_is_answered_after_a_restart) {
  const std::string ask =
      R"(printf '{"ask":{"key":"one","message":"one?","schema":{"type":"object",)"
      R"("properties":{"v":{"type":"string"}}}}}\n' >&"$LONGHAUL_FD"; )"
      R"(IFS= read -r answer <&"$LONGHAUL_FD"; echo "$answer")";
  const std::string tools = script_tool(
      home, "work", ask, std::string(marked) + "on_crash = \"rerun\"\nretry_backoff = \"1ms\"\n");
  start(tools);
  std::string task, question;
  {
    const legacy_session session(*server_);
    const auto created = json::parse(
        session.ask("tools/call", R"({"name":"work","arguments":{},"task":{"ttl":600000}})"));
    task = created.at("result").at("task").at("taskId").as_string().c_str();
    const std::string stream = server_->read_until(
        session.id,
        R"({"jsonrpc":"2.0","id":9,"method":"tasks/result","params":{"taskId":")" + task + R"("}})",
        "\"id\":\"q.");
    const auto at = stream.find("\"id\":\"q.");
    ASSERT_NE(at, std::string::npos) << stream;
    question = stream.substr(at + 6, stream.find('"', at + 6) - at - 6);
  }
  kill_server();
  start(tools);
  const legacy_session session(*server_);
  EXPECT_TRUE(wait_until([&] { return served::status(server_->get(task)) == "input_required"; }));
  const auto taken = server_->post(
      session.id, R"({"jsonrpc":"2.0","id":")" + question +
                      R"(","result":{"action":"accept","content":{"v":"still here"}}})");
  EXPECT_EQ(taken.status, 202) << taken.body;
  const auto ended = server_->end_of(task);
  EXPECT_NE(served::text(ended.at("result").as_object()).find("still here"), std::string::npos);
}

TEST_F(durable, P8_a_second_attempt_begins_at_the_checkpoint_of_the_first) {
  const std::string script =
      R"(printf '{"restore":true}\n' >&"$LONGHAUL_FD"; IFS= read -r from <&"$LONGHAUL_FD")"
      "\necho \"attempt $LONGHAUL_ATTEMPT from $from\"\n"
      R"(printf '{"checkpoint":{"frame":7}}\n{"status":"saved"}\n' >&"$LONGHAUL_FD")"
      "\nuntil [ -e " +
      home.file("go") + " ]; do sleep 0.01; done\n";
  const std::string tools =
      script_tool(home, "work", script,
                  std::string(marked) + "on_crash = \"rerun\"\nretry_backoff = \"1ms\"\n");
  start(tools);
  const std::string task = server_->start("work");
  ASSERT_TRUE(wait_until([&] {
    const auto is = server_->get(task);
    return is.contains("statusMessage") && is.at("statusMessage") == "saved";
  }));
  kill_server();
  home.write("go", "");
  start(tools);
  const std::string said = served::text(server_->end_of(task).at("result").as_object());
  EXPECT_EQ(said, "attempt 2 from {\"checkpoint\":{\"frame\":7}}\n");
}

// A program of a server that was killed is still being ended: the next attempt waits for it.
TEST_F(durable, attempts_of_one_task_never_run_beside_each_other) {
  const std::string lock = home.file("only-one");
  const std::string tools =
      script_tool(home, "work",
                  "trap '' TERM\nmkdir " + lock + " || { echo twice >> " + home.file("twice") +
                      "; }\ntouch " + home.file("up") + "\nwhile [ ! -e " + home.file("go") +
                      " ]; do sleep 0.01; done\nrmdir " + lock + "\necho ok",
                  std::string(marked) + "on_crash = \"rerun\"\nretry_backoff = \"1ms\"\n");
  start(tools);
  const std::string task = server_->start("work");
  ASSERT_TRUE(wait_until([&] { return fs::exists(home.file("up")); }));
  kill_server();
  // The killed program cannot tidy up; its end is seen by the helper alone.
  start(tools);
  EXPECT_TRUE(wait_until([&] { return fs::exists(home.file("twice")); }))
      << "the second attempt finds what the first one left, after it";
  home.write("go", "");
  EXPECT_EQ(served::status(server_->end_of(task)), "completed");
}

TEST_F(durable, a_second_server_on_the_same_file_is_refused_with_the_pid) {
  const std::string tools = script_tool(home, "work", "echo ok", marked);
  start(tools);
  try {
    served second(home, tools);
    FAIL() << "two servers on one file";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find("is in use by process"), std::string::npos) << e.what();
  }
}

// A server on a full disk did not start; callers could not even read what had been done.
TEST_F(durable, on_a_full_disk_a_server_starts_and_tells_what_is_there) {
  const std::string tools = script_tool(home, "work", "echo ok", marked);
  start(tools);
  const std::string done = server_->start("work");
  server_->end_of(done);
  // Once: a second signal may end it before its log is in the file, and a log cannot be read
  // without room for its index.
  server_->process().signal(SIGTERM);
  EXPECT_EQ(server_->process().wait(), 0);
  EXPECT_FALSE(fs::exists(home.file("state/test.db-wal")));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1;
  std::signal(SIGXFSZ, SIG_IGN);
  server_.reset();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string why;  // told once there is room: our own output goes to a file, maybe
  try {
    server_ = std::make_unique<served>(home.file("longhaul.toml"));
  } catch (const std::exception& e) {
    why = e.what();
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_TRUE(server_) << why;
  EXPECT_EQ(server_->fetch("/readyz").status, 503);
  EXPECT_EQ(served::status(server_->get(done)), "completed");
  const auto refused = server_->send("tools/call", {{"name", "work"}});
  EXPECT_NE(refused.body.find("31004"), std::string::npos) << refused.body;
  ASSERT_EQ(::prlimit(server_->process().pid(), RLIMIT_FSIZE, &before, nullptr), 0);
  EXPECT_TRUE(wait_until([&] { return server_->fetch("/readyz").status == 200; }));
  EXPECT_EQ(served::text(server_->result("work")), "ok\n");
}

TEST_F(durable, readyz_names_what_is_wrong_with_the_store) {
  // Needs a disk that fills up: a quota on file sizes does the same to the server alone.
  const std::string tools = script_tool(home, "work", "echo ok", marked);
  start(tools);
  EXPECT_EQ(server_->fetch("/readyz").status, 200);
  rlimit small{};
  small.rlim_cur = 1;
  small.rlim_max = RLIM_INFINITY;
  rlimit before{};
  ASSERT_EQ(::prlimit(server_->process().pid(), RLIMIT_FSIZE, nullptr, &before), 0);
  small.rlim_max = before.rlim_max;
  ASSERT_EQ(::prlimit(server_->process().pid(), RLIMIT_FSIZE, &small, nullptr), 0);
  const auto refused = server_->send("tools/call", {{"name", "work"}});
  EXPECT_NE(refused.body.find("error"), std::string::npos) << refused.body;
  const auto not_ready = server_->fetch("/readyz");
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_NE(not_ready.body.find("test.db"), std::string::npos) << not_ready.body;
  EXPECT_EQ(not_ready.body.find(home.path()), std::string::npos) << "no paths for strangers";
  EXPECT_NE(refused.body.find("31004"), std::string::npos) << refused.body;
  EXPECT_NE(refused.body.find("test.db"), std::string::npos) << refused.body;
  EXPECT_EQ(refused.body.find(home.path()), std::string::npos) << refused.body;
  EXPECT_EQ(server_->fetch("/healthz").status, 200);
  ASSERT_EQ(::prlimit(server_->process().pid(), RLIMIT_FSIZE, &before, nullptr), 0);
  EXPECT_TRUE(wait_until([&] { return server_->fetch("/readyz").status == 200; }));
  EXPECT_EQ(served::text(server_->result("work")), "ok\n");
}

}  // namespace
}  // namespace longhaul::test
