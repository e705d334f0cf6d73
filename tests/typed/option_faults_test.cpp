// SPDX-License-Identifier: Apache-2.0
#include "typed/option_faults.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

namespace longhaul::detail {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds second{1000}, negative{-1};

// The faults of options that `change` has changed, a line each.
std::string faults_with(const std::function<void(tool_options&)>& change,
                        bool is_coroutine = true) {
  tool_options options{.name = "t"};
  change(options);
  std::string all;
  for (const option_fault& one : option_faults(options, is_coroutine)) {
    EXPECT_TRUE(one.problem.starts_with(one.option)) << one.problem;
    all += (all.empty() ? "" : "\n") + one.problem;
  }
  return all;
}

TEST(option_faults, of_what_is_left_alone_there_are_none) {
  EXPECT_EQ(faults_with([](tool_options&) {}), "");
  EXPECT_EQ(faults_with([](tool_options&) {}, false), "");
}

TEST(option_faults, no_time_is_negative_and_a_limit_is_some_time) {
  EXPECT_EQ(faults_with([](tool_options& o) {
              o.attempt_limit = o.overall_limit = o.answer_within = milliseconds(0);
              o.stall_limit = o.expected = negative;
            }),
            "attempt_limit must be longer than nothing\n"
            "overall_limit must be longer than nothing\n"
            "answer_within must be longer than nothing\n"
            "stall_limit must be longer than nothing\n"
            "expected must be longer than nothing");
  EXPECT_EQ(faults_with([](tool_options& o) {
              o.retention = o.poll_interval = negative;
              o.inline_wait = o.retry_backoff = o.retry_backoff_max = o.unique_for = negative;
            }),
            "retention is negative\ninline_wait is negative\nretry_backoff is negative\n"
            "retry_backoff_max is negative\nunique_for is negative\npoll_interval is negative");
}

TEST(option_faults, what_belongs_to_another_option_needs_it) {
  EXPECT_EQ(faults_with([](tool_options& o) { o.unique_for = second; }),
            "unique_for is for tools that are unique");
  EXPECT_EQ(faults_with([](tool_options& o) {
              o.unique_for = second;
              o.unique = true;
            }),
            "");
  EXPECT_EQ(faults_with([](tool_options& o) { o.concurrency_key = "{x}"; }),
            "concurrency_key says what concurrency is counted by, which is not given");
  EXPECT_EQ(faults_with([](tool_options& o) { o.max_attempts = 0; }),
            "max_attempts must be at least 1");
}

TEST(option_faults, what_is_to_be_retried_must_be_able_to_happen) {
  const auto with = [](retry_on which, bool limits = false, bool external = false) {
    return faults_with([&](tool_options& o) {
      o.retry_on = which;
      o.external = external;
      if (limits) o.attempt_limit = o.stall_limit = second;
    });
  };
  EXPECT_EQ(with(retry_on::error), "");
  EXPECT_EQ(with(retry_on::any), "");
  EXPECT_EQ(with(retry_on::timeout), "retry_on has timeout, which takes an attempt_limit");
  EXPECT_EQ(with(retry_on::stall | retry_on::error),
            "retry_on has stall, which takes a stall_limit");
  EXPECT_EQ(with(retry_on::timeout | retry_on::stall, true), "");
  EXPECT_EQ(with(retry_on::any, false, true),
            "retry_on is not for external tools: whoever does their work tries again");
}

TEST(option_faults, of_work_done_elsewhere_no_sign_of_life_is_known) {
  EXPECT_EQ(faults_with([](tool_options& o) {
              o.stall_limit = second;
              o.external = true;
            }),
            "stall_limit is not for external tools: nothing is known of work done elsewhere");
  EXPECT_EQ(faults_with([](tool_options& o) {
              o.concurrency = 1;
              o.external = true;
            }),
            "concurrency is not for external tools: their work runs elsewhere");
}

TEST(option_faults, quick_tools_do_not_queue) {
  const auto with = [](const std::function<void(tool_options&)>& change) {
    return faults_with([&](tool_options& o) {
      o.quick = true;
      o.policy = task_policy::never;
      change(o);
    });
  };
  constexpr auto refused =
      "quick is for tools without retry_on, unique, concurrency and stall_limit";
  EXPECT_EQ(with([](tool_options&) {}), "");
  EXPECT_EQ(with([](tool_options& o) { o.retry_on = retry_on::error; }), refused);
  EXPECT_EQ(with([](tool_options& o) { o.unique = true; }), refused);
  EXPECT_EQ(with([](tool_options& o) { o.concurrency = 2; }), refused);
  EXPECT_EQ(with([](tool_options& o) { o.stall_limit = second; }), refused);
  EXPECT_EQ(with([](tool_options& o) { o.policy = task_policy::automatic; }),
            "quick is for tools with the policy never that end by themselves");
}

TEST(option_faults, the_first_one_includes_that_of_the_key) {
  tool_options options{.name = "t", .concurrency = 1, .concurrency_key = "{x}"};
  const auto schema = raw_json::trusted(R"({"type":"object","properties":{"x":{}}})");
  EXPECT_EQ(first_option_fault(options, schema, true), "");
  EXPECT_EQ(first_option_fault(options, {}, true),
            "concurrency_key: there is no parameter \"x\"; there are none");
  options.concurrency = 0;
  EXPECT_EQ(first_option_fault(options, {}, true),
            "concurrency_key says what concurrency is counted by, which is not given");
}

}  // namespace
}  // namespace longhaul::detail
