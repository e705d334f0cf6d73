// SPDX-License-Identifier: Apache-2.0
#include "wire/result_json.hpp"

#include <gtest/gtest.h>

#include "wire/notifications.hpp"
#include "wire/task_json.hpp"
#include "wire/tool_json.hpp"

namespace longhaul::wire {
namespace {

std::string shown(std::string_view body, const result_look& look) {
  std::string out;
  append_result(out, body, look);
  return out;
}

TEST(results, are_spliced_behind_what_goes_in_front) {
  const result_look modern = {.lead = R"("resultType":"complete",)", .meta = R"("s":1)"};
  EXPECT_EQ(shown(R"({"content":[]})", modern),
            R"({"resultType":"complete","_meta":{"s":1},"content":[]})");
  EXPECT_EQ(shown("{}", modern), R"({"resultType":"complete","_meta":{"s":1}})");
  EXPECT_EQ(shown(" { } ", modern), R"({"resultType":"complete","_meta":{"s":1}})");
  EXPECT_EQ(shown("{}", {.lead = R"("resultType":"complete",)"}), R"({"resultType":"complete"})");
  EXPECT_EQ(shown(R"({"content":[]})", {}), R"({"content":[]})");
}

TEST(results, keep_their_own_meta_but_not_what_the_server_says) {
  const result_look modern = {.lead = R"("resultType":"complete",)", .meta = R"("s":1)"};
  EXPECT_EQ(shown(R"({"_meta":{"s":2,"t":3},"resultType":"task","content":[]})", modern),
            R"({"resultType":"complete","content":[],"_meta":{"s":1,"t":3}})");
  EXPECT_EQ(shown(R"({"_meta":{}})", modern), R"({"resultType":"complete","_meta":{"s":1}})");
}

TEST(results, structured_content_is_wrapped_or_left_out_by_revision) {
  using structured = result_look::structured;
  const std::string_view list = R"({"content":[],"structuredContent":[1,2]})";
  const std::string_view object = R"({"content":[],"structuredContent":{"a":1}})";
  EXPECT_EQ(shown(list, {}), list);
  EXPECT_EQ(shown(object, {.structured_content = structured::objects}), object);
  EXPECT_EQ(shown(list, {.structured_content = structured::objects}),
            R"({"content":[],"structuredContent":{"result":[1,2]}})");
  EXPECT_EQ(shown(object, {.structured_content = structured::none}), R"({"content":[]})");
}

TEST(tools, have_what_their_revision_has) {
  tool_definition tool;
  tool.options.name = "t";
  tool.options.title = "T";
  tool.options.policy = task_policy::always;
  tool.options.annotations.destructive = false;
  tool.input_schema = raw_json::trusted(R"({"type":"object"})");
  tool.output_schema =
      raw_json::trusted(R"({"type":"array","$defs":{"x":{}},"items":{"$ref":"#/$defs/x"}})");
  tool.options.icons = {{.source = "data:,x", .theme = "dark"}};
  tool.options.meta = raw_json::trusted(R"({"m":1})");
  const auto look = [&](revision version) {
    std::string out;
    append_tool(out, tool, look_of(version));
    return out;
  };
  EXPECT_EQ(
      look(revision::v2025_03_26),
      R"({"name":"t","inputSchema":{"type":"object"},"annotations":{"destructiveHint":false}})");
  EXPECT_EQ(
      look(revision::v2025_11_25),
      R"({"name":"t","title":"T","inputSchema":{"type":"object"},"outputSchema":)"
      R"({"type":"object","$defs":{"x":{}},"properties":{"result":{"type":"array","items":{"$ref":"#/$defs/x"}}},)"
      R"("required":["result"]},"annotations":{"destructiveHint":false},)"
      R"("execution":{"taskSupport":"required"},"icons":[{"src":"data:,x","theme":"dark"}],)"
      R"("_meta":{"m":1}})");
  EXPECT_EQ(look(revision::v2025_06_18).find("icons"), std::string::npos);
  EXPECT_NE(look(revision::v2026_07_28).find(R"("outputSchema":{"type":"array")"),
            std::string::npos);
}

TEST(status_messages, hold_the_progress_where_there_is_no_field_for_it) {
  task_record task;
  task.progress = progress_state{3, 10};
  EXPECT_EQ(shown_message(task), "3 of 10");
  task.status_message = "rendering";
  EXPECT_EQ(shown_message(task), "rendering (3 of 10)");
  task.progress = progress_state{0.5, std::nullopt};
  EXPECT_EQ(shown_message(task), "rendering (0.5)");
  task.status = task_status::completed;
  EXPECT_EQ(shown_message(task), "rendering");
}

}  // namespace
}  // namespace longhaul::wire
