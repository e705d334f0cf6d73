// SPDX-License-Identifier: Apache-2.0
// longhaul-run and an ordinary program: what the program gets, what becomes of its output, how its
// end is told. Programs that resist are in longhaul_run_end_test.cpp.
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "command/process.hpp"
#include "helper_fixture.hpp"

namespace longhaul::command {
namespace {

class longhaul_run : public helper_fixture {};

TEST_F(longhaul_run, passes_every_argument_as_it_is) {
  const strings hostile = {
      "plain",    "",      "two words", "\"quoted\" 'single'",    "line\nbreak",
      "$(id)",    "--dir", "--",        "`id`; rm -rf x",         "\\",
      "\xff\xfe", "*",     "{file}",    std::string(100'000, 'x')};
  start({}, shell(R"(printf '%s\0' "$@")", hostile));
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  std::string expected;
  for (const std::string& word : hostile) expected += word + '\0';
  EXPECT_EQ(output(), expected);
}

TEST_F(longhaul_run, gives_the_program_its_environment_and_nothing_else) {
  environment_ = {"PATH=/usr/bin", "EMPTY=", "ODD=a=b\n$(id)", "LONGHAUL_FD=99"};
  start({}, {path_of("env"), "env", "-0"});
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  const std::string expected = "PATH=/usr/bin" + std::string(1, '\0') + "EMPTY=" + '\0' +
                               "ODD=a=b\n$(id)" + '\0' + census_.variable() + '\0';
  EXPECT_EQ(output(), expected);
}

TEST_F(longhaul_run, gives_the_program_three_descriptors_and_nothing_else) {
  const fd_pair foreign = make_pipe();
  start({}, python("import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))"), [&] {
    for (const int fd : {5, 9, 77}) ::dup2(foreign.write.get(), fd);  // inherited by exec
  });
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output(), "[0, 1, 2, 3]\n");  // 3 is the listing's own
}

TEST_F(longhaul_run, gives_the_program_signals_as_a_fresh_process_has_them) {
  start({}, {path_of("cat"), "cat", "/proc/self/status"}, [] {
    for (const int signal : {SIGINT, SIGPIPE, SIGCHLD, SIGXFSZ}) std::signal(signal, SIG_IGN);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
  });
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  for (const char* const set : {"SigPnd", "SigBlk", "SigIgn"}) {
    EXPECT_NE(output().find(std::string(set) + ":\t0000000000000000\n"), std::string::npos)
        << set << output();
  }
}

TEST_F(longhaul_run, gives_the_program_a_group_of_its_own_and_dies_with_us) {
  start({}, shell("echo $$; read line </proc/self/stat; echo $line; sleep 1000"));
  ASSERT_TRUE(printed(") "));
  const pid_t program = std::stoi(output());
  const auto state = test::state_of(program);
  EXPECT_EQ(state.group, program);
  EXPECT_EQ(state.parent, helper_);
  EXPECT_EQ(test::text_of("/proc/" + std::to_string(helper_) + "/comm"), "longhaul-run\n");
  ::kill(helper_, SIGKILL);
  EXPECT_EQ(wait(), -SIGKILL);
  EXPECT_TRUE(test::wait_until([&] { return test::state_of(program).state == '\0'; }));
}

TEST_F(longhaul_run, starts_the_program_where_it_is_told_to) {
  start({"--cwd", "/usr"}, {path_of("pwd"), "pwd", "-P"});
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output(), "/usr\n");
}

TEST_F(longhaul_run, feeds_standard_input_from_a_file) {
  const std::string text = "some\0input\n" + std::string(200'000, 'i');
  start({"--stdin", folder_.write("stdin", text)}, {path_of("cat"), "cat"});
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output(), text);
}

TEST_F(longhaul_run, without_a_file_standard_input_is_empty) {
  start({}, {path_of("cat"), "cat"});
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output(), "");
}

TEST_F(longhaul_run, tells_exit_codes) {
  start({}, shell("echo to stdout; echo to stderr >&2; exit 77"));
  EXPECT_EQ(status_after_wait(), R"({"exit":77})");
  EXPECT_EQ(output("stdout"), "to stdout\n");
  EXPECT_EQ(output("stderr"), "to stderr\n");
}

TEST_F(longhaul_run, tells_signals) {
  start({}, shell("kill -SEGV $$"));
  EXPECT_EQ(status_after_wait(), R"({"signal":11})");
}

TEST_F(longhaul_run, tells_why_a_program_cannot_be_executed) {
  start({}, {"/no/such/program", "x"});
  EXPECT_EQ(status_after_wait(),
            R"({"error":"the program cannot be executed: No such file or directory",)"
            R"("detail":"the program cannot be executed (/no/such/program): )"
            R"(No such file or directory"})");
  EXPECT_EQ(census_.count(), 0U);
}

TEST_F(longhaul_run, a_script_without_an_interpreter_is_not_given_to_a_shell) {
  const std::string script = folder_.write("script", "echo must not run\n");
  ASSERT_EQ(::chmod(script.c_str(), 0700), 0);
  start({}, {script, "script"});
  EXPECT_EQ(status_after_wait(), R"({"error":"the program cannot be executed: Exec format error",)"
                                 R"("detail":"the program cannot be executed ()" +
                                     script + R"(): Exec format error"})");
  EXPECT_EQ(output(), "");
}

TEST_F(longhaul_run, tells_why_a_program_cannot_be_started_where_it_should) {
  start({"--cwd", "/no/such/folder"}, {path_of("true"), "true"});
  EXPECT_EQ(status_after_wait(),
            R"({"error":"its folder cannot be entered: No such file or directory",)"
            R"("detail":"its folder cannot be entered (/no/such/folder): )"
            R"(No such file or directory"})");
}

TEST_F(longhaul_run, tells_that_standard_input_cannot_be_read) {
  start({"--stdin", "/no/such/file"}, {path_of("true"), "true"});
  EXPECT_EQ(status_after_wait(),
            R"({"error":"its standard input cannot be read: No such file or directory",)"
            R"("detail":"its standard input cannot be read (/no/such/file): )"
            R"(No such file or directory"})");
}

TEST_F(longhaul_run, tells_hostile_names_as_valid_json) {
  start({}, {"/no/\"quoted\"\\\n\x01\xff\xed\xa0\x80/\xc3\xa9", "x"});
  const std::string status = status_after_wait();
  EXPECT_NE(status.find("(/no/\\\"quoted\\\"\\\\\\u000a\\u0001\xef\xbf\xbd\xef\xbf\xbd"
                        "\xef\xbf\xbd\xef\xbf\xbd/\xc3\xa9): No such file or directory\"}"),
            std::string::npos)
      << status;
  const auto read = parse_exit_status(status);
  ASSERT_TRUE(read);
  EXPECT_NE(read->detail.find("(/no/\"quoted\"\\\n\x01"), std::string::npos);
}

TEST_F(longhaul_run, cuts_what_is_too_long_for_a_status) {
  start({}, {"/" + std::string(50'000, '\n'), "x"});
  const std::string status = status_after_wait();
  EXPECT_LT(status.size(), 6000U);
  EXPECT_TRUE(parse_exit_status(status)) << status;
}

TEST_F(longhaul_run, keeps_output_that_does_not_end_its_line) {
  start({}, shell("printf 'no newline'; printf 'here neither' >&2"));
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output(), "no newline");
  EXPECT_EQ(output("stderr"), "here neither");
}

TEST_F(longhaul_run, output_can_be_read_while_the_program_runs) {
  start({}, shell("echo first; while [ ! -e \"$1\" ]; do sleep 0.01; done; echo second",
                  {folder_.file("go")}));
  ASSERT_TRUE(printed("first\n"));
  EXPECT_EQ(output(), "first\n");
  folder_.write("go", "");
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output(), "first\nsecond\n");
}

// A pipe may hold more than one read takes. The helper is stopped, so that it learns of the output
// and of the end of the program at the same time.
TEST_F(longhaul_run, keeps_what_is_still_in_the_pipes_when_the_program_ends) {
  start({}, python("import fcntl, os, sys\n"
                   "for fd in (1, 2): fcntl.fcntl(fd, 1031, 1000000)  # F_SETPIPE_SZ\n"
                   "print('ready', flush=True)\n"
                   "while not os.path.exists(sys.argv[1]): pass\n"
                   "for fd in (1, 2): os.write(fd, b'x' * 900000)\n",
                   {folder_.file("go")}));
  ASSERT_TRUE(printed("ready\n"));
  const std::vector<pid_t> children = test::children_of(helper_);
  ASSERT_EQ(children.size(), 1U);
  ASSERT_EQ(::kill(helper_, SIGSTOP), 0);
  folder_.write("go", "");
  ASSERT_TRUE(test::wait_until([&] { return test::state_of(children[0]).state == 'Z'; }));
  ASSERT_EQ(::kill(helper_, SIGCONT), 0);
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output().size(), 6U + 900'000U);
  EXPECT_EQ(output("stderr").size(), 900'000U);
}

// 300 MB stand for any number of gigabytes: 4,800 times what a pipe and 300 times what the file
// holds, so every edge of the ring is passed often; more would only take longer.
TEST_F(longhaul_run, a_flood_of_output_is_counted_and_its_end_is_kept) {
  start({"--output-limit", "1000000"},
        shell("head -c 300000000 /dev/zero; printf 'the end'; head -c 2000000 /dev/zero >&2"));
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  const output_reader out(folder_.file("stdout"));
  const auto extent = out.extent();
  EXPECT_EQ(extent.total, 300'000'007U);
  EXPECT_EQ(extent.end, extent.total);
  EXPECT_EQ(extent.end - extent.begin, 1'000'000U);
  EXPECT_EQ(out.tail(8).bytes, std::string("\0the end", 8));
  EXPECT_EQ(output_reader(folder_.file("stderr")).total(), 2'000'000U);
  EXPECT_EQ(test::text_of(folder_.file("stdout")).size(), 64U + 1'000'000U);
}

TEST_F(longhaul_run, a_full_disk_costs_output_but_not_the_program_nor_its_status) {
  start({}, shell("head -c 1000000 /dev/zero; exit 4"), [] {
    const rlimit limit{32'768, 32'768};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  });
  EXPECT_EQ(status_after_wait(), R"({"exit":4,"output_error":"File too large"})");
  const auto extent = output_reader(folder_.file("stdout")).extent();
  EXPECT_EQ(extent.total, 1'000'000U);
  EXPECT_LT(extent.end, 32'768U);
}

TEST_F(longhaul_run, the_channel_is_the_programs_alone) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const descriptor ours(ends[0]);
  const timeval patience{60, 0};  // for a test that fails
  ASSERT_EQ(::setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
  {
    const descriptor theirs(::fcntl(ends[1], F_DUPFD_CLOEXEC, 30));
    ::close(ends[1]);
    start({"--channel", "7"},
          python("import os, sys, time\n"
                 "fd = int(os.environ['LONGHAUL_FD'])\n"
                 "os.write(fd, os.read(fd, 100).upper())\n"
                 "os.close(fd)\n"
                 "print('closed', fd, flush=True)\n"
                 "time.sleep(1000)"),
          [&] { ::dup2(theirs.get(), 7); });
  }
  ASSERT_EQ(::write(ours.get(), "hello", 5), 5);
  std::string got(100, '\0');
  ASSERT_EQ(::read(ours.get(), got.data(), got.size()), 5);
  EXPECT_EQ(got.substr(0, 5), "HELLO");
  EXPECT_TRUE(printed("closed 7\n"));
  // The end, while program and helper run: neither the helper nor anybody else holds it.
  EXPECT_EQ(::read(ours.get(), got.data(), got.size()), 0);
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"signal":15,"stopped":true})");
}

TEST_F(longhaul_run, a_folder_that_was_removed_is_no_fault) {
  start({}, shell("echo ready; sleep 1000"));
  ASSERT_TRUE(printed("ready"));
  std::filesystem::remove_all(folder_.path());
  end_lifeline();
  EXPECT_EQ(wait(), 0);
  EXPECT_EQ(census_.count(), 0U);
}

TEST_F(longhaul_run, tells_that_output_cannot_be_kept) {
  std::filesystem::remove_all(folder_.path());
  start({}, {path_of("true"), "true"});
  EXPECT_EQ(status_after_wait(),
            R"({"error":"its output cannot be kept: No such file or directory",)"
            R"("detail":"cannot create )" +
                folder_.file("stdout.new") + R"(: No such file or directory"})");
}

TEST_F(longhaul_run, without_a_lifeline_the_end_is_printed) {
  const fd_pair said = make_pipe();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::dup2(said.write.get(), 1);
    ::execl(LONGHAUL_RUN, "longhaul-run", "--dir", folder_.path().c_str(), "--", "/bin/false",
            "false", nullptr);
    ::_exit(126);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  std::array<char, 100> text{};
  ASSERT_EQ(::read(said.read.get(), text.data(), text.size()), 11);
  EXPECT_EQ(std::string_view(text.data(), 11), "{\"exit\":1}\n");
}

TEST_F(longhaul_run, a_wrong_command_line_starts_nothing) {
  const strings program = {path_of("touch"), "touch", folder_.file("ran")};
  const std::vector<strings> wrong = {
      {"--unknown", "1"}, {"--grace", "1s"},   {"--grace", "-1"},     {"--output-limit", "0"},
      {"--output-limit"}, {"--channel", "99"}, {"--channel", "3"},    {"--lifeline", "0"},
      {"--dir", ""},      {"stray"},           {"--grace", "1", "x"},
  };
  for (const strings& options : wrong) {
    start(options, program, [] { ::dup2(::open("/dev/null", O_WRONLY), 2); });
    EXPECT_EQ(wait(), 2) << testing::PrintToString(options);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.file("ran")));
}

// After the end of both pipes poll() must not report them again and again.
TEST_F(longhaul_run, an_idle_program_costs_no_time) {
  start({}, shell("exec >&- 2>&-; : >\"$1\"; exec sleep 1000", {folder_.file("closed")}));
  ASSERT_TRUE(test::wait_until([&] { return std::filesystem::exists(folder_.file("closed")); }));
  const std::string path = "/proc/" + std::to_string(helper_) + "/schedstat";
  const auto nanoseconds = [&] { return std::stoull(test::text_of(path)); };
  EXPECT_TRUE(test::wait_until([&] {
    const auto start_of_look = nanoseconds();
    ::poll(nullptr, 0, 100);
    return nanoseconds() == start_of_look;
  })) << "the helper is never asleep";
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"signal":15,"stopped":true})");
}

}  // namespace
}  // namespace longhaul::command
