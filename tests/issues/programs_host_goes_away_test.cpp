// SPDX-License-Identifier: Apache-2.0
// A host ends a server over stdio as VS Code and the TypeScript SDK do: it closes our input, sends
// SIGTERM two seconds later, and SIGKILL after two more. With a call running the server sat out a
// fixed grace of five seconds, told the program nothing meanwhile, and was killed; SIGHUP killed it
// at once. Now the end of input cancels the calls of the host (nobody reads their answers), their
// programs get SIGTERM in that instant, and the server is gone before the host's first signal;
// what a program still takes to end is its helper's business.
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <array>
#include <csignal>
#include <fstream>

#include "programs/fixture.hpp"
#include "support/seed.hpp"

namespace longhaul::test {
namespace {

// How long a host waits before its SIGTERM.
constexpr int host_patience = 2000;  // ms

class host_goes_away : public serve {
 protected:
  // Notes SIGTERM, and goes on.
  static constexpr const char* stubborn =
      "trap 'touch termed' TERM; touch up; while :; do sleep 0.05; done";

  /// Its shell has time to say that it was asked to end, on a busy machine too.
  std::string stubborn_tool() const {
    std::string tool = script_tool(home, "stubborn", stubborn, marked);
    const std::string hasty = "stop_grace = \"200ms\"";
    return tool.replace(tool.find(hasty), hasty.size(), "stop_grace = \"3s\"");
  }

  void start(const std::string& tools, const std::string& server_keys = "",
             std::vector<std::string> more = {}) {
    const std::string file =
        home.write("longhaul.toml", "[server]\nname = \"test\"\nstate_dir = \"" +
                                        home.file("state") + "\"\n" + server_keys + tools);
    std::vector<std::string> arguments = {LONGHAUL_SERVE, "serve", file, "--stdio"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    host = std::make_unique<child>(arguments);
  }
  void call(const std::string& tool, bool as_task = false) const {
    const std::string tasks = as_task ? R"("extensions":{"io.modelcontextprotocol/tasks":{}})" : "";
    host->write(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":")" + tool +
                R"(","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                R"("io.modelcontextprotocol/clientCapabilities":{)" +
                tasks + "}}}}\n");
  }
  bool is_there(const std::string& file) const {
    return wait_until([&] { return fs::exists(home.file(file)); });
  }
  // False: the host would have to send its signal.
  bool gone_in_time() const {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, host->pid(), 0));
    pollfd ended{fd, POLLIN, 0};
    const bool gone = ::poll(&ended, 1, host_patience * slowdown) == 1;
    ::close(fd);
    return gone;
  }

  std::unique_ptr<child> host;
};

TEST_F(host_goes_away, the_end_of_input_ends_calls_programs_and_server_before_the_hosts_sigterm) {
  start(stubborn_tool());
  call("stubborn");
  ASSERT_TRUE(is_there("up"));
  host->close_input();
  EXPECT_TRUE(gone_in_time());
  EXPECT_EQ(host->wait(), 0);
  EXPECT_TRUE(is_there("termed")) << "the program was asked to end";
  EXPECT_TRUE(census_.empty_soon()) << "and was killed when it did not";
}

TEST_F(host_goes_away, each_signal_ends_it_while_the_input_is_open) {
  std::signal(SIGHUP, SIG_DFL);  // the server heeds what nohup leaves ignored
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    fs::remove(home.file("up"));
    fs::remove(home.file("termed"));
    start(stubborn_tool());
    call("stubborn");
    ASSERT_TRUE(is_there("up"));
    host->signal(signal);
    EXPECT_TRUE(gone_in_time()) << signal;
    EXPECT_EQ(host->wait(), 0) << signal;
    EXPECT_TRUE(is_there("termed")) << signal;
    EXPECT_TRUE(census_.empty_soon()) << signal;
  }
}

TEST_F(host_goes_away, a_host_that_dies_shows_in_the_output_though_the_input_stays_open) {
  start(stubborn_tool());
  call("stubborn");
  ASSERT_TRUE(is_there("up"));
  host->close_output();  // somebody else still holds the other end of the input
  EXPECT_TRUE(gone_in_time());
  EXPECT_EQ(host->wait(), 0);
  EXPECT_TRUE(census_.empty_soon());
}

TEST_F(host_goes_away, a_reply_that_nobody_reads_holds_nothing_up) {
  start(script_tool(home, "large", "head -c 9000000 /dev/zero | tr '\\0' x; touch done",
                    std::string(marked) + "result_limit = \"16MiB\"\n"),
        "");
  call("large");
  ASSERT_TRUE(is_there("done"));
  host->close_input();
  EXPECT_TRUE(gone_in_time());
  EXPECT_EQ(host->wait(), 0);
}

TEST_F(host_goes_away, half_a_line_at_the_end_runs_nothing) {
  start(script_tool(home, "touch", "touch ran", marked));
  host->write(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"tou)");
  host->close_input();
  EXPECT_TRUE(gone_in_time());
  EXPECT_EQ(host->wait(), 0);
  EXPECT_FALSE(fs::exists(home.file("ran")));
}

TEST_F(host_goes_away, a_call_made_just_before_the_end_of_input_is_still_answered) {
  start(script_tool(home, "hello", "echo hello from a program", marked));
  call("hello");
  host->close_input();
  EXPECT_NE(host->output_line().find("hello from a program"), std::string::npos);
  EXPECT_EQ(host->wait(), 0);
}

// What a host may ask for in its next session is not lost: it runs again, or is failed, at once.
TEST_F(host_goes_away, tasks_whose_id_was_handed_out_are_handed_back_or_failed) {
  const std::string tools =
      script_tool(home, "again", "echo x >> began; [ $(wc -l < began) -gt 1 ] || sleep 1000",
                  std::string(marked) + "on_crash = \"rerun\"\n") +
      script_tool(home, "once", "touch up; exec sleep 1000", marked);
  start(tools);
  call("again", true);
  const std::string again = host->output_line();
  call("once", true);
  const std::string once = host->output_line();
  ASSERT_TRUE(is_there("began"));
  ASSERT_TRUE(is_there("up"));
  host->close_input();
  EXPECT_TRUE(gone_in_time());
  EXPECT_EQ(host->wait(), 0);
  EXPECT_TRUE(census_.empty_soon());

  start(tools);
  const auto status = [&](const std::string& created) {
    const auto task = json::parse(created).at("result").at("taskId").as_string();
    host->write(R"({"jsonrpc":"2.0","id":8,"method":"tasks/get","params":{"taskId":")" +
                std::string(task) +
                R"(","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                R"("io.modelcontextprotocol/clientCapabilities":{"extensions":{)"
                R"("io.modelcontextprotocol/tasks":{}}}}}})"
                "\n");
    const auto reply = json::parse(host->output_line());
    return std::string(reply.at("result").at("status").as_string());
  };
  EXPECT_EQ(status(once), "failed");
  EXPECT_TRUE(wait_until([&] { return status(again) == "completed"; }));
  host->close_input();
  EXPECT_EQ(host->wait(), 0);
}

// With a grace the tasks of the host go on after its end; its calls do not. A signal hurries.
TEST_F(host_goes_away, drain_grace_keeps_tasks_running_and_a_signal_cuts_it_short) {
  start(script_tool(home, "long", "touch up; exec sleep 1000", marked), "drain_grace = \"1h\"\n",
        {"--log", "info"});
  call("long", true);
  ASSERT_NE(host->output_line().find("taskId"), std::string::npos);
  ASSERT_TRUE(is_there("up"));
  host->close_input();
  EXPECT_NE(host->error_line_with("the host has gone"), "");
  EXPECT_GT(census_.count(), 1U) << "the task runs";
  host->signal(SIGTERM);
  EXPECT_TRUE(gone_in_time());
  EXPECT_EQ(host->wait(), 0);
}

TEST_F(host_goes_away, over_http_sighup_drains_too_and_a_second_signal_hurries) {
  served server(home, script_tool(home, "slow", "touch up; exec sleep 1000", marked),
                "drain_grace = \"1h\"\n");
  server.start("slow");
  ASSERT_TRUE(is_there("up"));
  server.process().signal(SIGHUP);
  EXPECT_NE(server.process().error_line_with("stopping"), "");
  // It says so when it begins to drain.
  EXPECT_TRUE(wait_until([&] { return server.fetch("/readyz").status == 503; }));
  server.process().signal(SIGHUP);
  EXPECT_EQ(server.process().wait(), 0);
}

// nohup: who starts a server with SIGHUP ignored wants it to stay.
TEST_F(host_goes_away, a_sighup_that_was_ignored_from_the_start_stays_ignored) {
  std::signal(SIGHUP, SIG_IGN);
  served server(home, script_tool(home, "quick", "echo ok", marked));
  std::signal(SIGHUP, SIG_DFL);
  server.process().signal(SIGHUP);
  EXPECT_EQ(served::text(server.result("quick")), "ok\n");
  server.process().signal(SIGTERM);
  EXPECT_EQ(server.process().wait(), 0);
}

// The kernel spares process 1 (of a container) every signal that it does not handle.
TEST_F(host_goes_away, as_process_1_it_hears_all_of_them) {
  if (::geteuid() != 0) GTEST_SKIP() << "a namespace of processes needs root";
  const std::string file =
      home.write("longhaul.toml", "[server]\nname = \"one\"\nstore = \"memory:\"\nstate_dir = \"" +
                                      home.file("state") + "\"\n" +
                                      script_tool(home, "quick", "echo ok", marked));
  for (const char* signal : {"TERM", "INT", "HUP"}) {
    // Its own pid says that it is the first of its namespace; the signal comes from outside.
    child outer({"/usr/bin/unshare", "--pid", "--fork", "--kill-child", LONGHAUL_SERVE, "serve",
                 file, "--http", "127.0.0.1:0"});
    if (outer.error_line_with("listening on").empty()) GTEST_SKIP() << "unshare is not allowed";
    const auto inner = children_of(outer.pid());
    ASSERT_EQ(inner.size(), 1U);
    ::kill(inner.front(), std::string(signal) == "TERM"  ? SIGTERM
                          : std::string(signal) == "INT" ? SIGINT
                                                         : SIGHUP);
    EXPECT_EQ(outer.wait(), 0) << signal;
  }
}

}  // namespace
}  // namespace longhaul::test
