// SPDX-License-Identifier: Apache-2.0
// What first users met at the command line and in calls of programs: a command that does not exist
// was "a subcommand is required"; names that hosts refuse passed unremarked; arguments that n8n
// adds, and numbers in quotes, were refused; hosts threw results with links away.
#include <gtest/gtest.h>

#include "programs/fixture.hpp"

namespace longhaul::test {
namespace {

TEST_F(serve, commands_that_do_not_exist_are_named) {
  const auto said = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), LONGHAUL_SERVE);
    child run(arguments);
    EXPECT_EQ(run.wait(), 2);
    return run.all_errors();
  };
  EXPECT_TRUE(said({"serv", "x.toml"})
                  .starts_with("longhaul: unknown command \"serv\"; did you mean \"serve\"?"));
  EXPECT_NE(said({"frobnicate"}).find("unknown command \"frobnicate\"; there is one of \"serve\""),
            std::string::npos);
  EXPECT_NE(said({"store", "chekc", "x"})
                .find("store: unknown command \"chekc\"; did you mean \"check\"?"),
            std::string::npos);
}

TEST_F(serve, check_warns_with_a_place_and_is_content) {
  const std::string file =
      home.write("warned.toml",
                 "[[tool]]\nname = \"a.b\"\ndescription = \"d\"\ncommand = [\"ls\", \"*.txt\"]\n");
  child check({LONGHAUL_SERVE, "serve", file, "--check"});
  EXPECT_EQ(check.wait(), 0);
  const std::string said = check.all_errors();
  EXPECT_NE(said.find(file + ":2:8: warning: [[tool]] \"a.b\": the name has a dot"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find(file + ":4:18: warning: [[tool]] \"a.b\": \"*.txt\" is passed as it stands"),
            std::string::npos)
      << said;
}

TEST_F(serve, arguments_are_taken_as_they_are_meant_and_links_may_be_text) {
  const std::string tool = script_tool(home, "work", "echo \"$1\"",
                                       std::string(marked) +
                                           "links = false\n"
                                           "[tool.params.n]\ntype = \"integer\"\n");
  std::string with_parameter = tool;
  const std::string command = "command = [\"./work.sh\"]";
  with_parameter.replace(with_parameter.find(command), command.size(),
                         "command = [\"./work.sh\", \"{n}\"]");
  served server(home, with_parameter);
  const legacy_session session(server);
  const std::string result = session.ask(
      "tools/call", R"({"name":"work","arguments":{"n":"5","sessionId":"s","toolCallId":"c"}})");
  EXPECT_NE(result.find(R"({"type":"text","text":"5\n"})"), std::string::npos) << result;
  EXPECT_EQ(result.find("resource_link"), std::string::npos) << result;
  EXPECT_NE(result.find(R"("text":"Standard output of work: longhaul://tasks/)"), std::string::npos)
      << result;
  EXPECT_NE(session.ask("tools/call", R"({"name":"work","arguments":{"n":"5x"}})")
                .find("expected an integer, got"),
            std::string::npos);
}

}  // namespace
}  // namespace longhaul::test
