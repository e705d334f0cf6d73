// SPDX-License-Identifier: Apache-2.0
// Arguments that are mirrored in headers, and tools whose wishes for that cannot be met.
#include "client/mirrored.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "client/scripted_server.hpp"
#include "longhaul/client.hpp"

namespace longhaul::test {
namespace {

using remote::mirroring_fault;

raw_json tool_of(const std::string& schema, const std::string& name = "t") {
  return raw_json::parse(R"({"name":")" + name + R"(","inputSchema":)" + schema + "}");
}
std::string fault_of(const std::string& properties, const std::string& more = {}) {
  return mirroring_fault(
      tool_of(R"({"type":"object","properties":{)" + properties + "}" + more + "}"));
}

TEST(mirroring, nothing_is_wrong_with_what_the_specification_allows) {
  EXPECT_EQ(mirroring_fault(raw_json()), "");
  EXPECT_EQ(mirroring_fault(raw_json::parse(R"({"name":"t"})")), "");
  EXPECT_EQ(fault_of(R"("a":{"type":"string","x-mcp-header":"A-1!"},)"
                     R"("b":{"type":"integer","x-mcp-header":"B"},)"
                     R"("c":{"type":"boolean","x-mcp-header":"C"})"),
            "");
  // Nested, along `properties`.
  EXPECT_EQ(fault_of(R"("o":{"type":"object","properties":{"a":)"
                     R"({"type":"string","x-mcp-header":"A"}}})"),
            "");
  // A parameter of that name, and data that look like it.
  EXPECT_EQ(fault_of(R"("x-mcp-header":{"type":"object"})"), "");
  EXPECT_EQ(fault_of(R"("a":{"default":{"x-mcp-header":1},"enum":[{"x-mcp-header":1}]})"), "");
}

TEST(mirroring, names_must_be_tokens_that_come_once) {
  for (const char* name : {R"("")", R"("My Region")", R"("Region:Primary")", R"("Région")",
                           R"("Region\t1")", R"("a\r\nb")", "null", "7", "true", R"(["A"])"}) {
    EXPECT_NE(fault_of(R"("a":{"type":"string","x-mcp-header":)" + std::string(name) + "}"), "")
        << name;
  }
  for (const char* again : {"Region", "rEGION"}) {
    EXPECT_NE(fault_of(R"("a":{"type":"string","x-mcp-header":"Region"},)"
                       R"("b":{"type":"string","x-mcp-header":")" +
                       std::string(again) + "\"}"),
              "")
        << again;
  }
}

TEST(mirroring, is_for_strings_integers_and_booleans) {
  for (const char* type : {R"("type":"number",)", R"("type":"object",)", R"("type":"array",)",
                           R"("type":"null",)", R"("type":["string","array"],)", ""}) {
    EXPECT_NE(fault_of("\"a\":{" + std::string(type) + R"("x-mcp-header":"A"})"), "") << type;
  }
}

TEST(mirroring, is_for_what_properties_lead_to) {
  const std::string one = R"({"type":"string","x-mcp-header":"A"})";
  EXPECT_NE(mirroring_fault(tool_of(one)), "");
  for (const std::string around :
       {R"("items":#)", R"("prefixItems":[#])", R"("oneOf":[#])", R"("anyOf":[{"not":#}])",
        R"("if":#)", R"("then":{"properties":{"p":#}})", R"("additionalProperties":#)",
        R"("allOf":[{"properties":{"p":#}}])", R"("patternProperties":{"^x":#})",
        R"("$defs":{"properties":#})", R"("$defs":{"d":{"properties":{"p":#}}})"}) {
    std::string schema = around;
    schema.replace(schema.find('#'), 1, one);
    EXPECT_NE(fault_of("\"a\":{" + schema + "}"), "") << schema;
    EXPECT_NE(fault_of(R"("a":{})", "," + schema), "") << schema;
  }
}

// --- on the wire

constexpr const char* tools = R"({"resultType":"complete","tools":[
  {"name":"good","inputSchema":{"type":"object","properties":{
    "region":{"type":"string","x-mcp-header":"Region"},
    "n":{"type":"integer","x-mcp-header":"Count"},
    "deep":{"type":"object","properties":{"on":{"type":"boolean","x-mcp-header":"On"}}},
    "gone":{"type":"string","x-mcp-header":"Gone"},
    "plain":{"type":"string"}}}},
  {"name":"bad","inputSchema":{"type":"object","properties":{
    "a":{"type":"number","x-mcp-header":"A"}}}}]})";
constexpr const char* arguments =
    R"({"region":"Zürich","n":-7,"deep":{"on":true},"gone":null,"plain":"p"})";

class client_with_headers : public testing::Test {
 protected:
  client_with_headers() {
    server_.modern();
    server_.on("tools/list", [](const heard& asked, wire& out) {
      out.answer(asked, raw_json::parse(tools).view());
    });
    server_.on("tools/call", [](const heard& asked, wire& out) {
      if (asked.header("mcp-param-region").empty()) return out.refuse(asked, -32020, "no", 400);
      out.answer(asked, R"({"resultType":"complete","content":[]})");
    });
  }
  std::vector<heard> calls() const {
    std::vector<heard> result = server_.all();
    std::erase_if(result, [](const heard& each) { return each.method() != "tools/call"; });
    return result;
  }
  static void expect_all_headers(const heard& call) {
    EXPECT_EQ(call.header("mcp-param-region"), "=?base64?WsO8cmljaA==?=");
    EXPECT_EQ(call.header("mcp-param-count"), "-7");
    EXPECT_EQ(call.header("mcp-param-on"), "true");
    EXPECT_FALSE(call.headers.contains("mcp-param-gone"));
    EXPECT_FALSE(call.headers.contains("mcp-param-plain"));
  }

  scripted_server server_;
};

TEST_F(client_with_headers, sends_them_at_once_where_the_tools_were_listed) {
  const client one({.url = server_.url()});
  one.tools();
  one.call("good", raw_json::parse(arguments)).wait().value();
  ASSERT_EQ(calls().size(), 1U);
  expect_all_headers(calls()[0]);
}

TEST_F(client_with_headers, sends_them_when_the_server_misses_them) {
  const client one({.url = server_.url()});
  one.call("good", raw_json::parse(arguments)).wait().value();
  ASSERT_EQ(calls().size(), 2U);
  EXPECT_EQ(server_.count("tools/list"), 1);
  expect_all_headers(calls()[1]);
  one.call("good", raw_json::parse(arguments)).wait().value();
  ASSERT_EQ(calls().size(), 3U);
  expect_all_headers(calls()[2]);
}

TEST_F(client_with_headers, says_so_when_the_server_wants_what_no_schema_says) {
  const client one({.url = server_.url()});
  try {
    one.call("good", raw_json::parse(R"({"plain":"p"})")).wait();
    FAIL();
  } catch (const client_error& e) {
    EXPECT_EQ(e.why(), client_error::kind::refused);
    EXPECT_EQ(e.code(), -32020);
  }
  EXPECT_EQ(calls().size(), 1U);
}

TEST_F(client_with_headers, leaves_out_tools_that_it_cannot_call_and_says_why) {
  std::mutex mutex;
  std::condition_variable logged;
  std::vector<std::string> log;
  client_options options;
  options.on_log = [&](const raw_json& params) {
    const std::lock_guard lock(mutex);
    log.push_back(json::value(params)["data"].string().value_or(""));
    logged.notify_all();
  };
  const client one({.url = server_.url()}, options);
  for (int i = 0; i < 2; ++i) {
    const auto listed = one.tools();
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_TRUE(json::value(listed[0])["name"].equals("good"));
  }
  try {
    one.call("bad", raw_json::parse(R"({"a":1})")).wait();
    FAIL();
  } catch (const client_error& e) {
    EXPECT_EQ(e.why(), client_error::kind::broken);
    EXPECT_NE(std::string(e.what()).find("no string, integer or boolean"), std::string::npos);
  }
  EXPECT_TRUE(calls().empty());
  std::unique_lock lock(mutex);
  logged.wait(lock, [&] { return !log.empty(); });
  EXPECT_EQ(log.size(), 1U);  // not with each list
  EXPECT_EQ(log[0].find("the tool 'bad' is left out: "), 0U);
}

TEST_F(client_with_headers, has_none_in_a_session) {
  server_.sessions();
  server_.on("tools/call", [](const heard& asked, wire& out) {
    out.answer(asked, R"({"content":[{"type":"text","text":"done"}]})");
  });
  const client one({.url = server_.url()});
  EXPECT_EQ(one.tools().size(), 2U);
  EXPECT_EQ(one.call("good", raw_json::parse(arguments)).wait().value().text(), "done");
  ASSERT_EQ(calls().size(), 1U);
  EXPECT_FALSE(calls()[0].headers.contains("mcp-param-region"));
}

// --- defaults

TEST(form_defaults, are_an_object_of_what_has_one) {
  asked_question question;
  question.method = "elicitation/create";
  question.params = raw_json::parse(
      R"({"message":"m","requestedSchema":{"type":"object","properties":{)"
      R"("name":{"type":"string","default":"John"},"age":{"type":"integer","default":30},)"
      R"("of":{"type":"array","items":{"type":"string"},"default":["a","b"]},)"
      R"("must":{"type":"string"},"no":{"type":"boolean","default":false}}}})");
  EXPECT_EQ(form_defaults(question).view(),
            R"({"name":"John","age":30,"of":["a","b"],"no":false})");
  question.params = raw_json::parse(R"({"message":"m","mode":"url","url":"https://x.test"})");
  EXPECT_EQ(form_defaults(question).view(), "{}");
  EXPECT_EQ(form_defaults(asked_question()).view(), "{}");
}

}  // namespace
}  // namespace longhaul::test
