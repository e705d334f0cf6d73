// SPDX-License-Identifier: Apache-2.0
// Tasks as servers show them, and the small readers beside: times, progress, headers, answers.
#include "client/task_view.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "client/capabilities.hpp"
#include "client/link.hpp"
#include "client/messages.hpp"
#include "client/mirrored.hpp"

namespace longhaul::test {
namespace {

using remote::answer_of;
using remote::answer_text;
using remote::ask_safely;
using remote::header_list;
using remote::header_value;
using remote::mirrored_headers;
using remote::read_progress;
using remote::read_task;
using remote::read_time;
using remote::shown;
using remote::task_view;

std::string iso(std::string_view text) {
  const auto time = read_time(text);
  return time ? iso8601(*time) : "none";
}

TEST(task_view, times_are_read_in_every_spelling) {
  const struct {
    const char *text, *time;
  } table[] = {
      {"2026-07-28T01:02:03Z", "2026-07-28T01:02:03.000Z"},
      {"2026-07-28T01:02:03.5Z", "2026-07-28T01:02:03.500Z"},
      {"2026-07-28T01:02:03.123456789Z", "2026-07-28T01:02:03.123Z"},
      {"2026-07-28t01:02:03z", "2026-07-28T01:02:03.000Z"},
      {"2026-07-28T01:02:03", "2026-07-28T01:02:03.000Z"},
      {"2026-07-28T01:02:03+02:00", "2026-07-27T23:02:03.000Z"},
      {"2026-07-28T01:02:03.25-0330", "2026-07-28T04:32:03.250Z"},
      {"2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"},
      {"2026-02-29T00:00:00Z", "none"},
      {"2026-13-01T00:00:00Z", "none"},
      {"2026-07-28T24:00:00Z", "none"},
      {"2026-07-28T01:60:03Z", "none"},
      {"2026-07-28T-1:02:03Z", "none"},
      {"2026/07/28T01:02:03Z", "none"},
      {"2026-07-28T01:02:03+02:00 and more", "none"},
      {"2026-07-28T01:02:03+2", "none"},
      {"2026-07-28T01:02:03.Z", "none"},
      {"2026-07-28", "none"},
      {"yesterday, or the day before", "none"},
      {"", "none"},
  };
  for (const auto& each : table) EXPECT_EQ(iso(each.text), each.time) << each.text;
}

TEST(task_view, progress_is_read_out_of_words) {
  const struct {
    const char* text;
    std::optional<double> done, total;
  } table[] = {
      {"halfway (5 of 10)", 5, 10},
      {"5 of 10", 5, 10},
      {"0.5 of 1.5", 0.5, 1.5},
      {"rows (7)", 7, std::nullopt},
      {"7", 7, std::nullopt},
      {"a (b) (1 of 2)", 1, 2},
      {"best of 3", std::nullopt, std::nullopt},
      {"1 of many", std::nullopt, std::nullopt},
      {"nan", std::nullopt, std::nullopt},
      {"inf of inf", std::nullopt, std::nullopt},
      {"(", std::nullopt, std::nullopt},
      {")", std::nullopt, std::nullopt},
      {"()", std::nullopt, std::nullopt},
      {"", std::nullopt, std::nullopt},
      {"working", std::nullopt, std::nullopt},
  };
  for (const auto& each : table) {
    task_view seen;
    read_progress(each.text, seen);
    EXPECT_EQ(seen.done, each.done) << each.text;
    EXPECT_EQ(seen.total, each.total) << each.text;
  }
}

std::optional<task_view> read(std::string_view text) {
  const raw_json json = raw_json::parse(text);
  return read_task(json::value(json));
}

TEST(task_view, what_has_no_id_or_no_known_status_is_none) {
  EXPECT_TRUE(read(R"({"taskId":"t","status":"working"})"));
  for (const char* const wrong :
       {"null", "[]", "{}", R"({"taskId":"t"})", R"({"taskId":"","status":"working"})",
        R"({"taskId":7,"status":"working"})", R"({"taskId":"t","status":"resting"})",
        R"({"status":"working"})", R"({"taskId":"t","status":null})"}) {
    EXPECT_FALSE(read(wrong)) << wrong;
  }
}

TEST(task_view, numbers_that_are_absurd_are_not_taken) {
  for (const char* const wrong : {"-1", "1e300", "\"5\"", "null", "1e999"}) {
    const auto task = read(R"({"taskId":"t","status":"working","ttlMs":)" + std::string(wrong) +
                           ",\"pollIntervalMs\":" + wrong + "}");
    ASSERT_TRUE(task) << wrong;
    EXPECT_EQ(task->ttl, std::nullopt) << wrong;
    EXPECT_EQ(task->poll_interval, std::nullopt) << wrong;
  }
}

TEST(messages, what_headers_cannot_hold_is_encoded) {
  EXPECT_EQ(header_value("plain text"), "plain text");
  EXPECT_EQ(header_value(" a"), "=?base64?IGE=?=");
  EXPECT_EQ(header_value("a\r\nX: y"), "=?base64?YQ0KWDogeQ==?=");
  EXPECT_EQ(header_value("=?x"), "=?base64?PT94?=");
}

TEST(messages, headers_of_a_tool_are_no_way_to_write_others) {
  const raw_json tool = raw_json::parse(
      R"({"inputSchema":{"properties":{"a":{"x-mcp-header":"Region"},)"
      R"("b":{"x-mcp-header":"X\r\nEvil: y"},"c":{"x-mcp-header":7},"d":{"x-mcp-header":"D"}}}})");
  const raw_json given = raw_json::parse(R"({"a":"x\r\ny","b":"z","c":"z","d":null})");
  const header_list found = mirrored_headers(tool, given);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].first, "Mcp-Param-Region");
  EXPECT_EQ(found[0].second, "=?base64?eA0KeQ==?=");
}

TEST(messages, an_answer_of_another_kind_is_an_error) {
  asked_question question;
  question.method = "roots/list";
  const question_reply wrong = answer{answer::action::accept, raw_json::parse("{}")};
  const answer_text text = answer_of(question, wrong);
  EXPECT_EQ(text.result, "");
  EXPECT_NE(text.error.find("-32603"), std::string::npos);
}

TEST(messages, a_handler_that_throws_has_refused) {
  asked_question question;
  question.method = "roots/list";
  const auto given =
      ask_safely([](const asked_question&) -> std::optional<question_reply> { throw 7; }, question);
  ASSERT_TRUE(given);
  EXPECT_TRUE(given->refused());
}

TEST(link, what_is_shown_of_a_reply_is_one_short_line) {
  EXPECT_EQ(shown("a\nb\x1b[31m"), "a b [31m");
  EXPECT_LT(shown(std::string(10'000, 'x')).size(), 300U);
}

}  // namespace
}  // namespace longhaul::test
