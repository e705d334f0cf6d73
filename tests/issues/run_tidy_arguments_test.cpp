// SPDX-License-Identifier: Apache-2.0
// Two complaints about servers that are right by the letter. n8n puts `toolCallId`, `sessionId`,
// `action`, `chatInput` and `tool` into the arguments of every call, so every call to a tool that
// takes no further members was refused. And models write "5", "true" or "[\"a\"]" where an integer,
// a boolean or an array is wanted, are told so, and write the same again.
#include <gtest/gtest.h>

#include <map>

#include "json/view.hpp"
#include "longhaul/server.hpp"
#include "server/catalog.hpp"

namespace tidy {

enum class speed { slow, fast };
BOOST_DESCRIBE_ENUM(speed, slow, fast)
struct inner {
  int count = 0;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(inner, (), (count, text))
struct args {
  std::string name;
  int frames = 1;
  std::optional<double> scale;
  std::optional<bool> loud;
  std::optional<std::vector<std::string>> names;
  std::optional<std::vector<int>> sizes;
  std::optional<std::map<std::string, int>> by_name;
  std::optional<std::vector<inner>> parts;
  std::optional<std::string> note;
  speed how = speed::fast;
  longhaul::raw_json any;
};
BOOST_DESCRIBE_STRUCT(args, (),
                      (name, frames, scale, loud, names, sizes, by_name, parts, note, how, any))
struct n8n_args {
  std::string action;
};
BOOST_DESCRIBE_STRUCT(n8n_args, (), (action))

}  // namespace tidy

namespace longhaul::test {
namespace {

template <class Handler>
server serving_one(server_options about, tool_options options, Handler handler) {
  options.name = "t";
  server made(std::move(about));
  made.add_tool(std::move(options), std::move(handler));
  return made;
}

std::string accepted(const server& by, const std::string& arguments) {
  try {
    return std::string(
        by.features().tools().find("t")->accept(raw_json::parse(arguments)).json().view());
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
}

server typed(server_options about = {}, tool_options options = {}) {
  return serving_one(std::move(about), std::move(options), [](const tidy::args&) {});
}

TEST(tidied_arguments, strings_that_are_json_of_the_wanted_type_are_taken_as_it) {
  const server by = typed();
  const auto taken = [&](const std::string& member) {
    std::string all = accepted(by, R"({"name":"n",)" + member + "}");
    return all.starts_with(R"({"name":"n",)") ? all.substr(12, all.size() - 13) : all;
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("frames":"5")", R"("frames":5)"},
      {R"("frames":"-5")", R"("frames":-5)"},
      {R"("frames":"1e2")", R"("frames":1e2)"},
      {R"("scale":"1.5")", R"("scale":1.5)"},
      {R"("loud":"true")", R"("loud":true)"},
      {R"("names":"[\"a\", \"5\"]")", R"("names":["a", "5"])"},
      {R"("sizes":"[1,2]")", R"("sizes":[1,2])"},
      {R"("sizes":[1,"2" , "3"])", R"("sizes":[1,2 , 3])"},
      {R"("sizes":"[1,\n\t2]")", R"("sizes":[1,2])"},  // no line breaks where lines are messages
      {R"("sizes":"[1,\"2\"]")", R"("sizes":[1,2])"},
      {R"("by_name":"{\"a\":1}")", R"("by_name":{"a":1})"},
      {R"("by_name":{"a":"1"})", R"("by_name":{"a":1})"},
      {R"("parts":[{"count":"3","text":"4"}])", R"("parts":[{"count":3,"text":"4"}])"},
      {R"("parts":"[\"{\\\"count\\\":\\\"3\\\",\\\"text\\\":\\\"4\\\"}\"]")",
       R"("parts":[{"count":3,"text":"4"}])"},
      // What is a string stays one, whatever it looks like.
      {R"("note":"5")", R"("note":"5")"},
      {R"("note":"[1]")", R"("note":"[1]")"},
      {R"("any":"5")", R"("any":"5")"},
  };
  for (const auto& [given, wanted] : cases) EXPECT_EQ(taken(given), wanted);
  EXPECT_EQ(taken(R"("how":"\"slow\"")"),
            R"(arguments.how: expected one of "slow", "fast", got "\"slow\"")");
}

TEST(tidied_arguments, anything_else_is_refused_as_it_was) {
  const server by = typed();
  for (const char* member :
       {R"("frames":"5x")",    R"("frames":" 5")",   R"("frames":"5 ")",   R"("frames":"5.5")",
        R"("frames":"+5")",    R"("frames":"05")",   R"("frames":"0x5")",  R"("frames":"")",
        R"("frames":"true")",  R"("frames":"five")", R"("loud":"True")",   R"("loud":"yes")",
        R"("loud":"1")",       R"("scale":"NaN")",   R"("scale":"null")",  R"("names":"a")",
        R"("names":"[\"a\"")", R"("names":"{}")",    R"("sizes":"[1.5]")", R"("by_name":"[]")",
        R"("parts":"{}")",     R"("frames":[5])"}) {
    const std::string said = accepted(by, R"({"name":"n",)" + std::string(member) + "}");
    EXPECT_TRUE(said.starts_with("arguments.")) << member << " became " << said;
  }
}

TEST(tidied_arguments, strict_arguments_take_nothing_for_something_else) {
  const std::string call = R"({"name":"n","frames":"5"})";
  const std::string no = R"(arguments.frames: expected an integer, got "5")";
  EXPECT_EQ(accepted(typed({.strict_arguments = true}), call), no);
  EXPECT_EQ(accepted(typed({}, {.strict_arguments = true}), call), no);
  EXPECT_EQ(accepted(typed({.strict_arguments = true}, {.strict_arguments = false}), call),
            R"({"name":"n","frames":5})");
}

TEST(tidied_arguments, what_hosts_add_is_dropped_where_it_is_not_declared) {
  const std::string call =
      R"({"toolCallId":"1","name":"n","sessionId":"2","action":"3","chatInput":{},"tool":[]})";
  EXPECT_EQ(accepted(typed(), call), R"({"name":"n"})");
  EXPECT_EQ(accepted(typed({.strict_arguments = true}), call), R"({"name":"n"})");
  EXPECT_TRUE(accepted(typed(), R"({"name":"n","toolCallID":"1"})").starts_with("arguments: unkn"));
  EXPECT_TRUE(accepted(typed({.ignore_arguments = {}}), call).starts_with("arguments: unknown"));
  EXPECT_EQ(accepted(typed({.ignore_arguments = {"trace"}}), R"({"name":"n","trace":1})"),
            R"({"name":"n"})");
  const server declares = serving_one({}, {}, [](const tidy::n8n_args&) {});
  EXPECT_EQ(accepted(declares, R"({"action":"go","tool":"x"})"), R"({"action":"go"})");
  const server takes_none = serving_one({}, {}, [] {});
  EXPECT_EQ(accepted(takes_none, R"({"sessionId":"x"})"), "{}");
}

TEST(tidied_arguments, raw_handlers_keep_what_their_schema_has_a_place_for) {
  const auto raw = [](const char* schema) {
    tool_options options;
    if (*schema != '\0') options.input_schema = raw_json::parse(schema);
    return serving_one({}, std::move(options), [](const raw_json&) {});
  };
  const std::string call = R"({"a":"5","action":"x","tool":1})";
  EXPECT_EQ(accepted(raw(R"({"type":"object","properties":{"a":{},"tool":{}}})"), call),
            R"({"a":"5","tool":1})");
  EXPECT_EQ(accepted(raw(R"({"type":"object","properties":{"a":{}},"additionalProperties":false})"),
                     call),
            R"({"a":"5"})");
  for (const char* open : {"", R"({"type":"object"})", R"({"type":"object","properties":{}})",
                           R"({"type":"object","properties":{"a":{}},"additionalProperties":true})",
                           R"({"type":"object","properties":{"a":{}},"patternProperties":{}})",
                           R"({"type":"object","properties":{"a":{}},"allOf":[{}]})"}) {
    EXPECT_EQ(accepted(raw(open), call), call) << open;
  }
}

TEST(tidied_arguments, what_needs_no_change_is_the_same_bytes_and_nothing_nests_too_deep) {
  const std::string call = R"( { "name" : "n", "sizes" : [ 1 ] } )";
  EXPECT_EQ(accepted(typed(), call), call);
  std::string deep = "\"" + std::string(300, '[') + std::string(300, ']') + "\"";
  deep = R"({"name":"n","sizes":)" + std::string(300, '[') + deep + std::string(300, ']') + "}";
  EXPECT_TRUE(accepted(typed(), deep).starts_with("arguments.sizes[0]: expected an integer"));
}

}  // namespace
}  // namespace longhaul::test
