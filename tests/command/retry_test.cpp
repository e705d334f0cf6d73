// SPDX-License-Identifier: Apache-2.0
// Programs that are run again, and programs whose output is a sign of life: single runs of their
// handlers, on a context of the test's own.
#include "command/retry.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <csignal>
#include <fstream>
#include <optional>

#include "base/descriptor.hpp"
#include "command/program_tools.hpp"
#include "support/fake_context.hpp"
#include "support/run.hpp"

namespace longhaul::test {
namespace {

using command::program_end;
using command::result_form;
using command::retry_reason;

tool_spec tool_with(retry_on which, std::vector<int> codes = {}, bool signals = false) {
  tool_spec spec;
  spec.options.retry_on = which;
  spec.retry_codes = std::move(codes);
  spec.retry_signals = signals;
  return spec;
}

TEST(retry, of_no_run_unless_it_is_wanted) {
  const tool_spec none = tool_with(retry_on::timeout);
  for (const program_end& end :
       {program_end::exited(75), program_end::killed(SIGKILL), program_end::not_started("x"),
        program_end::lost("x"), program_end::exited(0)}) {
    EXPECT_EQ(retry_reason(none, end), "");
  }
}

TEST(retry, of_every_run_that_fails) {
  tool_spec all = tool_with(retry_on::any);
  EXPECT_EQ(retry_reason(all, program_end::exited(75)), "exit code 75");
  EXPECT_EQ(retry_reason(all, program_end::killed(SIGKILL)), "killed by SIGKILL");
  EXPECT_EQ(retry_reason(all, program_end::killed(40)), "killed by signal 40");
  EXPECT_EQ(retry_reason(all, program_end::not_started("x")), "not started");
  EXPECT_EQ(retry_reason(all, program_end::lost("x")), "program lost, outcome unknown");
  EXPECT_EQ(retry_reason(all, program_end::exited(0)), "unreadable output");
  all.result = result_form::json;
  EXPECT_EQ(retry_reason(all, program_end::exited(0)), "no JSON object");
}

TEST(retry, of_some_ends_only) {
  const tool_spec some = tool_with(retry_on::nothing, {75, 7}, true);
  EXPECT_EQ(retry_reason(some, program_end::exited(7)), "exit code 7");
  EXPECT_EQ(retry_reason(some, program_end::exited(8)), "");
  EXPECT_EQ(retry_reason(some, program_end::killed(SIGTERM)), "killed by SIGTERM");
  EXPECT_EQ(retry_reason(some, program_end::not_started("x")), "");
  EXPECT_EQ(retry_reason(tool_with(retry_on::nothing, {9}), program_end::killed(9)), "")
      << "the number of a signal is no exit code";
}

class single_runs : public program_tools {
 protected:
  struct ended {
    std::optional<outcome> result, otherwise;
    std::string retried;  // why
  };
  ended run_once(const tool_spec& spec) {
    const tool_definition tool = command::make_program_tool(spec, host_);
    ended all;
    try {
      all.result = test::run(std::get<coroutine_handler>(tool.handler)(context, {}));
    } catch (const retry_later& again) {
      all.retried = again.what();
      all.otherwise = again.otherwise();
      EXPECT_FALSE(again.after().has_value());
    }
    return all;
  }

  fake_context context{"0123456789abcdefghjkmnpqrstvwxyz0123"};
};

TEST_F(single_runs, one_that_is_retried_has_the_outcome_that_it_has_otherwise) {
  for (const char* text : {"echo out; echo why >&2; exit 75", "echo half; kill -9 $$"}) {
    const tool_spec plain = script(text);
    tool_spec retried = plain;
    retried.retry_codes = {75};
    retried.retry_signals = true;
    const ended once = run_once(plain), again = run_once(retried);
    ASSERT_TRUE(once.result && again.otherwise) << text;
    EXPECT_FALSE(again.result);
    EXPECT_TRUE(once.result->is_error);
    EXPECT_TRUE(again.otherwise->is_error);
    EXPECT_EQ(again.otherwise->body.view(), once.result->body.view());
    EXPECT_EQ(again.retried,
              std::string(text).ends_with("75") ? "exit code 75" : "killed by SIGKILL");
  }
}

TEST_F(single_runs, one_that_ends_well_or_otherwise_than_listed_is_not_retried) {
  tool_spec spec = script("exit 3");
  spec.retry_codes = {75};
  EXPECT_TRUE(run_once(spec).result.has_value());
  spec = script("exit 3");
  spec.success = {0, 3};
  spec.options.retry_on = retry_on::any;
  const ended well = run_once(spec);
  ASSERT_TRUE(well.result);
  EXPECT_FALSE(well.result->is_error);
}

TEST_F(single_runs, json_that_is_not_there_is_a_failure) {
  tool_spec spec = script("echo no json");
  spec.result = result_form::json;
  spec.retry_codes = {1};
  EXPECT_TRUE(run_once(spec).result.has_value());
  spec.options.retry_on = retry_on::any;
  EXPECT_EQ(run_once(spec).retried, "no JSON object");
}

TEST_F(single_runs, a_program_that_cannot_be_started_is_a_failure) {
  tool_spec spec = script("");
  spec.program = "/nowhere/at/all";
  spec.options.retry_on = retry_on::any;
  EXPECT_EQ(run_once(spec).retried, "not started");
}

TEST_F(single_runs, waiting_for_a_former_attempt_is_no_stall) {
  const fs::path folder = output_->prepare(context.id());
  descriptor held(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::flock(held.get(), LOCK_EX), 0);
  context.on_alive = [&] { held = {}; };
  EXPECT_TRUE(run_once(script("echo x")).result.has_value());
  EXPECT_EQ(context.signs_of_life, 1);
}

// The program goes on when the test has heard of what it printed.
TEST_F(single_runs, what_is_printed_is_a_sign_of_life) {
  const std::string wait = "until [ -e go$i ]; do read -rt 0.01 <> <(:) || :; done; ";
  tool_spec spec = script("i=1; printf a; " + wait + "i=2; printf b >&2; " + wait);
  spec.options.stall_limit = 100ms;
  context.on_alive = [&] {
    std::ofstream(place_ / ("go" + std::to_string(context.signs_of_life))) << "";
  };
  EXPECT_TRUE(run_once(spec).result.has_value());
  EXPECT_EQ(context.signs_of_life, 2) << "silence is none";
}

TEST_F(single_runs, beside_patterns_all_output_is_a_sign_of_life) {
  tool_spec spec = script("printf nothing; until [ -e go ]; do read -rt 0.01 <> <(:) || :; done");
  spec.options.stall_limit = 1min;
  spec.progress = {{.expression = R"((?P<percent>\d+)%)", .from = command::stream::err}};
  context.on_alive = [&] { std::ofstream(place_ / "go") << ""; };
  EXPECT_TRUE(run_once(spec).result.has_value());
}

}  // namespace
}  // namespace longhaul::test
