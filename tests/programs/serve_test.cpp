// SPDX-License-Identifier: Apache-2.0
// `longhaul serve` from outside: files, keys, output, fallback, signals and sudden death.
#include <array>
#include <filesystem>

#include "programs/fixture.hpp"

namespace longhaul::test {
namespace {

TEST_F(serve, check_says_all_faults_and_starts_nothing) {
  const std::string file =
      home.write("bad.toml",
                 "[server]\nnam = \"x\"\n[[tool]]\nname = \"t\"\n"
                 "description = \"d\"\ncommand = [\"no-such-program-here\"]\n");
  child check({LONGHAUL_SERVE, "serve", file, "--check"});
  EXPECT_EQ(check.wait(), 2);
  const std::string said = check.all_errors();
  EXPECT_NE(said.find(file + ":2:1: [server]: unknown key \"nam\"; did you mean \"name\"?"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find(file + ":6:12: "), std::string::npos) << said;
  EXPECT_NE(said.find("no-such-program-here"), std::string::npos) << said;
  EXPECT_NE(said.find("2 faults; nothing was started"), std::string::npos) << said;
  child missing({LONGHAUL_SERVE, "serve", home.file("missing.toml")});
  EXPECT_EQ(missing.wait(), 2);
  EXPECT_NE(missing.all_errors().find("no such file"), std::string::npos);
}

TEST_F(serve, check_looks_at_address_and_store) {
  const std::string file = home.write("good.toml", script_tool(home, "work", "echo"));
  for (const auto& [option, value, said] :
       {std::array{"--http", "garbage", "HOST:PORT"}, {"--store", "bogus:", "sqlite:PATH"}}) {
    child check({LONGHAUL_SERVE, "serve", file, "--check", option, value});
    EXPECT_EQ(check.wait(), 2) << option;
    EXPECT_NE(check.all_errors().find(said), std::string::npos) << option;
  }
  child good({LONGHAUL_SERVE, "serve", file, "--check", "--http", "127.0.0.1:0"});
  EXPECT_EQ(good.wait(), 0) << good.all_errors();
}

// The first file that was opened got number 2: log lines were written into the store's lock.
TEST_F(serve, closed_standard_streams_are_filled) {
  const std::string file = home.write("good.toml", script_tool(home, "work", "echo"));
  const child server({"/bin/bash", "-c", R"(exec "$0" "$@" <&- >&- 2>&-)", LONGHAUL_SERVE, "serve",
                      file, "--http", "127.0.0.1:0"});
  const fs::path open = "/proc/" + std::to_string(server.pid()) + "/fd";
  const auto behind = [&](const char* number) {
    std::error_code error;
    return fs::read_symlink(open / number, error);
  };
  EXPECT_TRUE(wait_until([&] { return behind("5") != ""; })) << "it has opened more";
  for (const char* number : {"0", "1", "2"}) EXPECT_EQ(behind(number), "/dev/null") << number;
}

TEST_F(serve, a_program_is_a_task_whose_output_can_be_read_while_it_runs_and_after) {
  served server(
      home, script_tool(home, "work", "echo begun; until [ -e go ]; do sleep 0.01; done; echo done",
                        marked));
  const auto task = server.start("work");
  EXPECT_TRUE(wait_until([&] { return server.output(task, "stdout") == "begun\n"; }));
  EXPECT_EQ(served::status(server.get(task)), "working");
  home.write("go", "");
  const auto ended = server.end_of(task);
  EXPECT_EQ(served::status(ended), "completed");
  EXPECT_EQ(served::text(ended.at("result").as_object()), "begun\ndone\n");
  EXPECT_EQ(server.output(task, "stdout?offset=6"), "done\n");
  EXPECT_EQ(server.output(task, "stdout?tail=3"), "ne\n");
  EXPECT_EQ(server.output(task, "stderr"), "");
  EXPECT_TRUE(server.read("longhaul://tasks/" + task + "/status").contains("error"));
  EXPECT_TRUE(server.read("longhaul://tasks/../stdout").contains("error"));
}

TEST_F(serve, sessions_read_output_too) {
  served server(home,
                script_tool(home, "work", "printf 'caf\\xc3\\xa9'; printf '\\xff' >&2", marked));
  const legacy_session session(server);
  const auto ask = [&](const std::string& method, const std::string& params) {
    return session.ask(method, params);
  };
  EXPECT_NE(session.begun.body.find(R"("resources":{"subscribe":true})"), std::string::npos);
  const std::string result = ask("tools/call", R"({"name":"work"})");
  const auto link = result.find("longhaul://tasks/");
  ASSERT_NE(link, std::string::npos) << result;
  const std::string uri = result.substr(link, result.find('"', link) - link);
  const auto read = [&](const std::string& what) {
    return ask("resources/read", R"({"uri":")" + what + "\"}");
  };
  EXPECT_NE(read(uri).find("\"text\":\"caf\xc3\xa9\""), std::string::npos) << read(uri);
  EXPECT_NE(read(uri + "?offset=4").find(R"("blob":"qQ==")"), std::string::npos)
      << "from that byte on, though it is half a character";
  const std::string other = uri.substr(0, uri.rfind('/')) + "/stderr";
  EXPECT_NE(read(other).find(R"("blob":"/w==")"), std::string::npos) << read(other);
  EXPECT_NE(read("longhaul://tasks/unknown/stdout").find("-32002"), std::string::npos);
  EXPECT_NE(read(uri + "?offset=x").find("-32602"), std::string::npos);
  EXPECT_NE(ask("resources/templates/list", "{}").find("{?offset,tail}"), std::string::npos);
  EXPECT_NE(ask("resources/list", "{}").find(R"("resources":[])"), std::string::npos);
}

TEST_F(serve, P19_with_two_keys_nobody_reaches_the_others_task) {
  served server(home,
                key_table("ann", "ann's key") + key_table("bob", "bob's key") +
                    script_tool(home, "work", "echo secret; exec sleep 1000", marked),
                "fallback_tools = true\n");
  EXPECT_THROW(server.call("work"), std::exception);
  EXPECT_EQ(server.last.status, 401);
  EXPECT_NE(server.last.head.find("WWW-Authenticate: Bearer"), std::string::npos);
  server.key = "nobody's key";
  EXPECT_THROW(server.call("work"), std::exception);
  EXPECT_EQ(server.last.status, 401);

  server.key = "ann's key";
  const auto task = server.start("work");
  EXPECT_TRUE(wait_until([&] { return server.output(task, "stdout") == "secret\n"; }));
  server.key = "bob's key";
  EXPECT_EQ(served::status(server.get(task)), "unknown");
  EXPECT_EQ(server.output(task, "stdout"), "");
  EXPECT_TRUE(server.ask("tasks/update", {{"taskId", task}, {"inputResponses", json::object{}}})
                  .contains("error"));
  EXPECT_TRUE(server.ask("tasks/cancel", {{"taskId", task}}).contains("error"));
  for (const char* tool : {"task_status", "task_result", "task_cancel"}) {
    const auto said = server.call(tool, {{"task_id", task}});
    EXPECT_TRUE(served::is_error(said)) << tool;
    EXPECT_EQ(served::text(said), served::text(server.call(tool, {{"task_id", "nonsense"}})))
        << "a foreign task is an unknown one";
  }
  const legacy_session bobs(server);
  const std::string by_id = R"({"taskId":")" + task + "\"}";
  EXPECT_NE(bobs.begun.body.find(R"("list":{})"), std::string::npos) << "he is identified";
  EXPECT_EQ(bobs.ask("tasks/list", "{}").find(task), std::string::npos);
  for (const char* method : {"tasks/get", "tasks/result", "tasks/cancel"}) {
    EXPECT_NE(bobs.ask(method, by_id).find("-32602"), std::string::npos) << method;
  }
  const std::string uri = R"({"uri":"longhaul://tasks/)" + task + R"(/stdout"})";
  EXPECT_NE(bobs.ask("resources/read", uri).find("-32002"), std::string::npos);
  server.key = "ann's key";
  EXPECT_EQ(server.post(bobs.id, R"({"jsonrpc":"2.0","id":3,"method":"ping"})").status, 404)
      << "a session is nobody else's, either";
  const legacy_session anns(server);
  EXPECT_NE(anns.ask("tasks/list", "{}").find(task), std::string::npos);
  EXPECT_NE(anns.ask("resources/read", uri).find("secret"), std::string::npos);
  EXPECT_EQ(served::status(server.get(task)), "working");
  EXPECT_FALSE(served::is_error(server.call("task_cancel", {{"task_id", task}})));
  EXPECT_EQ(served::status(server.end_of(task)), "cancelled");
}

TEST_F(serve, callers_without_tasks_get_a_fallback) {
  served server(
      home, script_tool(home, "work", "until [ -e go ]; do sleep 0.01; done; echo done", marked),
      "fallback_tools = true\ninline_limit = \"50ms\"\n");
  server.knows_tasks = false;
  const auto first = server.call("work");
  EXPECT_NE(served::text(first).find("Still running"), std::string::npos);
  const std::string task = first.at("structuredContent").at("taskId").as_string().c_str();
  const auto early = server.call("task_result", {{"task_id", task}});
  EXPECT_NE(served::text(early).find("Not done yet"), std::string::npos);
  home.write("go", "");
  const auto status = server.call("task_status", {{"task_id", task}});
  EXPECT_EQ(status.at("structuredContent").at("status").as_string(), "completed");
  EXPECT_EQ(served::text(server.call("task_result", {{"task_id", task}})), "done\n");
}

TEST_F(serve, kill_9_of_the_server_leaves_nothing_running_and_the_next_one_cleans_up) {
  auto server = std::make_unique<served>(
      home, script_tool(home, "stubborn",
                        "trap '' TERM\n(trap '' TERM; setsid bash -c \"trap '' TERM; while :; do "
                        "sleep 1000; done\") &\ntouch up; while :; do sleep 1000; done",
                        marked));
  std::vector<std::string> lost;
  for (int i = 0; i < 3; ++i) lost.push_back(server->start("stubborn"));
  ASSERT_TRUE(wait_until([&] { return fs::exists(home.file("up")) && census_.count() >= 13; }));
  server->process().signal(SIGKILL);
  EXPECT_EQ(server->process().wait(), 128 + SIGKILL);
  EXPECT_TRUE(census_.empty_soon()) << "helpers, programs, and what they started";
  server.reset();
  const std::string stray = home.file("state/test.db.output/0123stray");
  fs::create_directories(stray);
  served next(home, script_tool(home, "quick", "echo ok", marked));
  EXPECT_FALSE(fs::exists(stray)) << "what belongs to no task is swept";
  EXPECT_EQ(served::text(next.result("quick")), "ok\n");
  for (const std::string& task : lost) {
    const auto is = next.get(task);
    EXPECT_EQ(served::status(is), "failed");
    EXPECT_EQ(is.at("error").at("message").as_string(), "executor lost, outcome unknown");
  }
}

TEST_F(serve, sigterm_stops_programs) {
  served server(home, script_tool(home, "slow", "touch up; exec sleep 1000", marked));
  server.start("slow");
  ASSERT_TRUE(wait_until([&] { return fs::exists(home.file("up")); }));
  server.process().signal(SIGTERM);
  EXPECT_NE(server.process().error_line_with("stopping"), "");
  server.process().signal(SIGTERM);
  EXPECT_EQ(server.process().wait(), 0);
  EXPECT_TRUE(census_.empty_soon());
}

TEST_F(serve, in_memory_the_output_goes_with_the_server) {
  served server(home, script_tool(home, "slow", "touch up; exec sleep 1000", marked),
                "store = \"memory:\"\n");
  server.start("slow");
  ASSERT_TRUE(wait_until([&] { return fs::exists(home.file("up")); }));
  EXPECT_FALSE(fs::is_empty(home.file("state")));
  server.process().signal(SIGTERM);
  EXPECT_NE(server.process().error_line_with("stopping"), "");
  server.process().signal(SIGTERM);
  EXPECT_EQ(server.process().wait(), 0);
  EXPECT_TRUE(fs::is_empty(home.file("state")));
}

TEST_F(serve, P21_more_calls_than_slots_all_end_and_the_limit_holds) {
  served server(home,
                script_tool(home, "work",
                            "mkdir running.$$; ls -d running.* | wc -l >> seen; rmdir running.$$",
                            std::string(marked) + "max_running = 2\n"),
                "max_open = 30\n");
  std::vector<std::string> tasks;
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    try {
      tasks.push_back(server.start("work"));
    } catch (const std::runtime_error& busy) {
      EXPECT_NE(std::string(busy.what()).find("retryAfterMs"), std::string::npos) << busy.what();
      ++refused;
    }
  }
  for (const auto& task : tasks) EXPECT_EQ(served::status(server.end_of(task)), "completed");
  std::istringstream seen(text_of(home.file("seen")));
  for (int at_once = 0; seen >> at_once;) EXPECT_LE(at_once, 2);
  EXPECT_EQ(tasks.size() + static_cast<std::size_t>(refused), 60U);
}

TEST_F(serve, a_server_with_stdio_answers_on_its_pipe) {
  const std::string file = home.write(
      "longhaul.toml", "[server]\nstate_dir = \"" + home.file("state") + "\"\n" +
                           script_tool(home, "hello", "echo hello from a program", marked));
  child server({LONGHAUL_SERVE, "serve", file, "--stdio"});
  server.write(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"hello","_meta":{)"
               R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
               R"("io.modelcontextprotocol/clientCapabilities":{}}}})"
               "\n");
  EXPECT_NE(server.output_line().find("hello from a program"), std::string::npos);
  server.close_input();
  EXPECT_EQ(server.wait(), 0);
}

}  // namespace
}  // namespace longhaul::test
