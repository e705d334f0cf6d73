// SPDX-License-Identifier: Apache-2.0
// longhaul-run and programs that do not want to end, or left somebody behind: named after the
// fault. Whatever they do, nobody who was started is left when the helper has ended.
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <csignal>
#include <filesystem>

#include "helper_fixture.hpp"
#include "support/seed.hpp"

namespace longhaul::command {
namespace {

// A grace that no test survives: who ends within it ended of its own will.
const std::vector<std::string> patient = {"--grace", "3600000"};
const std::vector<std::string> impatient = {"--grace", "50"};

class longhaul_run_end : public helper_fixture {
 protected:
  ~longhaul_run_end() override {
    if (helper_ <= 0) {
      EXPECT_EQ(census_.living(), std::vector<pid_t>());
    }
  }
};

TEST_F(longhaul_run_end, the_end_of_the_lifeline_ends_the_program) {
  start(patient, shell("trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.01; done"));
  ASSERT_TRUE(printed("ready"));
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"exit":5,"stopped":true})");
  EXPECT_EQ(output(), "ready\nbye\n");
}

TEST_F(longhaul_run_end, the_byte_T_on_the_lifeline_does_and_no_other_byte) {
  start(patient, shell("echo ready; while [ ! -e \"$1\" ]; do sleep 0.01; done; echo runs;"
                       "exec sleep 1000",
                       {folder_.file("go")}));
  ASSERT_TRUE(printed("ready"));
  ASSERT_EQ(::write(lifeline_.get(), "abc", 3), 3);
  folder_.write("go", "");
  ASSERT_TRUE(printed("runs"));
  EXPECT_EQ(::write(lifeline_.get(), "xT", 2), 2);
  EXPECT_EQ(status_after_wait(), R"({"signal":15,"stopped":true})");
}

TEST_F(longhaul_run_end, signals_to_the_helper_end_the_program) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    start(patient, shell("echo ready $1; exec sleep 1000", {std::to_string(signal)}));
    ASSERT_TRUE(printed("ready " + std::to_string(signal)));
    ASSERT_EQ(::kill(helper_, signal), 0);
    EXPECT_EQ(status_after_wait(), R"({"signal":15,"stopped":true})");
  }
}

TEST_F(longhaul_run_end, a_program_that_ended_by_itself_was_not_stopped) {
  // The end is asked for while what it left behind is being ended.
  start(patient, shell("(trap 'echo asked' TERM; : >\"$2\"; while [ ! -e \"$1\" ]; do sleep 0.01;"
                       "done) & while [ ! -e \"$2\" ]; do sleep 0.01; done; exit 3",
                       {folder_.file("go"), folder_.file("ready")}));
  ASSERT_TRUE(printed("asked"));
  ASSERT_EQ(::write(lifeline_.get(), "T", 1), 1);
  ASSERT_TRUE(test::wait_until([&] {
    int unread = 1;
    return ::ioctl(lifeline_.get(), SIOCOUTQ, &unread) == 0 && unread == 0;
  }));
  folder_.write("go", "");
  EXPECT_EQ(status_after_wait(), R"({"exit":3})");
}

TEST_F(longhaul_run_end, a_program_that_ignores_SIGTERM_is_killed_after_the_grace) {
  start(impatient, shell("trap '' TERM; echo ready; while :; do sleep 1000; done"));
  ASSERT_TRUE(printed("ready"));
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"signal":9,"stopped":true})");
}

TEST_F(longhaul_run_end, a_program_that_stopped_itself_hears_SIGTERM) {
  start(patient, shell("trap 'echo continued; exit 6' TERM; echo $$; kill -STOP $$"));
  ASSERT_TRUE(test::wait_until([&] {
    const std::string id = output();
    return id.ends_with('\n') && test::state_of(std::stoi(id)).state == 'T';
  }));
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"exit":6,"stopped":true})");
}

TEST_F(longhaul_run_end, grandchildren_end_with_the_program) {
  // Again and again, as some of them are just being forked when the others are asked to end: who
  // is overlooked then would survive for the whole of the grace.
  for (int i = 0; i < 20; ++i) {
    start(patient, shell("sleep 1000 & (sleep 1000 & sleep 1000 & sleep 1000) & exit 3"));
    EXPECT_EQ(status_after_wait(), R"({"exit":3})");
  }
}

TEST_F(longhaul_run_end, grandchildren_that_ignore_SIGTERM_end_with_the_program) {
  // Long enough for the program itself, which ends at once, on any machine.
  start({"--grace", "2000"},
        shell("(trap '' TERM; echo ready; while :; do sleep 1000; done) & wait"));
  ASSERT_TRUE(printed("ready"));
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"signal":15,"stopped":true})");
}

// What a program starts to clean up, once it has been asked to end, is not asked to end itself.
TEST_F(longhaul_run_end, a_program_may_start_others_to_clean_up) {
  for (int i = 0; i < 20; ++i) {
    const std::string ready =
        "ready " + std::to_string(i) + "\n";  // the file may be the last one's
    start(patient,
          shell("trap '/bin/sh -c \"sleep 0.02; echo cleaned\"; exit 7' TERM; echo ready $1;"
                "while :; do sleep 0.01; done",
                {std::to_string(i)}));
    ASSERT_TRUE(printed(ready));
    end_lifeline();
    EXPECT_EQ(status_after_wait(), R"({"exit":7,"stopped":true})");
    EXPECT_EQ(output(), ready + "cleaned\n");
  }
}

TEST_F(longhaul_run_end, grandchildren_in_groups_and_sessions_of_their_own_hear_SIGTERM) {
  start(patient, python("import os, signal, sys\n"
                        "def child(change, name):\n"
                        "    if os.fork(): return\n"
                        "    change()\n"
                        "    def end(*_):\n"
                        "        os.write(1, b'bye ' + name + b'\\n'); os._exit(0)\n"
                        "    signal.signal(signal.SIGTERM, end)\n"
                        "    os.write(1, b'ready ' + name + b'\\n')\n"
                        "    while True: signal.pause()\n"
                        "child(lambda: os.setpgid(0, 0), b'group')\n"
                        "child(os.setsid, b'session')\n"
                        "while True: signal.pause()\n"));
  ASSERT_TRUE(printed("ready group"));
  ASSERT_TRUE(printed("ready session"));
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"signal":15,"stopped":true})");
  EXPECT_TRUE(printed("bye group"));
  EXPECT_TRUE(printed("bye session"));
}

const char* const daemon_script = R"(
import os, signal, sys
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    os.chdir('/')
    if sys.argv[1] == 'deaf': signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(write, b'x')
    os.closerange(0, 1000)
    while True: signal.pause()
os.wait()
os.close(write)
os.read(read, 1)
print('daemon runs', flush=True)
if sys.argv[2] == 'stay': signal.pause()
)";

TEST_F(longhaul_run_end, a_double_forked_daemon_ends_with_the_program) {
  start(patient, python(daemon_script, {"hears", "go"}));
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output(), "daemon runs\n");
}

TEST_F(longhaul_run_end, a_double_forked_daemon_that_ignores_SIGTERM_ends_with_the_program) {
  start(impatient, python(daemon_script, {"deaf", "go"}));
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
}

TEST_F(longhaul_run_end, a_double_forked_daemon_ends_when_the_task_is_stopped) {
  // Long enough for the program itself, which is not deaf, on a busy machine.
  start({"--grace", "1000"}, python(daemon_script, {"deaf", "stay"}));
  ASSERT_TRUE(printed("daemon runs"));
  EXPECT_TRUE(test::wait_until([&] { return census_.count() == 3; }));
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"signal":15,"stopped":true})");
}

TEST_F(longhaul_run_end, a_daemon_that_keeps_the_pipes_open_delays_nothing) {
  start(impatient, shell("trap '' TERM; sleep 1000 & echo ready; exit 0"));
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output(), "ready\n");
}

TEST_F(longhaul_run_end, a_program_that_closed_its_descriptors_is_watched_to_its_end) {
  start(patient, shell("exec <&- >&- 2>&-; : >\"$1\"; while [ ! -e \"$2\" ]; do sleep 0.01; done;"
                       "exit 8",
                       {folder_.file("closed"), folder_.file("go")}));
  ASSERT_TRUE(test::wait_until([&] { return std::filesystem::exists(folder_.file("closed")); }));
  EXPECT_EQ(::waitpid(helper_, nullptr, WNOHANG), 0);
  folder_.write("go", "");
  EXPECT_EQ(status_after_wait(), R"({"exit":8})");
}

TEST_F(longhaul_run_end, a_program_that_floods_while_it_ignores_SIGTERM_is_killed) {
  start({"--grace", "50", "--output-limit", "10000"},
        shell("trap '' TERM; while :; do head -c 1000000 /dev/zero; done"));
  ASSERT_TRUE(test::wait_until([&] { return output().size() >= 10'000; }));
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"signal":9,"stopped":true})");
}

// A child that holds the lifeline stands for the server.
TEST_F(longhaul_run_end, a_server_that_is_killed_takes_its_programs_with_it) {
  start(impatient,
        shell("trap '' TERM; (setsid sleep 1000 &); echo ready; sleep 1000; sleep 1000"));
  ASSERT_TRUE(printed("ready"));
  const pid_t server = ::fork();
  ASSERT_GE(server, 0);
  if (server == 0) {
    ::alarm(60);
    while (true) ::pause();
  }
  lifeline_.reset();  // now it is the server's alone
  EXPECT_EQ(::waitpid(helper_, nullptr, WNOHANG), 0);
  ASSERT_EQ(::kill(server, SIGKILL), 0);
  ::waitpid(server, nullptr, 0);
  EXPECT_EQ(wait(), 0);
}

// 2^7 processes, all deaf to SIGTERM, stopped while they still multiply.
TEST_F(longhaul_run_end, a_fork_bomb_is_ended) {
  start({"--grace", "0"}, shell("trap '' TERM\n"
                                "f() { [ $1 -eq 0 ] || { f $(($1-1)) & f $(($1-1)) & }; "
                                "echo up; sleep 1000; sleep 1000; }\n"
                                "f 6"));
  ASSERT_TRUE(printed("up\nup\nup\nup\n"));
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"signal":9,"stopped":true})");
}

// Each of them forks and ends at once, with a new session each time: no look at the process table
// finds the one that lives. Bounded by a time that no test takes.
TEST_F(longhaul_run_end, a_program_that_hops_from_process_to_process_is_ended) {
  start({"--grace", "0"}, {path_of("perl"), "perl", "-e",
                           "use POSIX; $SIG{TERM} = 'IGNORE'; $| = 1; print \"ready\\n\";"
                           "my $end = time + 300;"
                           "while (time < $end) { POSIX::_exit(0) if fork; setsid; }"});
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output(), "ready\n");
}

TEST_F(longhaul_run_end, children_that_nobody_collected_are_no_hindrance) {
  start(patient, python("import os, signal\n"
                        "for i in range(50):\n"
                        "    if os.fork() == 0: os._exit(0)\n"
                        "print('ready', flush=True)\n"
                        "signal.pause()"));
  ASSERT_TRUE(printed("ready"));
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"signal":15,"stopped":true})");
}

TEST_F(longhaul_run_end, orphans_that_end_while_the_program_runs_leave_no_zombies) {
  start(patient, shell("for i in 1 2 3 4 5; do (sleep 0.01 &) ; done; echo ready; sleep 1000"));
  ASSERT_TRUE(printed("ready"));
  EXPECT_TRUE(test::wait_until([&] { return test::processes_under(helper_).size() == 2; }))
      << "the shell and the last sleep should be left";
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"signal":15,"stopped":true})");
}

// poll() takes no more descriptors than that allows: the helper span for ever, deaf to signals and
// lifeline.
const std::string no_descriptors_for_the_helper = "prlimit --pid $PPID --nofile=0:0 && echo set;";

TEST_F(longhaul_run_end, a_helper_that_may_have_no_descriptors_sees_the_end_of_its_program) {
  if (test::slowdown > 1) GTEST_SKIP() << "a sanitizer in the helper needs descriptors of its own";
  start(patient, shell(no_descriptors_for_the_helper + "exit 0"));
  EXPECT_EQ(status_after_wait(), R"({"exit":0})");
  EXPECT_EQ(output(), "set\n");
}

TEST_F(longhaul_run_end, a_helper_that_may_have_no_descriptors_sees_the_end_of_its_lifeline) {
  if (test::slowdown > 1) GTEST_SKIP() << "a sanitizer in the helper needs descriptors of its own";
  start(patient, shell(no_descriptors_for_the_helper + "exec sleep 1000"));
  ASSERT_TRUE(printed("set"));
  end_lifeline();
  EXPECT_EQ(status_after_wait(), R"({"signal":15,"stopped":true})");
}

}  // namespace
}  // namespace longhaul::command
