// SPDX-License-Identifier: Apache-2.0
// P4: the checker with which the contract suite finds out whether a task is linearizable, on
// histories that are right and on planted violations.
#include "longhaul/testing/store_contract/history.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace longhaul::test {
namespace {

using stores::change_code;
using testkit::contract::linearizable;
using testkit::contract::operation;
using kind = operation::kind;

operation::reply told(change_code code, std::uint64_t rev, task_status status,
                      std::string message) {
  return {code, rev, status, std::move(message)};
}
operation made(kind what, std::string argument, std::uint64_t called, std::uint64_t answered,
               operation::reply answer) {
  return {what, std::move(argument), called, answered, std::move(answer)};
}
operation unanswered(kind what, std::string argument, std::uint64_t called) {
  return {what, std::move(argument), called, 0, std::nullopt};
}

const auto fresh = told(change_code::applied, 1, task_status::working, "");
const auto reported = told(change_code::applied, 2, task_status::working, "a");
const auto finished = told(change_code::applied, 2, task_status::completed, "x");
const auto cancelled =
    told(change_code::applied, 2, task_status::cancelled, "The task was cancelled: c");

TEST(history_checker, accepts_what_is_in_order) {
  EXPECT_TRUE(linearizable({}));
  EXPECT_TRUE(
      linearizable({made(kind::get, "", 1, 2, fresh), made(kind::report, "a", 3, 4, reported),
                    made(kind::get, "", 5, 6, reported)}));
}

TEST(history_checker, accepts_either_order_of_what_overlaps) {
  for (const auto& read : {fresh, finished}) {
    EXPECT_TRUE(
        linearizable({made(kind::finish, "x", 1, 10, finished), made(kind::get, "", 2, 3, read)}));
  }
  const auto lost =
      told(change_code::already_terminal, 2, task_status::cancelled, "The task was cancelled: c");
  EXPECT_TRUE(linearizable(
      {made(kind::finish, "x", 1, 10, lost), made(kind::cancel, "c", 2, 9, cancelled)}));
}

TEST(history_checker, accepts_that_an_unanswered_operation_happened_or_not) {
  for (const auto& read : {fresh, finished}) {
    EXPECT_TRUE(
        linearizable({unanswered(kind::finish, "x", 1), made(kind::get, "", 50, 51, read)}));
  }
}

TEST(history_checker, finds_a_read_of_the_past) {
  EXPECT_FALSE(
      linearizable({made(kind::report, "a", 1, 2, reported), made(kind::get, "", 3, 4, fresh)}));
}

TEST(history_checker, finds_a_read_of_the_future) {
  EXPECT_FALSE(
      linearizable({made(kind::get, "", 1, 2, reported), made(kind::report, "a", 3, 4, reported)}));
}

TEST(history_checker, finds_two_winners) {
  EXPECT_FALSE(linearizable(
      {made(kind::finish, "x", 1, 10, finished), made(kind::cancel, "c", 2, 9, cancelled)}));
}

TEST(history_checker, finds_a_lost_update) {
  const auto second = told(change_code::applied, 2, task_status::working, "b");
  EXPECT_FALSE(linearizable(
      {made(kind::report, "a", 1, 10, reported), made(kind::report, "b", 2, 9, second)}));
}

TEST(history_checker, finds_a_terminal_state_that_changed) {
  const auto revived = told(change_code::applied, 3, task_status::working, "a");
  EXPECT_FALSE(linearizable(
      {made(kind::finish, "x", 1, 2, finished), made(kind::report, "a", 3, 4, revived)}));
}

TEST(history_checker, finds_an_unanswered_operation_that_came_and_went) {
  EXPECT_FALSE(linearizable({unanswered(kind::report, "a", 1), made(kind::get, "", 2, 3, reported),
                             made(kind::get, "", 4, 5, fresh)}));
}

TEST(history_checker, finds_an_effect_before_its_call) {
  EXPECT_FALSE(
      linearizable({made(kind::get, "", 1, 2, reported), unanswered(kind::report, "a", 3)}));
}

}  // namespace
}  // namespace longhaul::test
