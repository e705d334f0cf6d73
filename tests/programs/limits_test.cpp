// SPDX-License-Identifier: Apache-2.0
// Rates and the audit of a server's file: who is refused on which wire, and what is written down.
#include <sstream>

#include "programs/fixture.hpp"

namespace longhaul::test {
namespace {

class serve_limits : public serve {
 protected:
  // Refused as busy, with a time to come again.
  static void expect_busy(const std::string& body, const std::string& words) {
    const json::object reply = json::parse(body).as_object();
    ASSERT_TRUE(reply.contains("error")) << body;
    const json::object& error = reply.at("error").as_object();
    EXPECT_EQ(error.at("code").as_int64(), 31004);
    EXPECT_EQ(error.at("message").as_string(), words);
    const std::int64_t after = error.at("data").at("retryAfterMs").as_int64();
    EXPECT_GT(after, 0);
    EXPECT_LE(after, 3'600'000);
  }
  static void expect_busy(const json::object& reply, const std::string& words) {
    expect_busy(json::serialize(reply), words);
  }
  std::size_t runs() const {
    std::istringstream all(text_of(home.file("ran")));
    std::size_t count = 0;
    for (std::string line; std::getline(all, line);) ++count;
    return count;
  }
};

constexpr const char* too_many_of_tool = "too many calls of this tool: try again later";

TEST_F(serve_limits, the_rate_of_a_tool_refuses_on_every_path_and_creates_nothing) {
  served server(
      home,
      script_tool(home, "rare", "echo x >> ran", std::string(marked) + "rate = \"2/h\"\n") +
          script_tool(home, "other", "echo ok", marked),
      "single_user = true\n");
  const std::string task = server.start("rare");
  server.end_of(task);
  server.knows_tasks = false;
  EXPECT_FALSE(served::is_error(server.call("rare")));
  expect_busy(server.ask("tools/call", {{"name", "rare"}}), too_many_of_tool);
  server.knows_tasks = true;
  expect_busy(server.ask("tools/call", {{"name", "rare"}}), too_many_of_tool);
  const legacy_session session(server);
  expect_busy(session.ask("tools/call", R"({"name":"rare"})"), too_many_of_tool);
  expect_busy(session.ask("tools/call", R"({"name":"rare","task":{}})"), too_many_of_tool);
  EXPECT_EQ(runs(), 2U);
  const json::value listed = json::parse(session.ask("tasks/list", "{}"));
  EXPECT_EQ(listed.at("result").at("tasks").as_array().size(), 1U) << listed;
  EXPECT_EQ(served::text(server.result("other")), "ok\n") << "other tools are not concerned";
}

TEST_F(serve_limits, each_key_has_its_own_rates) {
  served server(home,
                "[limits]\nrate = \"3/h\"\nrate_per_key = \"2/h\"\ncompletions_per_key = \"1/h\"\n"
                "task_requests_per_key = \"1/h\"\n" +
                    key_table("ann", "ann's key") + key_table("bob", "bob's key") +
                    script_tool(home, "work", "echo ok", marked) +
                    "[[prompt]]\nname = \"p\"\ntext = \"{a}\"\n[prompt.params.a]\ntype = "
                    "\"string\"\nrequired = true\n[[completion]]\nprompt = \"p\"\nparameter = "
                    "\"a\"\nvalues = [\"x\"]\n");
  server.key = "ann's key";
  const std::string task = server.start("work");
  server.start("work");
  expect_busy(server.ask("tools/call", {{"name", "work"}}), "too many calls: try again later");
  EXPECT_FALSE(server.get(task).empty());
  expect_busy(server.ask("tasks/get", {{"taskId", task}}),
              "too many requests about tasks: try again later");
  const json::object completion = {{"ref", {{"type", "ref/prompt"}, {"name", "p"}}},
                                   {"argument", {{"name", "a"}, {"value", ""}}}};
  EXPECT_TRUE(server.ask("completion/complete", completion).contains("result"));
  expect_busy(server.ask("completion/complete", completion),
              "too many completions: try again later");
  server.key = "bob's key";
  server.start("work");
  expect_busy(server.ask("tools/call", {{"name", "work"}}),
              "too many calls of all callers: try again later");
}

TEST_F(serve_limits, the_audit_hears_of_calls_requests_and_refusals) {
  served server(
      home, script_tool(home, "rare", "echo the-result", std::string(marked) + "rate = \"1/h\"\n"),
      "audit = true\naudit_arguments = true\n");
  const std::string task = server.start("rare");
  server.end_of(task);
  EXPECT_TRUE(server.ask("tools/call", {{"name", "rare"}}).contains("error"));
  server.process().signal(SIGTERM);
  const std::string said = server.said + server.process().all_errors();
  EXPECT_EQ(server.process().wait(), 0);
  for (const char* line :
       {" audit.call kind=tool name=rare caller=anonymous arguments={}\n",
        " audit.end kind=tool name=rare caller=anonymous id=", " outcome=completed ms=",
        " audit.task name=get caller=anonymous id=",
        " audit.end kind=tool name=rare caller=anonymous outcome=refused words=\"too many calls of "
        "this tool: try again later\" ms="}) {
    EXPECT_NE(said.find(line), std::string::npos) << line << "\n" << said;
  }
  EXPECT_EQ(said.find(task), std::string::npos) << "ids of tasks are keys to them";
}

}  // namespace
}  // namespace longhaul::test
