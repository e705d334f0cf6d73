// SPDX-License-Identifier: Apache-2.0
// The form of a request, whatever names and messages hold.
#include "telemetry/otlp_json.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "longhaul/raw_json.hpp"
#include "telemetry/traced.hpp"
#include "telemetry/tunables.hpp"

namespace longhaul::telemetry {
namespace {

using test::attributes_of;
using test::json_of;
using test::member_of;
using test::traced_origin;

span call_of(const std::string& tool) {
  span call;
  call.origin = traced_origin({}, tool);
  call.from = call.to = call.origin->created_at;
  return call;
}

TEST(otlp_json, says_whose_spans_they_are) {
  trace_settings settings;
  settings.service_name = "files";
  settings.resource = {{"deployment.environment.name", "test"}, {"telemetry.sdk.name", "mine"}};
  const auto request = boost::json::parse(otlp_json(settings).request({}));
  const auto all = attributes_of(request.at("resourceSpans").at(0).at("resource").as_object());
  EXPECT_EQ(all.at("service.name"), "files");
  EXPECT_EQ(all.at("deployment.environment.name"), "test");
  EXPECT_EQ(all.at("telemetry.sdk.name"), "mine") << "what is set goes, and stands once";
  EXPECT_EQ(all.at("telemetry.sdk.language"), "cpp");
  EXPECT_EQ(all.at("process.pid"), std::to_string(::getpid()));
  const auto other = boost::json::parse(otlp_json(settings).request({}));
  const auto others = attributes_of(other.at("resourceSpans").at(0).at("resource").as_object());
  const std::string id = all.at("service.instance.id");
  EXPECT_EQ(id.size(), 36U) << id;
  EXPECT_EQ(id[14], '4') << id;
  EXPECT_NE(id, others.at("service.instance.id")) << "two servers are told apart";
  EXPECT_TRUE(test::spans_in(request).empty());
}

TEST(otlp_json, writes_times_as_digits_of_nanoseconds_and_never_an_end_before_the_beginning) {
  span call = call_of("render");
  call.from = wall_time(std::chrono::nanoseconds(1'750'000'000'123'456'789));
  call.to = call.from - std::chrono::seconds(1);  // the clock was set back
  const auto json = json_of({call}).front();
  EXPECT_EQ(member_of(json, "startTimeUnixNano"), "1750000000123456789");
  EXPECT_EQ(member_of(json, "endTimeUnixNano"), "1750000000123456789");
  call.from = call.to = wall_time(std::chrono::nanoseconds(-5));
  EXPECT_EQ(member_of(json_of({call}).front(), "startTimeUnixNano"), "0");
}

TEST(otlp_json, is_valid_whatever_names_hold) {
  for (const std::string& name :
       {std::string("a\"b\\c"), std::string("\0\x01\n\x7f", 4), std::string("\xff\xfe broken \xc3"),
        std::string("日本語"), std::string()}) {
    trace_settings settings;
    settings.service_name = name;
    settings.resource = {{name, name}};
    settings.store_system = name;
    std::vector<span> all{call_of(name), call_of(name)};
    all.back().kind = span_kind::store_create;
    const std::string text = otlp_json(settings).request(all);
    ASSERT_NO_THROW(raw_json::parse(text)) << text;
    EXPECT_EQ(test::spans_in(boost::json::parse(text)).size(), 2U);
  }
  EXPECT_EQ(member_of(json_of({call_of("a\"b\n\xff")}).front(), "name"),
            "tools/call a\"b\n\xEF\xBF\xBD");
}

TEST(otlp_json, shortens_messages_between_characters) {
  std::string message = "x";
  while (message.size() < 2 * tunables::longest_message) message += "ä";
  span call = call_of("render");
  call.outcome = span_outcome::failed;
  call.failure = outcome::protocol_error(-32000, message).body;
  const std::string shown = member_of(json_of({call}).front().at("status").as_object(), "message");
  EXPECT_EQ(shown, message.substr(0, shown.size()));
  EXPECT_LE(shown.size(), tunables::longest_message);
  EXPECT_GE(shown.size(), tunables::longest_message - 1);
}

TEST(otlp_json, takes_an_error_that_is_none_as_it_is) {
  for (const char* const body : {"null", "[]", "{}", R"({"code":"x","message":7})"}) {
    span call = call_of("render");
    call.outcome = span_outcome::failed;
    call.failure = raw_json::parse(body);
    const auto json = json_of({call}).front();
    EXPECT_EQ(json.at("status").at("code").as_int64(), 2) << body;
    EXPECT_EQ(attributes_of(json).at("error.type"), "failed") << body;
  }
}

TEST(otlp_json, knows_what_is_run_under_names_that_no_tool_has) {
  struct known {
    std::string tool, name, method, key, target;
  };
  for (const known& each :
       std::vector<known>{{"prompts/greeting", "prompts/get greeting", "prompts/get",
                           "gen_ai.prompt.name", "greeting"},
                          {"resources/notes://today", "resources/read", "resources/read",
                           "mcp.resource.uri", "notes://today"},
                          {"completion/prompts/greeting/name", "completion/complete",
                           "completion/complete", "", ""},
                          {"extensions/acme/poke", "acme/poke", "acme/poke", "", ""}}) {
    const auto json = json_of({call_of(each.tool)}).front();
    const auto all = attributes_of(json);
    EXPECT_EQ(member_of(json, "name"), each.name);
    EXPECT_EQ(all.at("mcp.method.name"), each.method);
    EXPECT_FALSE(all.contains("gen_ai.tool.name")) << each.tool;
    if (!each.key.empty()) {
      EXPECT_EQ(all.at(each.key), each.target);
    }
  }
}

TEST(otlp_json, names_the_store_where_it_is_known) {
  trace_settings settings;
  settings.store_system = "sqlite";
  span write = call_of("render");
  write.kind = span_kind::store_finish;
  EXPECT_EQ(attributes_of(json_of({write}, settings).front()).at("db.system.name"), "sqlite");
  EXPECT_FALSE(attributes_of(json_of({write}).front()).contains("db.system.name"));
  EXPECT_FALSE(
      attributes_of(json_of({call_of("render")}, settings).front()).contains("db.system.name"));
}

TEST(otlp_json, passes_the_state_of_vendors_on) {
  span call = call_of("render");
  auto origin = std::make_shared<task_origin>(*call.origin);
  std::string meta;
  json::object(meta)
      .string("traceparent", test::sampled_caller)
      .string("tracestate", "rojo=00f067aa0ba902b7")
      .close();
  origin->request_meta = raw_json::parse(meta);
  call.origin = origin;
  EXPECT_EQ(member_of(json_of({call}).front(), "traceState"), "rojo=00f067aa0ba902b7");
}

}  // namespace
}  // namespace longhaul::telemetry
