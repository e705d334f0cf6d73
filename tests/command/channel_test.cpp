// SPDX-License-Identifier: Apache-2.0
#include "command/channel.hpp"

#include <gtest/gtest.h>

#include "command/tunables.hpp"

namespace longhaul::command {
namespace {

using lines = std::vector<std::string>;

/// The lines of `bytes` in pieces of `size`; "TOO LONG" for one that was skipped.
lines split(std::string_view bytes, std::size_t size,
            std::size_t longest = tunables::max_channel_line) {
  line_splitter splitter(longest);
  lines all;
  const auto add = [&](std::optional<std::string_view> line) {
    all.emplace_back(line.value_or("TOO LONG"));
  };
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    splitter.feed(bytes.substr(at, size), add);
  }
  splitter.finish(add);
  return all;
}

template <class Message>
Message parsed(std::string_view line) {
  channel_message message = parse_channel_line(line);
  if (const auto* fault = std::get_if<channel_fault>(&message)) {
    ADD_FAILURE() << line << ": " << fault->message;
    return {};
  }
  if (!std::holds_alternative<Message>(message)) {
    ADD_FAILURE() << line << ": another message";
    return {};
  }
  return std::get<Message>(std::move(message));
}

std::string fault_of(std::string_view line) {
  const channel_message message = parse_channel_line(line);
  const auto* fault = std::get_if<channel_fault>(&message);
  return fault != nullptr ? fault->message : "no fault";
}

TEST(channel_lines, end_at_line_feeds_wherever_they_are_cut) {
  for (const std::size_t size : {1UL, 2UL, 3UL, 100UL}) {
    EXPECT_EQ(split("one\ntwo\r\n\n \t\r\nthree", size), (lines{"one", "two", "three"})) << size;
    EXPECT_EQ(split("", size), lines{});
    EXPECT_EQ(split("a\rb\n", size), lines{"a\rb"});
  }
}

TEST(channel_lines, that_are_too_long_are_reported_once_and_skipped) {
  for (const std::size_t size : {1UL, 4UL, 5UL, 6UL, 100UL}) {
    EXPECT_EQ(split("12345\n123456\nab\n1234567890123456", size, 5),
              (lines{"12345", "TOO LONG", "ab", "TOO LONG"}))
        << size;
  }
}

TEST(channel_lines, of_a_program_that_writes_none_need_no_more_memory) {
  line_splitter splitter;
  const std::string much(1 << 20, 'x');
  int reports = 0;
  for (int i = 0; i < 64; ++i) splitter.feed(much, [&](auto line) { reports += line ? 100 : 1; });
  EXPECT_EQ(reports, 1);
}

TEST(channel_message, progress) {
  const auto whole = parsed<channel_progress>(
      R"({"progress":{"done":3,"total":10,"message":"a \"b\"\n\ud83d\ude00"}})");
  EXPECT_EQ(whole.done, 3);
  EXPECT_EQ(whole.total, 10);
  EXPECT_EQ(whole.message, "a \"b\"\n😀");
  const auto least = parsed<channel_progress>(R"( { "progress" : {"done":0.5} } )");
  EXPECT_EQ(least.done, 0.5);
  EXPECT_EQ(least.total, std::nullopt);
  EXPECT_EQ(least.message, "");
  const auto nulls =
      parsed<channel_progress>(R"({"progress":{"done":1,"total":null,"message":null}})");
  EXPECT_EQ(nulls.total, std::nullopt);
}

TEST(channel_message, progress_that_is_wrong) {
  const std::string form = R"(; write {"progress":{"done":3,"total":10,"message":"…"}})";
  EXPECT_EQ(fault_of(R"({"progress":{}})"), R"(progress: missing member "done")" + form);
  EXPECT_EQ(fault_of(R"({"progress":5})"), "progress: expected an object, got 5" + form);
  EXPECT_EQ(fault_of(R"({"progress":{"done":"3"}})"),
            R"(progress.done: expected a number of at least 0, got "3")" + form);
  EXPECT_EQ(fault_of(R"({"progress":{"done":-1}})"),
            "progress.done: expected a number of at least 0, got -1" + form);
  EXPECT_EQ(fault_of(R"({"progress":{"done":1,"total":-1}})"),
            "progress.total: expected a number of at least 0, got -1" + form);
  EXPECT_EQ(fault_of(R"({"progress":{"done":1,"totl":2}})"),
            R"(progress: unknown member "totl"; did you mean "total"?)" + form);
  EXPECT_EQ(fault_of(R"({"progress":{"done":1,"done":2}})"),
            R"(progress: member "done" is there twice)" + form);
  EXPECT_EQ(fault_of(R"({"progress":{"done":1e999}})"),
            "progress: expected numbers below 1.8e308" + form);
  EXPECT_EQ(fault_of(R"({"progress":{"done":1,"total":1e999}})"),
            "progress: expected numbers below 1.8e308" + form);
}

TEST(channel_message, status) {
  EXPECT_EQ(parsed<channel_status>(R"({"status":"linking \u00e9"})").text, "linking é");
  EXPECT_EQ(parsed<channel_status>(R"({"status":"file \udcff"})").text, "file \xEF\xBF\xBD")
      << "Python's way to say a byte that is no UTF-8";
  EXPECT_EQ(fault_of(R"({"status":1})"),
            R"(status: expected a string, got 1; write {"status":"…"})");
}

TEST(channel_message, ask) {
  const auto free = parsed<channel_ask>(R"({"ask":{"key":"k","message":"Go on?"}})");
  EXPECT_EQ(free.key, "k");
  EXPECT_EQ(free.question.message, "Go on?");
  EXPECT_EQ(free.question.requested_schema.view(),
            R"({"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"]})");
  const std::string schema = R"({"type":"object","properties":{"n":{"type":"integer"}}})";
  const auto form =
      parsed<channel_ask>(R"({"ask":{"key":"k","message":"How many?","schema":)" + schema + "}}");
  EXPECT_EQ(form.question.requested_schema.view(), schema);
  EXPECT_EQ(form.question.how, elicitation::mode::form);
  EXPECT_EQ(parsed<channel_ask>(R"({"ask":{"key":"k","message":"m","schema":null}})")
                .question.requested_schema,
            free.question.requested_schema);
}

TEST(channel_message, ask_that_is_wrong) {
  const std::string form = R"(; write {"ask":{"key":"…","message":"…","schema":{…}}})";
  EXPECT_EQ(fault_of(R"({"ask":{"message":"m"}})"), R"(ask: missing member "key")" + form);
  EXPECT_EQ(fault_of(R"({"ask":{"key":"","message":"m"}})"),
            R"(ask.key: expected a string of 1 to 128 characters, got "")" + form);
  EXPECT_NE(fault_of(R"({"ask":{"key":")" + std::string(129, 'k') + R"(","message":"m"}})"),
            "no fault");
  EXPECT_EQ(fault_of(R"({"ask":{"key":"k","message":""}})"),
            R"(ask.message: expected a string of at least 1 characters, got "")" + form);
  EXPECT_EQ(fault_of(R"({"ask":{"key":"k","message":"m","schema":{"type":"string"}}})"),
            R"(ask.schema: form: the schema needs "type": "object" and "properties")" + form);
  const std::string nested = R"({"type":"object","properties":{"o":{"type":"object"}}})";
  EXPECT_EQ(
      fault_of(R"({"ask":{"key":"k","message":"m","schema":)" + nested + "}}"),
      R"(ask.schema: form: member "o": forms are flat: strings, numbers, booleans, enums and )"
      "arrays of enums" +
          form);
}

TEST(channel_message, checkpoint_and_restore) {
  for (const std::string any : {"null", "0", R"("x")", "[1, {}]", R"({"a":{"b":1}})"}) {
    EXPECT_EQ(parsed<channel_checkpoint>(R"({"checkpoint":)" + any + "}").value.view(), any);
  }
  EXPECT_EQ(parsed<channel_checkpoint>("{\"checkpoint\":[1,\r2]}").value.view(), "[1,2]");
  (void)parsed<channel_restore>(R"({"restore":true})");
  EXPECT_EQ(fault_of(R"({"restore":false})"), R"(restore: expected true; write {"restore":true})");
}

TEST(channel_message, a_line_is_one_object_with_one_verb) {
  const std::string form = R"(; write one JSON object a line, such as {"status":"…"})";
  EXPECT_EQ(fault_of("[]"), "the line is not an object" + form);
  EXPECT_EQ(fault_of("{}"), "the object is empty" + form);
  EXPECT_EQ(fault_of(R"({"status":"a","restore":true})"), "more than one member in a line" + form);
  EXPECT_EQ(fault_of(R"({"status":"a","status":"b"})"), "more than one member in a line" + form);
  EXPECT_EQ(fault_of(R"({"Progres":{"done":1}})"),
            R"(unknown member "Progres"; did you mean "progress"?)");
  EXPECT_EQ(fault_of(R"({"x":1})"),
            R"(unknown member "x"; there is one of "progress", "status", "ask", "checkpoint", )"
            R"("restore")");
}

TEST(channel_message, hostile_lines_are_faults) {
  const std::string form = R"(; write one JSON object a line, such as {"status":"…"})";
  EXPECT_EQ(fault_of(""), "not JSON: the text is empty" + form);
  for (const std::string& bad :
       {std::string("progress 3/10"), std::string(R"({"status":"a"} x)"), std::string("{'a':1}"),
        std::string("{\"status\":\"\xFF\"}"), std::string("{\"status\":\"a\0\"}", 14),
        std::string("\0", 1), std::string(10'000, '['),
        R"({"checkpoint":)" + std::string(1000, '[') + std::string(1000, ']') + "}"}) {
    const std::string fault = fault_of(bad);
    EXPECT_TRUE(fault.starts_with("not ") && fault.ends_with(form)) << fault;
  }
  EXPECT_EQ(parsed<channel_status>(R"({"status":"a\u0000b"})").text, std::string("a\0b", 3));
  EXPECT_EQ(parsed<channel_status>(R"({"\u0073tatus":"x"})").text, "x");
  EXPECT_LT(fault_of(R"({")" + std::string(100'000, 'x') + R"(":1})").size(), 300U);
}

TEST(channel_reply, says_what_was_answered) {
  const auto line = [](answer::action chosen, const char* content) {
    answer given;
    given.chosen = chosen;
    if (content != nullptr) given.content = raw_json::trusted(content);
    return channel_answer("k\"1", given);
  };
  EXPECT_EQ(line(answer::action::accept, R"({"n":3})"),
            "{\"key\":\"k\\\"1\",\"action\":\"accept\",\"content\":{\"n\":3}}\n");
  EXPECT_EQ(line(answer::action::accept, nullptr),
            "{\"key\":\"k\\\"1\",\"action\":\"accept\",\"content\":{}}\n");
  EXPECT_EQ(line(answer::action::decline, nullptr),
            "{\"key\":\"k\\\"1\",\"action\":\"decline\"}\n");
  EXPECT_EQ(line(answer::action::cancel, nullptr), "{\"key\":\"k\\\"1\",\"action\":\"cancel\"}\n");
}

TEST(channel_reply, gives_checkpoints_back_and_says_what_was_wrong) {
  EXPECT_EQ(channel_restored(raw_json::trusted(R"({"at":7})")), "{\"checkpoint\":{\"at\":7}}\n");
  EXPECT_EQ(channel_restored({}), "{\"checkpoint\":null}\n");
  EXPECT_EQ(channel_error("a\nb \xFF"), "{\"error\":\"a\\nb \uFFFD\"}\n");
  EXPECT_EQ(channel_ask_failed("k", "no"), "{\"key\":\"k\",\"error\":\"no\"}\n");
  EXPECT_EQ(line_too_long().message,
            "a line of more than 262144 bytes was skipped; write shorter ones");
}

}  // namespace
}  // namespace longhaul::command
