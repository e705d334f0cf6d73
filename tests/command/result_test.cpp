// SPDX-License-Identifier: Apache-2.0
#include "command/result.hpp"

#include <gtest/gtest.h>

#include "json/view.hpp"

namespace longhaul::command {
namespace {

tool_spec tool_of(result_form form) {
  tool_spec tool;
  tool.options.name = "compress";
  tool.result = form;
  tool.result_lines = 3;
  return tool;
}

captured_output printed(std::string bytes) {
  captured_output all;
  all.total = bytes.size();
  all.bytes = std::move(bytes);
  return all;
}

struct shown {
  std::string text;
  bool is_error = false;
  std::string structured;
  std::size_t items = 0;
};

shown result_of(const tool_spec& tool, const program_end& end, const captured_output& out,
                const captured_output& err = {}) {
  const outcome made = program_result(tool, end, out, err, "").to_outcome();
  EXPECT_NO_THROW((void)raw_json::parse(made.body.view()));
  const json::value body(made.body);
  shown result;
  for (json::elements e(body["content"]); e.next(); ++result.items) {
    result.text += e.value()["text"].string().value_or("?");
  }
  result.is_error = made.is_error;
  EXPECT_EQ(body["isError"].boolean().value_or(false), made.is_error);
  result.structured = body["structuredContent"].raw();
  return result;
}

std::string text_of(const tool_spec& tool, const program_end& end, const captured_output& out,
                    const captured_output& err = {}) {
  const shown result = result_of(tool, end, out, err);
  return (result.is_error ? "ERROR " : "") + result.text;
}

const program_end good = program_end::exited(0);

TEST(program_result, text_is_standard_output_as_it_is) {
  const tool_spec tool = tool_of(result_form::text);
  EXPECT_EQ(text_of(tool, good, printed("a\r\n\x1B[1mb\n"), printed("noise")), "a\r\n\x1B[1mb\n");
  EXPECT_EQ(text_of(tool, good, printed("a\xFF\xC3")), "a\uFFFD\uFFFD");
  EXPECT_EQ(text_of(tool, good, printed(std::string("a\0\"", 3))), std::string("a\0\"", 3));
}

TEST(program_result, silence_is_said) {
  EXPECT_EQ(text_of(tool_of(result_form::text), good, {}), "compress ended and printed nothing");
  EXPECT_EQ(text_of(tool_of(result_form::text), good, {}, printed("x")),
            "compress ended and printed nothing on standard output");
  EXPECT_EQ(text_of(tool_of(result_form::lines), good, printed("\n\n"), printed(" ")),
            "compress ended and printed nothing");
  tool_spec tool = tool_of(result_form::text);
  tool.success = {0, 1};
  EXPECT_EQ(text_of(tool, program_end::exited(1), {}),
            "compress ended with exit code 1 and printed nothing");
}

TEST(program_result, long_output_is_cut_and_says_so) {
  tool_spec tool = tool_of(result_form::text);
  tool.result_limit = 5;
  EXPECT_EQ(text_of(tool, good, printed("12345")), "12345");
  EXPECT_EQ(text_of(tool, good, printed("123456")),
            "[output truncated: showing the last 5 of 6 bytes]\n23456");
  EXPECT_EQ(text_of(tool, good, {"56789", 1234567}),
            "[output truncated: showing the last 5 of 1234567 bytes]\n56789");
  EXPECT_EQ(text_of(tool, good, printed("é😀😀")),
            "[output truncated: showing the last 4 of 10 bytes]\n😀");
}

TEST(program_result, lines_are_the_last_ones_of_what_was_printed) {
  const tool_spec tool = tool_of(result_form::lines);
  EXPECT_EQ(text_of(tool, good, printed("a\nb\n"), printed("noise")), "a\nb");
  EXPECT_EQ(text_of(tool, good, {}, printed("1%\r50%\r100%\ndone\n")), "100%\ndone");
  EXPECT_EQ(text_of(tool, good, printed("a\nb\nc\n")), "a\nb\nc");
  EXPECT_EQ(text_of(tool, good, printed("a\nb\nc\nd\n")),
            "[output truncated: showing the last 3 lines of 8 bytes]\nb\nc\nd");
  EXPECT_EQ(text_of(tool, good, {"tail", 5000}),
            "[output truncated: showing the last line of 5000 bytes]\ntail");
}

TEST(program_result, json_becomes_structured_content) {
  const tool_spec tool = tool_of(result_form::json);
  const shown result = result_of(tool, good, printed(" {\n\"a\": [1]\n}\n"), printed("noise"));
  EXPECT_EQ(result.structured, R"({"a":[1]})");
  EXPECT_EQ(result.text, result.structured);
  EXPECT_FALSE(result.is_error);
}

TEST(program_result, what_is_no_json_object_is_an_error_that_shows_it) {
  const tool_spec tool = tool_of(result_form::json);
  const std::string wanted = "ERROR compress should print one JSON object on standard output, but ";
  EXPECT_EQ(text_of(tool, good, printed("[1]\n")),
            wanted + R"(what it printed is other JSON; it is "[1]\n")");
  EXPECT_EQ(text_of(tool, good, printed(" \n")), wanted + "it printed nothing");
  EXPECT_EQ(text_of(tool, good, {}, printed("why\n")),
            wanted + "it printed nothing\n\nOn standard error:\nwhy");
  for (const std::string bad : {"hello", "{} {}", "{\"a\":}", "{\"a\":\"\xFF\"}"}) {
    const std::string text = text_of(tool, good, printed(bad));
    EXPECT_TRUE(text.starts_with(wanted + "what it printed is not JSON: ")) << text;
    EXPECT_NE(text.find("; it is \""), std::string::npos) << text;
  }
  const std::string text = text_of(tool, good, printed("x" + std::string(5000, 'y')));
  EXPECT_TRUE(text.ends_with("; it begins with \"x" + std::string(199, 'y') + "\"")) << text;
}

TEST(program_result, json_beyond_the_limit_is_an_error) {
  tool_spec tool = tool_of(result_form::json);
  tool.result_limit = 8;
  const std::string wanted = "ERROR compress should print one JSON object on standard output, but ";
  EXPECT_EQ(result_of(tool, good, printed(R"({"a":12})")).structured, R"({"a":12})");
  EXPECT_EQ(text_of(tool, good, printed(R"({"a":123})")),
            wanted + "it printed 9 bytes; at most 8 can be a result");
  EXPECT_EQ(text_of(tool, good, {"{}", 900}),
            wanted + "it printed 900 bytes; at most 8 can be a result");
}

TEST(program_result, a_part_of_json_is_no_result) {
  const shown result = result_of(tool_of(result_form::json), good, {"{}", 5});
  EXPECT_TRUE(result.is_error);
  EXPECT_EQ(result.structured, "");
}

TEST(program_result, a_failure_says_what_happened_and_what_was_printed_last) {
  for (const result_form form : {result_form::text, result_form::json, result_form::lines}) {
    const tool_spec tool = tool_of(form);
    EXPECT_EQ(text_of(tool, program_end::exited(2), printed("{}"), printed("no such file\n")),
              "ERROR compress ended with exit code 2\n\nOn standard error:\nno such file");
    EXPECT_EQ(
        text_of(tool, program_end::exited(2), printed("a\nb\nc\nd"), printed("\n")),
        "ERROR compress ended with exit code 2\n\nThe last lines on standard output:\nb\nc\nd");
    EXPECT_EQ(text_of(tool, program_end::exited(1), {}), "ERROR compress ended with exit code 1");
    EXPECT_EQ(text_of(tool, program_end::killed(9), {}),
              "ERROR compress was killed by signal 9 (SIGKILL)");
    EXPECT_EQ(text_of(tool, program_end::killed(60), {}), "ERROR compress was killed by signal 60");
    EXPECT_EQ(text_of(tool, program_end::not_started("Permission denied"), {}),
              "ERROR compress could not be started: Permission denied");
    EXPECT_EQ(text_of(tool, program_end::lost("its helper was killed"), {}),
              "ERROR compress may have done part of its work, how it ended is not known: its "
              "helper was killed");
  }
}

TEST(program_result, exit_codes_count_as_the_tool_says) {
  tool_spec tool = tool_of(result_form::text);
  tool.success = {1, 3};
  EXPECT_EQ(text_of(tool, program_end::exited(3), printed("x")), "x");
  EXPECT_EQ(text_of(tool, program_end::exited(0), printed("x")),
            "ERROR compress ended with exit code 0\n\nOn standard output:\nx");
  EXPECT_TRUE(result_of(tool, program_end::killed(1), {}).is_error);
}

TEST(program_result, streams_with_output_are_linked) {
  tool_spec tool = tool_of(result_form::text);
  tool.output_limit = 100;
  const auto body = [&](const captured_output& out, const captured_output& err) {
    return std::string(program_result(tool, good, out, err, "T-1").to_outcome().body.view());
  };
  EXPECT_EQ(body(printed("x"), {"y", 1000}),
            R"({"content":[{"type":"text","text":"x"},)"
            R"({"type":"resource_link","uri":"longhaul://tasks/T-1/stdout","name":"stdout",)"
            R"("title":"Standard output of compress","mimeType":"text/plain","size":1},)"
            R"({"type":"resource_link","uri":"longhaul://tasks/T-1/stderr","name":"stderr",)"
            R"("title":"Standard error of compress","mimeType":"text/plain","size":100}]})");
  EXPECT_EQ(body({}, {}).find("resource_link"), std::string::npos);
  EXPECT_EQ(result_of(tool, good, printed("x")).items, 1U) << "no task, no links";
}

TEST(program_result, signals_have_names) {
  EXPECT_EQ(signal_name(15), "SIGTERM");
  EXPECT_EQ(signal_name(11), "SIGSEGV");
  EXPECT_EQ(signal_name(0), "");
}

}  // namespace
}  // namespace longhaul::command
