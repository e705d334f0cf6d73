// SPDX-License-Identifier: Apache-2.0
// The server's side of a program: started, waited for, stopped, given up, with nothing left behind,
// also when its helper is killed.
#include "command/process.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "command/output_file.hpp"
#include "support/process_census.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::command {
namespace {

namespace asio = boost::asio;

class program_process : public testing::Test {
 protected:
  ~program_process() override {
    EXPECT_TRUE(census_.empty_soon());
    EXPECT_TRUE(test::wait_until([] { return test::children_of(::getpid()).empty(); }))
        << "a zombie, or a helper that goes on";
  }

  process_options shell(const std::string& script) const {
    process_options options;
    options.helper = LONGHAUL_RUN;
    options.folder = folder_.path();
    options.program = "/bin/sh";
    options.argv = {"sh", "-c", script};
    options.environment = {"PATH=/usr/bin:/bin", census_.variable()};
    return options;
  }
  std::string output(const std::string& folder, const std::string& stream = "stdout") const {
    try {
      return output_reader(folder + "/" + stream).read(0).bytes;
    } catch (const std::runtime_error&) {
      return {};
    }
  }
  std::string output() const { return output(folder_.path()); }
  bool printed(const std::string& text) const {
    return test::wait_until([&] { return output().find(text) != std::string::npos; });
  }

  test::temporary_folder folder_;
  test::census census_;
};

TEST_F(program_process, runs_to_its_end) {
  auto options = shell("echo $0 $VARIABLE; pwd; cat; echo oops >&2; exit 9");
  options.argv.emplace_back("argument");
  options.environment.emplace_back("VARIABLE=value");
  options.directory = "/usr";
  options.stdin_file = folder_.write("stdin", "input\n");
  process program(options);
  const exit_status status = test::run(program.wait());
  EXPECT_EQ(status.code, 9);
  EXPECT_EQ(status.signal, std::nullopt);
  EXPECT_EQ(status.error, "");
  EXPECT_FALSE(status.stopped);
  EXPECT_EQ(status.lost, "");
  EXPECT_EQ(output(), "argument value\n/usr\ninput\n");
  EXPECT_EQ(output(folder_.path(), "stderr"), "oops\n");
}

TEST_F(program_process, leaves_no_zombie_when_it_was_waited_for) {
  process program(shell("exit 0"));
  EXPECT_EQ(test::run(program.wait()).code, 0);
  EXPECT_EQ(test::children_of(::getpid()), std::vector<pid_t>());
}

TEST_F(program_process, that_ended_long_ago_can_be_waited_for) {
  process program(shell("exit 3"));
  ASSERT_TRUE(test::wait_until([&] { return test::state_of(program.id()).state == '\0'; }));
  EXPECT_EQ(test::run(program.wait()).code, 3);
}

TEST_F(program_process, tells_signals_and_what_cannot_be_executed) {
  {
    process program(shell("kill -KILL $$"));
    EXPECT_EQ(test::run(program.wait()).signal, SIGKILL);
  }
  auto options = shell("");
  options.program = "/no/such/program";
  process program(options);
  const exit_status status = test::run(program.wait());
  EXPECT_EQ(status.error, "the program cannot be executed: No such file or directory");
  EXPECT_EQ(status.lost, "");
  EXPECT_FALSE(status.code || status.signal);
}

TEST_F(program_process, keeps_as_much_output_as_it_is_told) {
  auto options = shell("head -c 100000 /dev/zero");
  options.output_limit = 1000;
  process program(options);
  test::run(program.wait());
  EXPECT_EQ(output().size(), 1000U);
}

TEST_F(program_process, has_a_session_of_its_own_and_not_our_standard_output) {
  process program(shell("echo ready; sleep 1000"));
  ASSERT_TRUE(printed("ready"));
  EXPECT_EQ(test::state_of(program.id()).session, program.id());
  std::error_code error;
  const std::string helper = "/proc/" + std::to_string(program.id()) + "/fd/";
  const auto behind = std::filesystem::read_symlink(helper + "1", error);
  // Only root may look at what cannot be traced.
  EXPECT_EQ(behind, error ? "" : "/dev/null");
  program.stop();
  test::run(program.wait());
}

TEST_F(program_process, ends_when_it_is_stopped) {
  auto options = shell("trap 'echo bye; exit 4' TERM; echo ready; while :; do sleep 0.01; done");
  options.stop_grace = std::chrono::hours(1);
  process program(options);
  ASSERT_TRUE(printed("ready"));
  program.stop();
  program.stop();
  const exit_status status = test::run(program.wait());
  EXPECT_EQ(status.code, 4);
  EXPECT_TRUE(status.stopped);
  EXPECT_EQ(output(), "ready\nbye\n");
}

TEST_F(program_process, is_killed_after_the_grace) {
  auto options = shell("trap '' TERM; (setsid sleep 1000 &); echo ready; sleep 1000; sleep 1000");
  options.stop_grace = std::chrono::milliseconds(30);
  process program(options);
  ASSERT_TRUE(printed("ready"));
  std::thread other([&] { program.stop(); });
  const exit_status status = test::run(program.wait());
  other.join();
  EXPECT_EQ(status.signal, SIGKILL);
  EXPECT_TRUE(status.stopped);
  EXPECT_EQ(census_.count(), 0U);
}

TEST_F(program_process, stopped_at_once_never_hangs) {
  for (int i = 0; i < 10; ++i) {
    process program(shell("sleep 1000"));
    program.stop();
    const exit_status status = test::run(program.wait());
    EXPECT_EQ(status.signal, SIGTERM);
    EXPECT_TRUE(status.stopped);
  }
}

TEST_F(program_process, that_nobody_waits_for_is_ended_and_collected) {
  {
    process program(shell("echo ready; sleep 1000"));
    ASSERT_TRUE(printed("ready"));
  }
  EXPECT_TRUE(census_.empty_soon());
  EXPECT_TRUE(test::wait_until([] { return test::children_of(::getpid()).empty(); }));
}

TEST_F(program_process, many_that_nobody_waits_for_are_collected_whenever_they_end) {
  std::vector<std::unique_ptr<test::temporary_folder>> folders;
  std::vector<std::unique_ptr<process>> programs;
  for (int i = 0; i < 20; ++i) {
    folders.push_back(std::make_unique<test::temporary_folder>());
    auto options = shell(i % 2 == 0 ? "exit 0" : "trap '' TERM; sleep 1000; sleep 1000");
    options.folder = folders.back()->path();
    options.stop_grace = std::chrono::milliseconds(i);
    programs.push_back(std::make_unique<process>(options));
  }
  programs.clear();
  EXPECT_TRUE(test::wait_until([] { return test::children_of(::getpid()).empty(); }));
  EXPECT_TRUE(census_.empty_soon());
}

asio::awaitable<void> wait_for(process& program) { co_await program.wait(); }

TEST_F(program_process, may_go_while_it_is_waited_for) {
  auto program = std::make_unique<process>(shell("sleep 1000"));
  {
    asio::io_context context(1);
    auto waiting = wait_for(*program);
    asio::co_spawn(context, std::move(waiting), asio::detached);
    context.poll();
  }  // as at the end of a server: the coroutine is destroyed where it waits
  program.reset();
  EXPECT_TRUE(census_.empty_soon());
}

asio::awaitable<void> collect(process& program, std::vector<int>& codes) {
  const exit_status status = co_await program.wait();
  codes.push_back(status.code.value_or(-1));
}

TEST_F(program_process, many_run_at_the_same_time) {
  asio::io_context context(1);
  std::vector<std::unique_ptr<test::temporary_folder>> folders;
  std::vector<std::unique_ptr<process>> programs;
  std::vector<int> codes, expected;
  for (int i = 0; i < 30; ++i) {
    folders.push_back(std::make_unique<test::temporary_folder>());
    auto options = shell("exit " + std::to_string(i));
    options.folder = folders.back()->path();
    programs.push_back(std::make_unique<process>(options));
    auto collecting = collect(*programs.back(), codes);
    asio::co_spawn(context, std::move(collecting), asio::detached);
    expected.push_back(i);
  }
  context.run();
  std::sort(codes.begin(), codes.end());
  EXPECT_EQ(codes, expected);
}

TEST_F(program_process, talks_over_its_channel) {
  auto options = shell("read line <&$LONGHAUL_FD; echo \"got $line\" >&$LONGHAUL_FD");
  options.channel = true;
  process program(options);
  ASSERT_GE(program.channel(), 0);
  const int fd = program.channel();
  ASSERT_EQ(::write(fd, "hello\n", 6), 6);
  EXPECT_EQ(test::run(program.wait()).code, 0);
  std::string got(100, '\0');
  ASSERT_EQ(::read(fd, got.data(), got.size()), 10);
  EXPECT_EQ(got.substr(0, 10), "got hello\n");
  EXPECT_EQ(::read(fd, got.data(), got.size()), 0);  // the end

  const descriptor released(program.release_channel());
  EXPECT_EQ(released.get(), fd);
  EXPECT_EQ(program.channel(), -1);
}

TEST_F(program_process, has_no_channel_unless_it_is_asked_for) {
  process program(shell("echo \"<$LONGHAUL_FD>\""));
  EXPECT_EQ(program.channel(), -1);
  EXPECT_EQ(test::run(program.wait()).code, 0);
  EXPECT_EQ(output(), "<>\n");
}

TEST_F(program_process, is_ended_when_its_helper_is_killed) {
  // In the same session: the program, a child in its group, and one in a group of its own.
  process program(shell("trap '' TERM; sleep 1000 & set -m; sleep 1000 & echo ready; wait"));
  ASSERT_TRUE(printed("ready"));
  // One that is just being executed has no environment to be seen by.
  EXPECT_TRUE(test::wait_until([&] { return census_.count() == 4; }));
  ASSERT_EQ(::kill(program.id(), SIGKILL), 0);
  const exit_status status = test::run(program.wait());
  EXPECT_EQ(status.lost, "its helper longhaul-run was killed by signal 9");
  EXPECT_EQ(status.error, "");
  EXPECT_FALSE(status.code || status.signal);
  EXPECT_TRUE(census_.empty_soon());
}

TEST_F(program_process, is_ended_when_its_helper_is_killed_and_nobody_waits) {
  {
    process program(shell("sleep 1000 & set -m; sleep 1000 & echo ready; wait"));
    ASSERT_TRUE(printed("ready"));
    ASSERT_EQ(::kill(program.id(), SIGKILL), 0);
  }
  EXPECT_TRUE(census_.empty_soon());
}

TEST_F(program_process, tells_that_output_cannot_be_kept) {
  auto options = shell("exit 0");
  options.folder = folder_.file("missing");
  process program(options);
  const exit_status status = test::run(program.wait());
  EXPECT_EQ(status.error, "its output cannot be kept: No such file or directory");
  EXPECT_NE(status.detail.find(options.folder), std::string::npos) << status.detail;
  EXPECT_EQ(status.lost, "");
}

TEST_F(program_process, needs_a_helper_that_exists) {
  auto options = shell("exit 0");
  options.helper = "/no/such/longhaul-run";
  try {
    const process program(options);
    FAIL() << "it was started";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_STREQ(error.what(), "cannot start the helper longhaul-run: No such file or directory");
  }
}

TEST_F(program_process, refuses_what_no_program_can_be_given) {
  auto options = shell("exit 0");
  options.argv.emplace_back("with\0nul", 8);
  EXPECT_THROW(process{options}, std::invalid_argument);
  options = shell("exit 0");
  options.environment.emplace_back("A=\0", 3);
  EXPECT_THROW(process{options}, std::invalid_argument);
  options = shell("exit 0");
  options.argv.clear();
  EXPECT_THROW(process{options}, std::invalid_argument);
  options = shell("exit 0");
  options.argv.emplace_back(1'000'000, 'x');
  try {
    const process program(options);
    FAIL() << "it was started";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), E2BIG);
  }
}

TEST_F(program_process, costs_no_descriptor_in_the_long_run) {
  const auto one_of_each = [&] {
    auto options = shell("exit 0");
    options.channel = true;
    {
      process program(options);
      test::run(program.wait());
    }
    {
      const process abandoned(options);
    }
    options.helper = "/no/such/longhaul-run";
    EXPECT_THROW(process{options}, std::system_error);
    EXPECT_TRUE(test::wait_until([] { return test::children_of(::getpid()).empty(); }));
  };
  one_of_each();  // what is made once: the collector's eventfd, the context of `run`
  std::size_t before = 0;
  EXPECT_TRUE(test::wait_until([&] {
    const std::size_t last = std::exchange(before, test::open_descriptors());
    return last == before;
  }));
  for (int i = 0; i < 10; ++i) one_of_each();
  EXPECT_TRUE(test::wait_until([&] { return test::open_descriptors() <= before; }))
      << before << " before, " << test::open_descriptors() << " after";
}

TEST_F(program_process, no_descriptor_survives_in_another_program) {
  process first(shell("echo ready; sleep 1000"));
  ASSERT_TRUE(printed("ready"));
  const test::temporary_folder other;
  {
    auto options = shell("sleep 1000");
    options.folder = other.path();
    options.channel = true;
    process second(options);
    // Did the second hold the first one's lifeline, this would hang.
    first.stop();
    EXPECT_TRUE(test::run(first.wait()).stopped);
  }
}

TEST(exit_status_line, is_read_as_the_helper_writes_it) {
  const auto read = [](const std::string& text) { return parse_exit_status(text); };
  EXPECT_EQ(read("{\"exit\":0}\n")->code, 0);
  EXPECT_EQ(read("{\"exit\":255,\"stopped\":true}\n")->stopped, true);
  EXPECT_EQ(read("{\"signal\":9}\n")->signal, 9);
  EXPECT_EQ(read("{\"error\":\"why \\u000a\"}\n")->error, "why \n");
  EXPECT_EQ(read("{\"lost\":\"why\"}\n")->lost, "why");
  EXPECT_EQ(read("{\"exit\":0,\"output_error\":\"full\"}\n")->output_error, "full");
}

TEST(exit_status_line, that_the_helper_did_not_write_says_nothing) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("{}"), std::string("[]"),
        std::string("{\"exit\":\"0\"}"), std::string("{\"exit\":0,\"signal\":9}"),
        std::string("{\"exit\":-1}"), std::string("{\"exit\":256}"),
        std::string("{\"exit\":99999999999999999999}"), std::string("{\"error\":\"\"}"),
        std::string("{\"exit\":0}{"), std::string("{\"exit\":0,\"x\":\"\xff\"}"),
        std::string("\0{\"exit\":0}", 11), std::string(100'000, ' ')}) {
    EXPECT_FALSE(parse_exit_status(text)) << text.substr(0, 100);
  }
}

}  // namespace
}  // namespace longhaul::command
