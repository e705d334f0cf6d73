// SPDX-License-Identifier: Apache-2.0
// What people expect of a queue, of programs behind the real executable with its SQLite store: as
// the programs themselves saw it, and as callers of both wires read it.
#include <csignal>
#include <iterator>
#include <map>
#include <random>
#include <regex>
#include <vector>

#include "programs/fixture.hpp"
#include "support/seed.hpp"

namespace longhaul::test {
namespace {

class program_queue : public restarted {
 protected:
  // A tool whose arguments are those of its script, in this order.
  std::string tool_of(const std::string& name, const std::vector<std::string>& parameters,
                      const std::string& script, const std::string& more) const {
    std::string table = script_tool(home, name, script, marked + more);
    std::string words;
    for (const std::string& one : parameters) {
      words += ", \"{" + one + "}\"";
      table += "[tool.params." + one + "]\ntype = \"string\"\nrequired = true\n";
    }
    return table.insert(table.find(".sh\"]") + 4, words);
  }
  // With the tasks of revision 2025-11-25.
  static std::string start_on_session(const legacy_session& session, const std::string& tool,
                                      const std::string& arguments) {
    const auto reply =
        json::parse(session.ask("tools/call", R"({"name":")" + tool + R"(","arguments":)" +
                                                  arguments + R"(,"task":{"ttl":600000}})"));
    return reply.at("result").at("task").at("taskId").as_string().c_str();
  }
  static std::string message_of(const json::object& task) {
    const auto* text = task.if_contains("statusMessage");
    return text != nullptr ? text->as_string().c_str() : "";
  }
  // As `tasks/get` of both wires has it, once it fits.
  void expect_message(const std::string& task, const std::string& pattern) {
    const std::regex expected(pattern);
    std::string seen;
    EXPECT_TRUE(wait_until(
        [&] { return std::regex_match(seen = message_of(server_->get(task)), expected); },
        std::chrono::seconds(10)))
        << seen << " is not " << pattern;
    const legacy_session session(*server_);
    const auto reply = json::parse(session.ask("tasks/get", R"({"taskId":")" + task + R"("})"));
    seen = message_of(reply.at("result").as_object());
    EXPECT_TRUE(std::regex_match(seen, expected)) << seen << " is not " << pattern;
  }
  bool lines_come(const std::string& file, std::size_t count) const {
    return wait_until([&] { return lines_of(file).size() >= count; });
  }

  const std::string rerun = "on_crash = \"rerun\"\nretry_backoff = \"1ms\"\n";
};

// A program that is told to stop takes its time, so those of a server that was killed are still
// there when the next server starts.
TEST_F(program_queue, no_two_run_at_once_with_one_key_however_often_the_server_is_killed) {
  std::string tools = tool_of("migrate", {"db"},
                              "trap 'sleep 0.3; exit 1' TERM\n"
                              "exec 9>>\"$1.lock\"\nflock -n 9 || echo \"$1: $$\" >> overlaps\n"
                              "echo \"$$\" >> runs\nsleep 0.0$((RANDOM % 9))\n",
                              rerun +
                                  "max_attempts = 100\nconcurrency = 1\n"
                                  "concurrency_key = \"{db}\"\n");
  tools.replace(tools.find("200ms"), 5, "2s");
  std::mt19937 random(static_cast<unsigned>(random_seed()));
  std::set<std::string> tasks, cancelled;
  for (int round = 0; round < 10; ++round) {
    const std::size_t before = lines_of("runs").size();
    start(tools, "max_running = 8\n");
    const legacy_session session(*server_);
    for (int i = 0; i < 6; ++i) {
      const std::string db(1, static_cast<char>('a' + random() % 3));
      tasks.insert(random() % 2 == 0
                       ? server_->start("migrate", {{"db", db}})
                       : start_on_session(session, "migrate", R"({"db":")" + db + R"("})"));
    }
    const std::string& unwanted =
        *std::next(tasks.begin(), static_cast<std::ptrdiff_t>(random() % tasks.size()));
    server_->cancel(unwanted);
    if (served::status(server_->get(unwanted)) == "cancelled") cancelled.insert(unwanted);
    EXPECT_TRUE(lines_come("runs", before + random() % 4));
    round % 3 == 0 ? stop_server() : kill_server();
  }
  start(tools, "max_running = 8\n");
  for (const std::string& task : tasks) {
    EXPECT_EQ(served::status(server_->end_of(task)),
              cancelled.contains(task) ? "cancelled" : "completed");
  }
  EXPECT_EQ(tasks.size(), 60U);
  EXPECT_GE(lines_of("runs").size(), tasks.size() - cancelled.size());
  for (const std::string& line : lines_of("overlaps")) ADD_FAILURE() << line;
}

TEST_F(program_queue, no_task_has_more_attempts_than_it_may_however_often_the_server_is_killed) {
  const std::string script =
      "echo \"$1\" >> runs\nsleep 0.0$((RANDOM % 5))\necho \"no room for $1\" >&2\nexit 75\n";
  const std::string tools =
      tool_of("work", {"n"}, script, rerun + "retry_on = [75]\nmax_attempts = 3\n") +
      tool_of("once", {"n"}, script, "");
  std::mt19937 random(static_cast<unsigned>(random_seed()));
  std::map<std::string, std::string> tasks;  // and what they were started with
  for (int round = 0; round < 10; ++round) {
    const std::size_t before = lines_of("runs").size();
    start(tools, "max_running = 4\n");
    for (int i = 0; i < 4; ++i) {
      const std::string n = std::to_string(tasks.size());
      tasks.emplace(server_->start("work", {{"n", n}}), n);
    }
    EXPECT_TRUE(lines_come("runs", before + random() % 6));
    kill_server();
  }
  start(tools, "max_running = 4\n");
  std::size_t failed = 0;
  for (const auto& [task, n] : tasks) {
    const auto ended = server_->end_of(task);
    const auto attempts = lines_of("runs").count(n);
    EXPECT_LE(attempts, 3U);
    if (served::status(ended) == "failed") {  // the last one was killed with its server
      ++failed;
      continue;
    }
    ASSERT_EQ(served::status(ended), "completed") << json::serialize(ended);
    EXPECT_NE(served::text(ended.at("result").as_object()).find("no room for " + n),
              std::string::npos);
  }
  EXPECT_LT(failed, tasks.size());
  const auto failure_of = [&](const std::string& tool) {
    const auto result = server_->result(tool, {{"n", "x"}});
    EXPECT_TRUE(served::is_error(result));
    return served::text(result).substr(tool.size());  // which comes first
  };
  const std::string tried = failure_of("work");
  EXPECT_EQ(lines_of("runs").count("x"), 3U);
  EXPECT_EQ(tried, failure_of("once")) << "as without retry";
  EXPECT_EQ(lines_of("runs").count("x"), 4U);
}

TEST_F(program_queue, a_stalled_program_is_ended_and_the_sentence_says_why) {
  start(script_tool(home, "silent", "echo $$ > pid; exec sleep 1000",
                    std::string(marked) + "stall_limit = \"1s\"\n") +
        script_tool(home, "talks", "for i in {1..60}; do echo $i; sleep 0.1; done",
                    std::string(marked) + "stall_limit = \"5s\"\n"));
  const std::string talks = server_->start("talks");
  const auto ended = server_->end_of(server_->start("silent"));
  EXPECT_EQ(served::status(ended), "failed");
  const std::string sentence = "no sign of life for 1 s (stall_limit)";
  EXPECT_EQ(message_of(ended), sentence);
  EXPECT_EQ(ended.at("error").at("message"), json::value(sentence));
  const int pid = std::stoi(*lines_of("pid").begin());
  EXPECT_TRUE(wait_until([&] { return ::kill(pid, 0) != 0; })) << "it is still there";
  EXPECT_EQ(served::status(server_->end_of(talks)), "completed") << "what it prints is life";
}

TEST_F(program_queue, callers_read_what_their_task_waits_for) {
  const std::string wait = "echo \"$1\" >> runs; until [ -e go ]; do sleep 0.01; done\n";
  const std::string tools =
      tool_of("flaky", {}, "exit 75",
              "retry_on = [75]\nretry_backoff = \"1h\"\nretry_backoff_max = \"1h\"\n") +
      tool_of("migrate", {"db"}, wait, "concurrency = 1\nconcurrency_key = \"{db}\"\n") +
      tool_of("narrow", {}, wait, "max_running = 1\n");
  start(tools);
  const std::string flaky = server_->start("flaky");
  const std::string again = "attempt 2 of 3 in [1-9][0-9]* (s|min|h): exit code 75";
  expect_message(flaky, again);
  kill_server();
  start(tools);
  expect_message(flaky, again);

  const std::string first = server_->start("migrate", {{"db", "orders"}});
  EXPECT_TRUE(lines_come("runs", 1));
  const std::string second = server_->start("migrate", {{"db", "orders"}});
  expect_message(second, "waiting for db=orders");
  EXPECT_EQ(message_of(server_->get(first)), "");

  std::vector<std::string> narrow;
  for (int i = 0; i < 4; ++i) narrow.push_back(server_->start("narrow"));
  EXPECT_TRUE(lines_come("runs", 2));
  expect_message(narrow[1], "waiting: 1 of 1 running");
  expect_message(narrow[3], "waiting: 1 of 1 running, 2 before it");
  home.write("go", "");
  for (const std::string& task : narrow) server_->end_of(task);
  EXPECT_EQ(served::status(server_->end_of(second)), "completed");
}

// --- unique

class unique_programs : public program_queue {
 protected:
  unique_programs() {
    start(tool_of("build", {"what", "how"},
                  "echo run >> runs\nn=0\nuntil [ -e go ]; do\n  sleep 0.02; n=$((n + 1))\n"
                  R"(  printf '{"progress":{"done":%d}}\n' $n >&"$LONGHAUL_FD")"
                  "\ndone\necho \"$1 $2 by $$\"\n",
                  "unique = \"arguments\"\n"));
  }
  // A plain call of 2026-07-28 whose caller is told that the work goes on.
  std::unique_ptr<served::stream> call(const std::string& arguments) const {
    auto stream = std::make_unique<served::stream>(
        *server_,
        server_->request_text(
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: build\r\n",
            R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"build",)"
            R"("arguments":)" +
                arguments +
                R"(,"_meta":{"progressToken":"p",)"
                R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                R"("io.modelcontextprotocol/clientCapabilities":{}}}})"));
    EXPECT_TRUE(stream->await("notifications/progress")) << stream->all;
    return stream;
  }
  // … of 2025-11-25.
  std::unique_ptr<served::stream> call_on(const legacy_session& session, int id,
                                          const std::string& arguments) const {
    const std::string number = std::to_string(id);
    auto stream = std::make_unique<served::stream>(
        *server_,
        server_->request_text(
            session.id, R"({"jsonrpc":"2.0","id":)" + number +
                            R"(,"method":"tools/call","params":{"name":"build","arguments":)" +
                            arguments + R"(,"_meta":{"progressToken":)" + number + "}}}"));
    EXPECT_TRUE(stream->await("notifications/progress")) << stream->all;
    return stream;
  }

  const std::string one_way = R"({"what":"a","how":"b"})";
  const std::string other_way = R"({"how":"b","what":"a"})";
};

TEST_F(unique_programs, a_plain_call_and_a_task_of_the_other_wire_are_one_run) {
  const auto plain = call(one_way);
  const legacy_session session(*server_);
  const std::string task = start_on_session(session, "build", other_way);
  home.write("go", "");
  const std::string text = served::text(server_->end_of(task).at("result").as_object());
  EXPECT_TRUE(text.starts_with("a b by ")) << text;
  EXPECT_TRUE(plain->await(text.substr(0, text.size() - 1))) << plain->all;
  EXPECT_EQ(lines_of("runs").size(), 1U);
}

TEST_F(unique_programs, a_task_and_a_plain_call_of_the_other_wire_are_one_run) {
  const std::string task = server_->start("build", {{"what", "a"}, {"how", "b"}});
  EXPECT_TRUE(lines_come("runs", 1));
  const legacy_session session(*server_);
  const auto plain = call_on(session, 2, other_way);
  home.write("go", "");
  const std::string text = served::text(server_->end_of(task).at("result").as_object());
  EXPECT_TRUE(text.starts_with("a b by ")) << text;
  EXPECT_TRUE(plain->await(text.substr(0, text.size() - 1))) << plain->all;
  EXPECT_EQ(lines_of("runs").size(), 1U);
}

TEST_F(unique_programs, a_caller_that_goes_away_leaves_the_other_its_result) {
  for (const bool first_goes : {true, false}) {
    SCOPED_TRACE(first_goes ? "the first goes" : "the second goes");
    fs::remove(home.file("go"));
    fs::remove(home.file("runs"));
    auto first = call(one_way);
    auto second = call(other_way);
    auto& stays = first_goes ? second : first;
    (first_goes ? first : second).reset();
    for (int told = 0; told < 5; ++told) EXPECT_TRUE(stays->await("notifications/progress"));
    home.write("go", "");
    EXPECT_TRUE(stays->await("a b by ")) << stays->all;
    EXPECT_EQ(lines_of("runs").size(), 1U);
  }
}

TEST_F(unique_programs, a_caller_that_cancels_leaves_the_other_its_result) {
  const legacy_session session(*server_);
  const auto first = call_on(session, 2, one_way);
  const auto second = call_on(session, 3, other_way);
  const auto cancelled =
      server_->post(session.id, R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
                                R"("params":{"requestId":2}})");
  EXPECT_EQ(cancelled.status, 202) << cancelled.body;
  for (int told = 0; told < 5; ++told) EXPECT_TRUE(second->await("notifications/progress"));
  home.write("go", "");
  EXPECT_TRUE(second->await("a b by ")) << second->all;
  EXPECT_EQ(lines_of("runs").size(), 1U);
}

// Its result is that of the run that was made again, and stays it.
TEST_F(program_queue, a_unique_call_is_the_one_that_a_killed_server_had) {
  const std::string tools =
      tool_of("work", {"n"}, "echo run >> runs; until [ -e go ]; do sleep 0.01; done; echo $$",
              rerun + "unique = \"arguments\"\nunique_for = \"1h\"\n");
  start(tools);
  const std::string task = server_->start("work", {{"n", "1"}});
  EXPECT_TRUE(lines_come("runs", 1));
  kill_server();
  start(tools);
  EXPECT_EQ(server_->start("work", {{"n", "1"}}), task);
  home.write("go", "");
  const std::string text = served::text(server_->end_of(task).at("result").as_object());
  kill_server();
  start(tools);
  server_->knows_tasks = false;
  EXPECT_EQ(served::text(server_->call("work", {{"n", "1"}})), text);
  EXPECT_LE(lines_of("runs").size(), 2U);
}

}  // namespace
}  // namespace longhaul::test
