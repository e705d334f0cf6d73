// SPDX-License-Identifier: Apache-2.0
#include "longhaul/typed_tool.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>

#include "support/fake_context.hpp"
#include "support/run.hpp"

namespace handlers {

struct render_args {
  std::string scene;
  int frames = 24;
};
BOOST_DESCRIBE_STRUCT(render_args, (), (scene, frames))
struct render_report {
  std::string scene;
  int done = 0;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(render_report, (), (scene, done, note))

}  // namespace handlers

namespace longhaul {
namespace {

using boost::asio::awaitable;
using handlers::render_args;
using handlers::render_report;

handler_result call(const tool_definition& tool, const call_arguments& arguments) {
  test::fake_context context("task-1");
  if (const auto* blocking = std::get_if<blocking_handler>(&tool.handler)) {
    return (*blocking)(context, arguments);
  }
  return test::run(std::get<coroutine_handler>(tool.handler)(context, arguments));
}

/// The first text of what the tool answered.
std::string said(const tool_definition& tool, std::string_view arguments = "") {
  const auto result = call(tool, arguments.empty() ? raw_json() : raw_json::parse(arguments));
  if (!result) return "external";
  const auto body = boost::json::parse({result->body.view().data(), result->body.size()});
  const auto& content = body.at("content").as_array();
  return content.empty() ? "" : std::string(content.at(0).at("text").as_string());
}

template <class Make>
std::string tool_refusal(Make make) {
  try {
    (void)make();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

std::string check_error(const tool_definition& tool, const raw_json& arguments) {
  try {
    tool.accept(arguments, {});
  } catch (const invalid_arguments& error) {
    return error.what();
  }
  return "accepted";
}
std::string check_error(const tool_definition& tool, std::string_view arguments) {
  return check_error(tool, raw_json::parse(arguments));
}

std::string show(const render_args& args) { return args.scene + std::to_string(args.frames); }
render_report plain_function(task_context& task, const render_args& args) {
  return {task.id(), args.frames, std::nullopt};
}
struct function_object {
  std::string operator()(render_args args) const noexcept { return show(args); }
};

constexpr std::string_view some = R"({"scene":"a","frames":2})";

TEST(make_tool, every_signature_of_a_blocking_handler) {
  EXPECT_EQ(said(make_tool({.name = "t"},
                           [](task_context& t, const render_args& a) { return t.id() + show(a); }),
                 some),
            "task-1a2");
  EXPECT_EQ(
      said(make_tool({.name = "t"}, [](task_context&, render_args a) { return show(a); }), some),
      "a2");
  EXPECT_EQ(said(make_tool({.name = "t"}, [](const render_args& a) { return show(a); }), some),
            "a2");
  EXPECT_EQ(said(make_tool({.name = "t"}, [](task_context& t) { return t.id(); })), "task-1");
  EXPECT_EQ(said(make_tool({.name = "t"}, [] { return "x"; }), "{}"), "x");
  EXPECT_EQ(said(make_tool({.name = "t"}, [] {})), "");
  EXPECT_EQ(said(make_tool({.name = "t"}, show), some), "a2");
  EXPECT_EQ(said(make_tool({.name = "t"}, &plain_function), some),
            R"({"scene":"task-1","done":2})");
  EXPECT_EQ(said(make_tool({.name = "t"}, function_object{}), some), "a2");
  EXPECT_EQ(said(make_tool({.name = "t"}, std::function<std::string(render_args)>(show)), some),
            "a2");
  EXPECT_EQ(said(make_tool({.name = "t"}, [] { return external{}; })), "external");
}

TEST(make_tool, handlers_may_own_what_cannot_be_copied_and_change_it) {
  const auto tool = make_tool({.name = "t"}, [n = std::make_unique<int>(0)](task_context&) mutable {
    return std::to_string(++*n);
  });
  EXPECT_EQ(said(tool), "1");
  EXPECT_EQ(said(tool), "2") << "one function object for all calls";
}

TEST(make_tool, raw_handlers_get_the_bytes) {
  const auto echo = [](task_context&, const raw_json& a) { return std::string(a.view()); };
  EXPECT_EQ(said(make_tool({.name = "t"}, echo), R"({"x": 1.0})"), R"({"x": 1.0})");
  EXPECT_EQ(said(make_tool({.name = "t"}, echo)), "{}") << "no arguments are no members";
  EXPECT_EQ(said(make_tool({.name = "t"}, [](raw_json a) { return std::string(a.view()); }), "{}"),
            "{}");
  const auto tool = make_tool({.name = "t"}, echo);
  EXPECT_EQ(tool.input_schema.view(), R"({"type":"object"})");
  EXPECT_EQ(check_error(tool, "{}"), "accepted");
  EXPECT_EQ(check_error(tool, raw_json()), "accepted");
  EXPECT_EQ(check_error(tool, "[1]"), "arguments: expected an object, got an array");
  EXPECT_EQ(check_error(tool, R"({"a":1,"a":2})"), R"(arguments: member "a" is there twice)");
  const auto schema = raw_json::trusted(R"({"type":"object","properties":{"a":{}}})");
  EXPECT_EQ(make_tool({.name = "t", .input_schema = schema}, echo).input_schema, schema);
}

// Suspends for real: goes through the executor once.
awaitable<void> turn() {
  auto executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::post(executor, boost::asio::use_awaitable);
}

TEST(make_tool, every_signature_of_a_coroutine_handler) {
  const auto by_reference = [](task_context& t, const render_args& a) -> awaitable<std::string> {
    co_await turn();
    co_return t.id() + show(a);
  };
  EXPECT_EQ(said(make_tool({.name = "t"}, by_reference), some), "task-1a2")
      << "the arguments live while the coroutine waits";
  const auto by_value = [](render_args a) -> awaitable<std::string> {
    co_await turn();
    co_return show(a);
  };
  EXPECT_EQ(said(make_tool({.name = "t"}, by_value), some), "a2");
  const auto nothing = [](task_context&) -> awaitable<void> { co_await turn(); };
  EXPECT_EQ(said(make_tool({.name = "t"}, nothing)), "");
  const auto structured = []() -> awaitable<render_report> {
    co_await turn();
    render_report r;
    r.done = 7;
    co_return r;
  };
  EXPECT_EQ(said(make_tool({.name = "t"}, structured)), R"({"scene":"","done":7})");
  const auto raw = [](task_context&, raw_json a) -> awaitable<std::string> {
    co_await turn();
    co_return std::string(a.view());
  };
  EXPECT_EQ(said(make_tool({.name = "t"}, raw), some), some);
  const auto elsewhere = [](task_context&) -> awaitable<external> { co_return external{}; };
  EXPECT_EQ(said(make_tool({.name = "t"}, elsewhere)), "external");
}

TEST(make_tool, quick_is_refused_where_it_would_do_nothing) {
  const auto coroutine = []() -> awaitable<void> { co_return; };
  tool_options quick{.name = "t"};
  quick.quick = true;
  EXPECT_NE(tool_refusal([&] { return make_tool(quick, coroutine); }).find("policy never"),
            std::string::npos);
  quick.policy = task_policy::never;
  EXPECT_NO_THROW(make_tool(quick, coroutine));
  EXPECT_NE(tool_refusal([&] { return make_tool(quick, [] {}); }).find("coroutine handlers"),
            std::string::npos);
}

TEST(make_tool, what_was_read_when_a_call_was_accepted_is_not_read_again) {
  const auto tool = make_tool({.name = "t"}, [](const render_args& a) { return show(a); });
  const auto run = [&](const call_arguments& given) { return call(tool, given)->body; };
  const auto accepted = tool.accept(raw_json::parse(some), {});
  EXPECT_EQ(accepted.json().view(), some);
  ASSERT_NE(accepted.read(), nullptr);
  // The JSON is not looked at: what was read is what the handler gets.
  const call_arguments other(raw_json::parse(R"({"scene":"other"})"), accepted.read());
  EXPECT_EQ(run(other), run(accepted));
  EXPECT_NE(run(raw_json::parse(R"({"scene":"other"})")), run(accepted));
}

TEST(make_tool, arguments_are_accepted_as_they_are_or_as_they_are_meant) {
  const auto tool = make_tool({.name = "t"}, [](const render_args& a) { return show(a); });
  const raw_json right = raw_json::parse(R"({"scene":"a","frames":2})");
  EXPECT_EQ(tool.accept(right, {}).json().view().data(), right.view().data()) << "the same bytes";
  const raw_json meant = raw_json::parse(R"({"scene":"a","frames":"2","host":1})");
  const argument_leniency how{.ignored = {"host"}, .strict = false};
  EXPECT_EQ(tool.accept(meant, how).json().view(), R"({"scene":"a","frames":2})");
  EXPECT_THROW(tool.accept(meant, {}), invalid_arguments) << "nobody ignores \"host\"";
  const argument_leniency strictly{.ignored = {"host"}, .strict = true};
  EXPECT_THROW(tool.accept(meant, strictly), invalid_arguments);
}

TEST(make_tool, a_coroutine_keeps_its_function_alive_when_the_tool_is_gone) {
  boost::asio::io_context io;
  test::fake_context context("task-1");
  std::optional<handler_result> result;
  {
    const auto tool = make_tool(
        {.name = "t"},
        [text = std::make_unique<std::string>(100, 'x')](task_context&) -> awaitable<std::string> {
          co_await turn();
          co_return *text;
        });
    auto running = std::get<coroutine_handler>(tool.handler)(context, raw_json());
    boost::asio::co_spawn(io, test::detail::keep_result(std::move(running), result),
                          boost::asio::detached);
    io.run_one();
  }
  io.run();
  EXPECT_NE(result.value()->body.view().find(std::string(100, 'x')), std::string::npos);
}

TEST(make_tool, exceptions_of_a_handler_pass) {
  const auto fails = [](task_context&) -> std::string { throw tool_error("no"); };
  EXPECT_THROW((void)said(make_tool({.name = "t"}, fails)), tool_error);
  const auto later = [](task_context&) -> awaitable<void> {
    co_await turn();
    throw tool_error("no");
  };
  EXPECT_THROW((void)said(make_tool({.name = "t"}, later)), tool_error);
}

TEST(make_tool, arguments_are_checked_before_and_at_the_call) {
  const auto tool = make_tool(
      {.name = "t", .fields = {field(&render_args::frames, "Frames").range(1, 10'000)}}, show);
  EXPECT_EQ(check_error(tool, R"({"scene":"a"})"), "accepted");
  EXPECT_EQ(check_error(tool, R"({"scene":"a","frames":"abc"})"),
            R"(arguments.frames: expected an integer between 1 and 10000, got "abc")");
  EXPECT_EQ(check_error(tool, raw_json()), R"(arguments: missing member "scene")");
  EXPECT_EQ(check_error(tool, "[]"), "arguments: expected an object, got an array");
  EXPECT_THROW((void)call(tool, raw_json::parse(R"({"scene":"a","frames":0})")), invalid_arguments);
  const auto later = make_tool({.name = "t"}, [](render_args) -> awaitable<void> { co_return; });
  EXPECT_EQ(check_error(later, "{}"), R"(arguments: missing member "scene")");
  EXPECT_THROW((void)call(later, raw_json::parse("{}")), invalid_arguments);
}

TEST(make_tool, a_handler_without_arguments_accepts_none) {
  const auto tool = make_tool({.name = "t"}, [](task_context&) {});
  EXPECT_EQ(tool.input_schema.view(),
            R"({"type":"object","properties":{},"additionalProperties":false})");
  EXPECT_EQ(check_error(tool, "{}"), "accepted");
  EXPECT_EQ(check_error(tool, raw_json()), "accepted");
  EXPECT_EQ(check_error(tool, R"({"x":1})"), R"(arguments: unknown member "x"; there are none)");
}

TEST(make_tool, the_output_schema_follows_from_a_described_result) {
  EXPECT_EQ(make_tool({.name = "t"}, plain_function).output_schema,
            output_schema_of<render_report>());
  const auto later = [](task_context&) -> awaitable<render_report> { co_return render_report{}; };
  EXPECT_EQ(make_tool({.name = "t"}, later).output_schema, output_schema_of<render_report>());
  EXPECT_FALSE(make_tool({.name = "t"}, show).output_schema);
  const auto given = raw_json::trusted(R"({"type":"object","properties":{}})");
  EXPECT_EQ(make_tool({.name = "t", .output_schema = given}, show).output_schema, given);
  EXPECT_EQ(make_tool({.name = "t", .output_schema = given}, plain_function).output_schema, given);
}

TEST(make_tool, options_are_kept) {
  const auto tool =
      make_tool({.name = "render", .title = "Render", .policy = task_policy::always}, show);
  EXPECT_EQ(tool.options.name, "render");
  EXPECT_EQ(tool.options.title, "Render");
  EXPECT_EQ(tool.options.policy, task_policy::always);
  EXPECT_EQ(tool.input_schema, schema_of<render_args>());
}

TEST(make_tool, names_are_checked) {
  for (const char* good : {"a", "A-b_c.9", "DATA_EXPORT_v2", "admin.tools.list"}) {
    EXPECT_EQ(tool_refusal([&] { return make_tool({.name = good}, [] {}); }), "accepted");
  }
  EXPECT_EQ(tool_refusal([] { return make_tool({.name = std::string(128, 'a')}, [] {}); }),
            "accepted");
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("a,b"), std::string("a/b"), std::string("é"),
        std::string(129, 'a'), std::string("a\0", 2)}) {
    EXPECT_NE(tool_refusal([&] { return make_tool({.name = bad}, [] {}); }), "accepted") << bad;
  }
  EXPECT_EQ(tool_refusal([] { return make_tool({.name = "a b"}, [] {}); }),
            R"(tool "a b": a name has 1 to 128 characters of A-Z a-z 0-9 _ . -)");
}

TEST(make_tool, options_that_do_not_fit_are_refused) {
  const auto raw = [](const raw_json&) {};
  const auto object = raw_json::trusted(R"({"type":"object"})");
  const auto array = raw_json::trusted(R"({"type":"array"})");
  EXPECT_EQ(tool_refusal([&] { return make_tool({.name = "t", .input_schema = object}, show); }),
            R"(tool "t": input_schema is for handlers of raw JSON; here it follows from the )"
            "arguments");
  EXPECT_EQ(tool_refusal([&] { return make_tool({.name = "t", .fields = {field("x")}}, raw); }),
            R"(tool "t": fields are for handlers of described structs)");
  EXPECT_EQ(tool_refusal([&] { return make_tool({.name = "t", .fields = {field("x")}}, [] {}); }),
            R"(field: no member "x"; there are none)");
  EXPECT_EQ(tool_refusal([&] { return make_tool({.name = "t", .input_schema = array}, raw); }),
            R"(tool "t": input_schema must be an object schema: {"type":"object",…})");
  EXPECT_EQ(tool_refusal([&] { return make_tool({.name = "t", .output_schema = array}, raw); }),
            R"(tool "t": output_schema must be an object schema: {"type":"object",…})");
  EXPECT_EQ(
      tool_refusal([&] { return make_tool({.name = "t", .fields = {field("frame")}}, show); }),
      R"(field: no member "frame"; did you mean "frames"?)");
  EXPECT_EQ(tool_refusal([&] { return make_tool({.name = "t", .max_attempts = 0}, raw); }),
            R"(tool "t": max_attempts must be at least 1)");
  EXPECT_EQ(tool_refusal([&] {
              return make_tool({.name = "t", .attempt_limit = std::chrono::milliseconds(0)}, raw);
            }),
            R"(tool "t": attempt_limit must be longer than nothing)");
  EXPECT_EQ(tool_refusal([&] {
              return make_tool({.name = "t", .concurrency = 1, .concurrency_key = "{frame}"}, show);
            }),
            R"(tool "t": concurrency_key: there is no parameter "frame"; did you mean "frames"?)");
}

TEST(task_context, checkpoints_are_typed) {
  test::fake_context context("task-1");
  EXPECT_EQ(context.checkpoint<int>(), std::nullopt);
  context.save_checkpoint(41);
  EXPECT_EQ(context.checkpoint<int>(), 41);
  context.save_checkpoint(render_args{"a", 3});
  EXPECT_EQ(context.checkpoint<render_args>()->frames, 3);
  EXPECT_THROW((void)context.checkpoint<int>(), invalid_arguments);
}

}  // namespace
}  // namespace longhaul
