// SPDX-License-Identifier: Apache-2.0
// Programs as tools, on a real engine, store and clock, without any wire: what a task does with a
// program, and a program with its task.
#include "command/tool.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <fstream>

#include "base/descriptor.hpp"
#include "command/output_file.hpp"
#include "command/program_tools.hpp"
#include "longhaul/error_codes.hpp"

namespace longhaul::test {
namespace {

TEST_F(program_tools, arguments_arrive_as_they_are) {
  add(script("shift; printf '<%s>' \"$@\"", {{.name = "a"}, {.name = "b"}}));
  start();
  const auto task = run(R"({"a":"$(touch x) \"quoted\" 'single' ; | &\nnew line","b":"--{a}"})");
  EXPECT_EQ(task->status, task_status::completed);
  EXPECT_FALSE(task->result.is_error);
  EXPECT_EQ(said(task), "<$(touch x) \"quoted\" 'single' ; | &\nnew line><--{a}>");
  EXPECT_FALSE(fs::exists(place_ / "x"));
}

TEST_F(program_tools, what_fails_is_an_error_that_a_model_can_read) {
  add(script("echo out; echo why >&2; exit 3"));
  add(script("kill -9 $$"));
  auto missing = script("");
  missing.program = "/nowhere/at/all";
  add(std::move(missing));
  start();
  const auto failed = run("{}", 0);
  EXPECT_EQ(failed->status, task_status::completed);
  EXPECT_TRUE(failed->result.is_error);
  EXPECT_NE(said(failed).find("3"), std::string::npos);
  EXPECT_NE(said(failed).find("why"), std::string::npos);
  EXPECT_NE(said(run("{}", 1)).find("SIGKILL"), std::string::npos);
  EXPECT_EQ(said(run("{}", 2)),
            "tool3 could not be started: the program cannot be executed: No such file or directory")
      << "where programs lie is not the caller's business";
}

TEST_F(program_tools, the_environment_is_only_what_was_allowed) {
  auto spec = script("env | sort");
  spec.environment.emplace_back("HOME", "/mine");
  spec.environment.emplace_back("COLOUR", "red");
  add(std::move(spec));
  start();
  const std::string all = said(run());
  EXPECT_NE(all.find("HOME=/mine\n"), std::string::npos) << all;
  EXPECT_EQ(all.find("/nowhere"), std::string::npos) << all;
  EXPECT_NE(all.find("COLOUR=red"), std::string::npos);
  EXPECT_NE(all.find("PATH=/usr/bin:/bin"), std::string::npos);
  EXPECT_NE(all.find("LONGHAUL_TASK_ID="), std::string::npos);
  EXPECT_NE(all.find("LONGHAUL_ATTEMPT=1"), std::string::npos);
  EXPECT_EQ(all.find("TRACEPARENT"), std::string::npos);
  EXPECT_EQ(all.find("SECRET"), std::string::npos);
}

TEST_F(program_tools, the_trace_of_the_call_is_in_the_environment) {
  auto spec = script("env | grep -E 'TRACE|BAGGAGE' | sort");
  spec.environment.emplace_back("TRACESTATE", "mine=1");
  add(std::move(spec));
  start();
  meta = raw_json::trusted(
      R"({"traceparent":"00-1-2-01","tracestate":"theirs=2","baggage":"user=ann"})");
  EXPECT_EQ(said(run()), "BAGGAGE=user=ann\nTRACEPARENT=00-1-2-01\nTRACESTATE=mine=1\n");
}

TEST_F(program_tools, standard_input_is_a_parameter_of_any_size) {
  auto spec = script("wc -c; cat >/dev/null", {{.name = "input"}});
  spec.stdin_parameter = "input";
  add(std::move(spec));
  start();
  EXPECT_EQ(std::stoi(said(run(R"({"input":")" + std::string(1'000'000, 'x') + "\"}"))), 1'000'000);
  EXPECT_EQ(std::stoi(said(run())), 0);
}

TEST_F(program_tools, progress_is_found_in_what_it_prints) {
  auto spec = script(
      "for i in 1 2 3; do printf \"$i/3 step\\r\" >&2; done; touch printed; "
      "until [ -e go ]; do read -rt 0.01 <> <(:) || :; done");
  spec.progress = {{.expression = R"((?P<done>\d+)/(?P<total>\d+) (?P<message>\w+))"}};
  add(std::move(spec));
  start();
  const auto task = begin();
  const auto seen =
      when(task, [](const task_record& t) { return t.progress && t.progress->done == 3; });
  ASSERT_TRUE(seen->progress);
  EXPECT_EQ(seen->progress->total, 3);
  EXPECT_EQ(seen->status_message, "step");
  EXPECT_FALSE(seen->terminal());
  std::ofstream(place_ / "go") << "";
  EXPECT_EQ(end_of(task)->status, task_status::completed);
}

TEST_F(program_tools, progress_that_is_printed_last_is_not_lost) {
  auto spec = script("printf '50%%\\n100%%'");
  spec.progress = {{.expression = R"((?P<percent>\d+)%)"}};
  add(std::move(spec));
  start();
  const auto task = run();
  ASSERT_TRUE(task->progress);
  EXPECT_EQ(task->progress->done, 100);
}

TEST_F(program_tools, a_program_talks_to_its_task) {
  add(script(R"sh(
say() { printf '%s\n' "$1" >&"$LONGHAUL_FD"; }
say '{"progress":{"done":1,"total":4,"message":"begun"}}'
say '{"restore":true}'; read -r saved <&"$LONGHAUL_FD"
say '{"checkpoint":{"at":7}}'
say 'nonsense'; read -r complaint <&"$LONGHAUL_FD"
say 'nonsense again'
say '{"ask":{"key":"k","message":"Really?"}}'; read -r first <&"$LONGHAUL_FD"
say '{"restore":true}'; read -r again <&"$LONGHAUL_FD"
say '{"progress":{"done":4,"total":4}}'
echo "$saved|$complaint|$first|$again"
)sh"));
  start();
  const auto task = begin();
  const auto asked =
      when(task, [](const task_record& t) { return t.status == task_status::input_required; });
  ASSERT_EQ(asked->inputs->size(), 1U);
  EXPECT_EQ(asked->inputs->front().key, "k");
  answer(task, "k", R"({"action":"accept","content":{"answer":"yes"}})");
  const auto ended = end_of(task);
  const std::string all = said(ended);
  EXPECT_EQ(all.find(R"({"checkpoint":null}|{"error":)"), 0U) << all;
  EXPECT_NE(
      all.find(
          R"(|{"key":"k","action":"accept","content":{"answer":"yes"}}|{"checkpoint":{"at":7}})"),
      std::string::npos)
      << all;
  ASSERT_TRUE(ended->progress);
  EXPECT_EQ(ended->progress->done, 4) << "what it says last is heard, too";
}

// After an earlier mistake a wrong question was never answered: the program waited for ever.
TEST_F(program_tools, each_wrong_question_is_answered) {
  add(script(R"sh(
say() { printf '%s\n' "$1" >&"$LONGHAUL_FD"; }
say 'nonsense'; read -r first <&"$LONGHAUL_FD"
say 'nonsense again'
say '{"ask":{"key":"k"}}'; read -r second <&"$LONGHAUL_FD"
say '{"restore":7}'; read -r third <&"$LONGHAUL_FD"
echo "$first|$second|$third"
)sh"));
  start();
  const std::string all = said(run());
  std::size_t errors = 0;
  for (auto at = all.find("{\"error\":"); at != std::string::npos;
       at = all.find("{\"error\":", at + 1)) {
    ++errors;
  }
  EXPECT_EQ(errors, 3U) << all;
}

// Escape sequences and 200,000 characters were in every list of tasks.
TEST_F(program_tools, what_a_program_says_of_its_state_is_short_and_plain) {
  add(script(R"sh(
printf '{"status":"\\u001b[31mred\\u0000%0200000d"}\n' 0 >&"$LONGHAUL_FD"
until [ -e go ]; do read -rt 0.01 <> <(:) || :; done
)sh"));
  start();
  const auto task = begin();
  const auto told = when(task, [](const task_record& t) { return !t.status_message.empty(); });
  const std::string& message = told->status_message;
  std::ofstream(place_ / "go") << "";
  end_of(task);
  EXPECT_EQ(message.substr(0, 4), "red0") << message.substr(0, 40);
  EXPECT_LE(message.size(), 1024U);
}

TEST_F(program_tools, a_program_that_ends_while_its_question_is_open_ends_its_task) {
  add(script(R"(printf '{"ask":{"key":"k","message":"?"}}\n' >&"$LONGHAUL_FD"; )"
             "until [ -e go ]; do read -rt 0.01 <> <(:) || :; done; echo gone"));
  start();
  const auto task = begin();
  when(task, [](const task_record& t) { return t.status == task_status::input_required; });
  std::ofstream(place_ / "go") << "";
  const auto ended = end_of(task);
  EXPECT_EQ(ended->status, task_status::completed);
  EXPECT_EQ(said(ended), "gone\n");
}

TEST_F(program_tools, P12_cancel_ends_the_program_and_all_it_started) {
  add(
      script("trap '' TERM; (setsid bash -c \"trap '' TERM; while :; do sleep 1000; done\" &); "
             "touch ready; while :; do sleep 1000; done"));
  start();
  const auto task = begin();
  ASSERT_TRUE(wait_until([&] { return fs::exists(place_ / "ready") && census_.count() >= 4; }));
  tasks::sync(engine->cancel("ann", task->id(), "test"));
  EXPECT_EQ(now(task)->status, task_status::cancelled);
  EXPECT_TRUE(wait_until([&] { return engine->running() == 0; }));
  EXPECT_EQ(census_.count(), 0U) << "the slot is free only when nothing is left";
}

TEST_F(program_tools, P13_a_limit_ends_the_program) {
  auto spec = script("until false; do read -rt 1 <> <(:) || :; done");
  spec.options.attempt_limit = 50ms;
  add(std::move(spec));
  start();
  const auto task = run();
  EXPECT_EQ(task->status, task_status::failed);
  EXPECT_TRUE(wait_until([&] { return engine->running() == 0; }));
}

TEST_F(program_tools, output_is_readable_until_its_task_is_gone) {
  add(script("echo to out; echo to err >&2"));
  start();
  const auto task = run();
  const auto out = output_->read(task->id(), "stdout", 0, 100);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->bytes, "to out\n");
  EXPECT_EQ(output_->tail(task->id(), "stderr", 4)->bytes, "err\n");
  EXPECT_FALSE(output_->read(task->id(), "status", 0, 100)) << "only what was printed";
  tasks::sync(engine->set_retention("ann", task->id(), 0ms));
  EXPECT_TRUE(wait_until([&] { return !fs::exists(output_->root() / task->id()); }));
  EXPECT_FALSE(output_->read(task->id(), "stdout", 0, 100));
}

TEST_F(program_tools, long_output_says_that_it_is_truncated) {
  auto spec = script("head -c 300000 /dev/zero | tr '\\0' x; echo end");
  spec.result_limit = 1000;
  spec.output_limit = 100'000;
  add(std::move(spec));
  start();
  const std::string all = said(run());
  EXPECT_LT(all.size(), 2000U);
  EXPECT_NE(all.find("truncated"), std::string::npos) << all;
  EXPECT_NE(all.find("300004"), std::string::npos) << all;
  EXPECT_NE(all.find("xend"), std::string::npos);
}

TEST_F(program_tools, P24_a_hundred_runs_leak_nothing) {
  add(script("echo hello"));
  start();
  for (int i = 0; i < 8; ++i) run();  // every handler thread has had one
  ASSERT_TRUE(wait_until([&] { return engine->running() == 0; }));
  const auto before = open_descriptors();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(said(run()), "hello\n");
  EXPECT_TRUE(wait_until([&] { return engine->running() == 0; }));
  // What the last run before had open may have been counted: fewer is no leak.
  EXPECT_TRUE(wait_until([&] { return open_descriptors() <= before; })) << open_descriptors();
}

// What cleans /tmp took the folder of a server that ran for weeks: each call failed from then on,
// and told its caller where the server keeps its files.
TEST_F(program_tools, output_is_kept_again_after_its_folder_was_removed) {
  add(script("echo hello"));
  start();
  ASSERT_EQ(said(run()), "hello\n");
  fs::remove_all(output_->root());
  EXPECT_EQ(said(run()), "hello\n");
  const command::output_folder next(output_->root().parent_path());
  EXPECT_TRUE(fs::exists(output_->root())) << "it is locked again";

  fs::remove_all(output_->root());
  std::ofstream(output_->root()) << "no folder";
  const auto task = run();
  EXPECT_TRUE(task->result.is_error);
  EXPECT_EQ(said(task), "tool1 could not be started: its output cannot be kept: Permission denied");
}

TEST(output_folder_test, what_was_printed_is_told_apart_without_reading_it) {
  const temporary_folder folder;
  const auto output = command::output_folder::kept(fs::path(folder.path()) / "kept");
  EXPECT_FALSE(output->look("task", "stdout"));
  const auto begin = [&] { return (output->prepare("task") / "stdout").string(); };
  const std::string file = begin();
  command::output_writer first(file, 4);
  const auto empty = output->look("task", "stdout");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->total, 0U);
  first.append("more than is kept");
  const auto grown = output->look("task", "stdout");
  EXPECT_EQ(grown->total, 17U);
  EXPECT_EQ(output->look("task", "stdout"), grown);

  command::output_writer second(begin(), 4);
  second.append("as many as before");
  fs::last_write_time(file, fs::last_write_time(file) + 1s);  // it was later
  EXPECT_EQ(output->look("task", "stdout")->total, 17U);
  EXPECT_NE(output->look("task", "stdout"), grown) << "another attempt";
  std::ofstream(file) << "damaged";
  EXPECT_THROW(output->look("task", "stdout"), std::runtime_error);
}

// With `concurrency = 1` a program ran beside the one that a killed server had left with its key.
TEST(output_folder_test, what_an_earlier_server_left_running_is_known_by_its_key) {
  const temporary_folder folder;
  const fs::path root = fs::path(folder.path()) / "kept";
  const auto before = command::output_folder::kept(root);
  const fs::path running = before->prepare("running", "migrate\ndb=a");
  before->prepare("ended", "migrate\ndb=b");
  descriptor helper(::open(running.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::flock(helper.get(), LOCK_EX), 0);
  const auto now = command::output_folder::kept(root);
  EXPECT_TRUE(now->left_running("migrate\ndb=a"));
  EXPECT_FALSE(now->left_running("migrate\ndb=b"));
  now->remove({"running"});
  EXPECT_TRUE(now->left_running("migrate\ndb=a")) << "it runs without its folder";
  helper.reset();
  EXPECT_FALSE(now->left_running("migrate\ndb=a"));
}

TEST(output_folder_test, what_a_killed_server_left_is_removed_and_what_lives_is_not) {
  const temporary_folder folder;
  const fs::path place = fs::path(folder.path()) / "of";
  {
    const command::output_folder living(place);
    fs::create_directories(place / "longhaul-dead00/sometask");
    fs::create_directories(place / "somebody-elses");
    const command::output_folder next(place);
    EXPECT_TRUE(fs::exists(living.root()));
    EXPECT_TRUE(fs::exists(next.root()));
    EXPECT_FALSE(fs::exists(place / "longhaul-dead00"));
    EXPECT_TRUE(fs::exists(place / "somebody-elses"));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(place), fs::directory_iterator()), 1);
  fs::permissions(place, fs::perms::all);
  EXPECT_THROW(command::output_folder{place}, std::runtime_error) << "others may write in it";
}

}  // namespace
}  // namespace longhaul::test
