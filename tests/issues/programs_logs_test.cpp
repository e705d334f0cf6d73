// SPDX-License-Identifier: Apache-2.0
// After dozens of calls, refused keys, failing programs and a thrown exception stderr had one line:
// where the server listens. Now an operator sees each begin and end of a task, who was refused,
// where tasks are kept, and which wait for a tool that is gone; nobody sees arguments, results,
// keys or whole ids of tasks (an anonymous caller's task has no other key).
#include <array>
#include <sstream>

#include "programs/fixture.hpp"

namespace longhaul::test {
namespace {

class logs : public serve {
 protected:
  // All that the server says until its end.
  static std::string all_of(served& server) {
    server.process().signal(SIGTERM);
    const std::string rest = server.process().all_errors();
    EXPECT_EQ(server.process().wait(), 0);
    return server.said + rest;
  }
  static int count(const std::string& in, const std::string& what) {
    int found = 0;
    for (std::size_t at = 0; (at = in.find(what, at)) != std::string::npos; at += what.size()) {
      ++found;
    }
    return found;
  }
};

TEST_F(logs, a_line_for_each_begin_and_end_and_nothing_that_is_secret) {
  served server(home, script_tool(home, "good", "echo the-result", marked) +
                          script_tool(home, "bad", "exit 3", marked) +
                          script_tool(home, "slow", "touch up; exec sleep 1000", marked));
  const std::string task = server.start("good");
  server.end_of(task);
  server.end_of(server.start("bad"));
  const std::string slow = server.start("slow");
  ASSERT_TRUE(wait_until([&] { return fs::exists(home.file("up")); }));
  server.cancel(slow);
  server.knows_tasks = false;
  EXPECT_EQ(served::text(server.call("good")), "the-result\n") << "a plain call";
  const std::string said = all_of(server);
  const std::string shown = task.substr(0, 14);
  EXPECT_EQ(count(said, " info task.begin id=" + shown + " tool=good owner=anonymous attempt=1\n"),
            1)
      << said;
  EXPECT_EQ(count(said, " info task.end id=" + shown +
                            " tool=good owner=anonymous attempt=1 outcome=completed ms="),
            1)
      << said;
  EXPECT_EQ(count(said, "task.end"), 4) << said;
  EXPECT_EQ(count(said, "tool=bad owner=anonymous attempt=1 outcome=tool_error"), 1) << said;
  EXPECT_EQ(count(said, "tool=slow owner=anonymous attempt=1 outcome=cancelled"), 1) << said;
  for (const std::string& secret : {task, slow, std::string("the-result")}) {
    EXPECT_EQ(count(said, secret), 0) << said;
  }
}

TEST_F(logs, the_start_says_where_it_listens_and_where_how_many_tasks_are) {
  const std::string tools = script_tool(home, "good", "echo ok", marked);
  const std::string lost = script_tool(home, "other", "echo ok", "max_running = 1\n");
  {
    served server(home, tools + script_tool(home, "going", "touch up; exec sleep 1000",
                                            std::string(marked) + "on_crash = \"rerun\"\n"));
    server.end_of(server.start("good"));
    server.start("going");
    ASSERT_TRUE(wait_until([&] { return fs::exists(home.file("up")); }));
    server.process().signal(SIGTERM);
    EXPECT_NE(server.process().error_line_with("stopping"), "");
    server.process().signal(SIGTERM);
    EXPECT_EQ(server.process().wait(), 0);
  }
  served server(home, tools + lost);
  const std::string said = all_of(server);
  EXPECT_EQ(count(said, "listening on http://127.0.0.1:"), 1) << said;
  EXPECT_EQ(
      count(said, "tasks are kept in " + home.file("state/test.db") + ": 2 found, 1 unfinished\n"),
      1)
      << said;
  EXPECT_EQ(count(said, " warning server.tool_gone tool=going tasks=1 "), 1) << said;
  EXPECT_EQ(count(said, "connect Claude Code"), 0) << "that is for a terminal";
}

TEST_F(logs, who_is_refused_is_told_with_his_address_but_not_with_his_key) {
  served server(home, script_tool(home, "good", "echo ok", marked) +
                          "[[key]]\nname = \"a\"\nsha256 = \"" + std::string(64, '0') + "\"\n");
  server.key = "not-the-key";
  const std::string foreign =
      "GET /mcp HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(server.exchange(foreign).status, 403);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(server.send("tools/list", {}).status, 401);
  const std::string said = all_of(server);
  const std::string line = " info http.refused status=401 from=127.0.0.1 method=POST";
  EXPECT_GE(count(said, line), 1) << said;
  EXPECT_LT(count(said, line), 100) << "a flood does not fill the disk";
  EXPECT_EQ(count(said, "http.refused status=403 from=127.0.0.1 method=GET host=evil.example"), 1)
      << said;
  EXPECT_EQ(count(said, "not-the-key"), 0) << said;
}

TEST_F(logs, a_refused_task_names_the_bound) {
  served server(home, script_tool(home, "slow", "exec sleep 1000", marked), "max_open = 1\n");
  const std::string first = server.start("slow");
  EXPECT_THROW(server.start("slow"), std::runtime_error);
  server.cancel(first);
  EXPECT_EQ(count(all_of(server), " info task.refused tool=slow owner=anonymous bound="), 1);
}

TEST_F(logs, off_and_error_leave_out_what_they_say_and_json_is_json) {
  const std::string tools = script_tool(home, "good", "echo ok", marked);
  for (const std::string detail : {"off", "error"}) {
    served server(home, tools, "log = \"" + detail + "\"\n");
    server.end_of(server.start("good"));
    const std::string said = all_of(server);
    EXPECT_EQ(count(said, "listening on"), 1) << said;
    EXPECT_EQ(count(said, "\n"), 1) << said;
  }
  {
    served server(home, tools, "log = \"debug\"\n");
    server.end_of(server.start("good"));
    EXPECT_GE(count(all_of(server), " debug task.change id="), 1);
  }
  served server(home, tools, "log_format = \"json\"\n");
  server.end_of(server.start("good"));
  std::istringstream said(all_of(server));
  int lines = 0;
  for (std::string line; std::getline(said, line); ++lines) {
    EXPECT_TRUE(json::parse(line).as_object().contains("event")) << line;
  }
  EXPECT_GE(lines, 4);
}

TEST_F(logs, a_pipe_is_quiet_unless_it_is_asked_to_speak) {
  const std::string file =
      home.write("longhaul.toml", "[server]\nname = \"test\"\nstate_dir = \"" + home.file("state") +
                                      "\"\n" + script_tool(home, "good", "echo ok", marked));
  for (const bool asked : {false, true}) {
    std::vector<std::string> arguments = {LONGHAUL_SERVE, "serve", file, "--stdio"};
    if (asked) arguments.insert(arguments.end(), {"--log", "info", "--drain-grace", "1s"});
    child host(arguments);
    host.write(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"good","_meta":{)"
               R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
               R"("io.modelcontextprotocol/clientCapabilities":{}}}})"
               "\n");
    EXPECT_NE(host.output_line(), "");
    host.close_input();
    const std::string said = host.all_errors();
    EXPECT_EQ(host.wait(), 0);
    EXPECT_EQ(said.empty(), !asked) << said;
    if (asked) {
      EXPECT_EQ(count(said, "tool=good owner=local"), 2) << said;
    }
  }
}

TEST_F(logs, wrong_options_say_what_to_write) {
  const std::string file = home.write("longhaul.toml", script_tool(home, "good", "echo ok"));
  for (const auto& [option, value, advice] :
       std::vector<std::array<std::string, 3>>{{"--log", "loud", "off, error, info or debug"},
                                               {"--log-format", "xml", "text or json"},
                                               {"--drain-grace", "30", "30s"}}) {
    child wrong({LONGHAUL_SERVE, "serve", file, option, value});
    EXPECT_NE(wrong.all_errors().find(advice), std::string::npos) << option;
    EXPECT_EQ(wrong.wait(), 2) << option;
  }
}

}  // namespace
}  // namespace longhaul::test
