// SPDX-License-Identifier: Apache-2.0
// Members of type `std::filesystem::path` and `std::chrono` durations gave 88 lines of errors, and
// a handler could return neither a number nor a container nor an optional struct. Paths are strings
// now, durations numbers of seconds, and whatever JSON can say is a result: its text, and
// structured content, wrapped as `result` where it is no object.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <list>
#include <set>

#include "longhaul/typed_tool.hpp"

namespace values {

using namespace std::chrono_literals;

struct job {
  std::filesystem::path input;
  std::filesystem::path output = "out.mp4";
  std::chrono::milliseconds pause{};
  std::chrono::seconds limit = 90s;
  std::chrono::hours keep{};
  std::optional<std::chrono::duration<double>> share;
  std::vector<std::filesystem::path> more;
  std::map<std::string, std::chrono::minutes> rests;
};
BOOST_DESCRIBE_STRUCT(job, (), (input, output, pause, limit, keep, share, more, rests))

struct form {
  std::filesystem::path folder;
  std::chrono::seconds wait = 5s;
};
BOOST_DESCRIBE_STRUCT(form, (), (folder, wait))

struct point {
  int x = 1;
  int y = 2;
};
BOOST_DESCRIBE_STRUCT(point, (), (x, y))

enum class color { red, green };
BOOST_DESCRIBE_ENUM(color, red, green)

}  // namespace values

namespace longhaul {
namespace {

using namespace std::chrono_literals;
using values::color;
using values::job;
using values::point;

std::string error_of(std::string_view json) {
  try {
    static_cast<void>(from_json<job>(raw_json::parse(json)));
    return "accepted";
  } catch (const invalid_arguments& e) {
    return e.what();
  }
}

constexpr std::string_view whole_job =
    R"({"input":"/media/a b.mov","output":"x","pause":1.5,"limit":3.0,"keep":7200,"share":0.25,)"
    R"("more":["p","q"],"rests":{"noon":60}})";

TEST(values_of_any_type, paths_and_durations_are_read_and_written) {
  const auto read = from_json<job>(raw_json::parse(whole_job));
  EXPECT_EQ(read.input, "/media/a b.mov");
  EXPECT_EQ(read.pause, 1500ms);
  EXPECT_EQ(read.limit, 3s);
  EXPECT_EQ(read.keep, 2h);
  EXPECT_EQ(read.share->count(), 0.25);
  EXPECT_EQ(read.more.at(1), "q");
  EXPECT_EQ(read.rests.at("noon"), 1min);
  EXPECT_EQ(to_json(read).view(),
            R"({"input":"/media/a b.mov","output":"x","pause":1.5,"limit":3,"keep":7200,)"
            R"("share":0.25,"more":["p","q"],"rests":{"noon":60}})");
}

TEST(values_of_any_type, their_schema_names_the_unit) {
  const auto schema = boost::json::parse(
      std::string(schema_of<job>({
                                     field(&job::pause, "Between two frames"),
                                     field(&job::limit, "Seconds to wait").range(1s, 1h),
                                 })
                      .view()));
  const auto& members = schema.at("properties").as_object();
  const auto text = [&](const char* name) { return boost::json::serialize(members.at(name)); };
  EXPECT_EQ(text("input"), R"({"type":"string"})");
  EXPECT_EQ(text("output"), R"({"type":"string","default":"out.mp4"})");
  EXPECT_EQ(text("pause"), R"j({"type":"number","description":"Between two frames (seconds)"})j");
  EXPECT_EQ(text("limit"),
            R"({"type":"integer","description":"Seconds to wait","minimum":1,"maximum":3600,)"
            R"("default":90})");
  EXPECT_EQ(text("keep"), R"({"type":"integer","description":"seconds","multipleOf":3600})");
  EXPECT_EQ(boost::json::serialize(schema.at("required")),
            R"(["input","pause","keep","more","rests"])");
}

TEST(values_of_any_type, what_a_duration_cannot_hold_is_refused) {
  // A whole job in which one member is another.
  const auto with = [](const std::string& name, const std::string& value) {
    auto all = boost::json::parse(std::string(whole_job)).as_object();
    all[name] = boost::json::parse(value);
    return error_of(boost::json::serialize(all));
  };
  EXPECT_EQ(with("pause", "0.0004"), "accepted") << "read to the nearest tick";
  EXPECT_EQ(with("keep", "7200"), "accepted");
  EXPECT_EQ(with("keep", "-3600"), "accepted");
  EXPECT_EQ(with("keep", "1800"), "value.keep: expected whole seconds in steps of 3600, got 1800");
  EXPECT_EQ(with("keep", "\"2h\""),
            "value.keep: expected whole seconds in steps of 3600, got \"2h\"");
  EXPECT_TRUE(with("limit", "1.5").starts_with("value.limit: expected whole seconds, got 1.5"));
  EXPECT_TRUE(with("limit", "1e30").starts_with("value.limit: expected whole seconds, got 1"));
  EXPECT_TRUE(with("pause", "1e300").starts_with("value.pause: expected fewer seconds, got 1"));
  EXPECT_EQ(with("pause", "true"), "value.pause: expected a number of seconds, got true");
  EXPECT_EQ(with("output", "3"), "value.output: expected a string, got 3");
}

TEST(values_of_any_type, extreme_durations_do_not_overflow) {
  const auto far = from_json<job>(
      raw_json::parse(R"({"input":"a","pause":9223372036854774,"limit":9223372036854775807,)"
                      R"("keep":9223372036854774000,"more":[],"rests":{}})"));
  EXPECT_EQ(far.limit, std::chrono::seconds::max());
  EXPECT_EQ(far.pause, 9223372036854774s);
  EXPECT_EQ(far.keep.count(), 9223372036854774000 / 3600);
  EXPECT_EQ(to_json(std::chrono::seconds::max()).view(), "9223372036854775807");
  EXPECT_EQ(to_json(std::chrono::seconds::min()).view(), "-9223372036854775808");
  EXPECT_THROW(to_json(std::chrono::hours::max()), std::invalid_argument);
  EXPECT_THROW(to_json(std::chrono::minutes::min()), std::invalid_argument);
}

TEST(values_of_any_type, forms_and_checkpoints_have_them) {
  const auto question = elicitation::form<values::form>("Where?");
  EXPECT_NE(question.requested_schema.view().find(R"("folder":{"type":"string"})"),
            std::string_view::npos);
  EXPECT_NE(question.requested_schema.view().find(
                R"("wait":{"type":"integer","description":"seconds","default":5})"),
            std::string_view::npos);
  EXPECT_EQ(from_json<std::chrono::milliseconds>(to_json(250ms)), 250ms);
  EXPECT_EQ(from_json<std::filesystem::path>(to_json(std::filesystem::path("/a"))), "/a");
}

TEST(values_of_any_type, ranges_of_durations_are_checked_when_the_tool_is_made) {
  EXPECT_THROW(schema_of<job>({field(&job::limit).range(1h, 1s)}), std::invalid_argument);
  EXPECT_THROW(schema_of<job>({field(&job::limit).min(1500ms)}), std::invalid_argument);
  EXPECT_THROW(schema_of<job>({field(&job::input).range(1, 2)}), std::invalid_argument);
  EXPECT_NO_THROW(schema_of<job>({field(&job::input).length(1, 9).pattern("^/")}));
}

// --- results

// For handlers that do not look at it.
class no_context final : public task_context {
 public:
  const std::string& id() const noexcept override { return none_; }
  const std::string& completion_token() const noexcept override { return none_; }
  caller_info caller() const override { return {}; }
  std::uint32_t attempt() const noexcept override { return 1; }
  std::stop_token stop_token() const noexcept override { return {}; }
  void progress(double, std::optional<double>, std::string_view) override {}
  void status(std::string_view) override {}
  void log(log_level, std::string_view) override {}
  void url_done(std::string_view) override {}
  bool client_can(client_capability) const override { return false; }
  raw_json saved_checkpoint() const override { return {}; }
  void save_checkpoint_bytes(raw_json) override {}

 private:
  std::vector<question_reply> put(const named_questions&) override { return {}; }
  boost::asio::awaitable<std::vector<question_reply>> async_put(named_questions) override {
    co_return std::vector<question_reply>();
  }

  std::string none_;
  void pause(std::chrono::milliseconds) const override {}
  boost::asio::awaitable<void> async_pause(std::chrono::milliseconds) const override { co_return; }
};

struct shown {
  std::string text, structured, schema;
};

template <class Handler>
shown result_of(Handler handler) {
  const tool_definition tool = make_tool({.name = "t"}, handler);
  const auto& run = std::get<blocking_handler>(tool.handler);
  no_context none;
  const handler_result result = run(none, raw_json());
  if (!result) return {"external", "", std::string(tool.output_schema.view())};
  const auto body = boost::json::parse(std::string(result->body.view())).as_object();
  shown what;
  what.schema = tool.output_schema.view();
  const auto& content = body.at("content").as_array();
  if (!content.empty()) what.text = content.at(0).at("text").as_string();
  if (const auto* given = body.if_contains("structuredContent")) {
    what.structured = boost::json::serialize(*given);
  }
  return what;
}

std::string wrapped(const std::string& schema) {
  return R"({"type":"object","properties":{"result":)" + schema +
         R"(},"required":["result"],"additionalProperties":false})";
}

template <class Handler>
void expect_wrapped(Handler handler, const std::string& json, const std::string& schema) {
  const shown is = result_of(handler);
  EXPECT_EQ(is.text, json);
  EXPECT_EQ(is.structured,
            boost::json::serialize(boost::json::parse(R"({"result":)" + json + "}")));
  EXPECT_EQ(is.schema, schema.empty() ? "" : wrapped(schema));
}

TEST(results_of_any_type, numbers_and_truth) {
  expect_wrapped([] { return std::int64_t{42}; }, "42", R"({"type":"integer"})");
  expect_wrapped([] { return true; }, "true", R"({"type":"boolean"})");
  expect_wrapped([] { return 2.5; }, "2.5", R"({"type":"number"})");
  expect_wrapped([] { return 1500ms; }, "1.5", R"({"type":"number","description":"seconds"})");
  EXPECT_EQ(result_of([] { return 42; }).text, "42");
}

TEST(results_of_any_type, containers_enums_and_optionals) {
  expect_wrapped([] { return std::vector<std::string>{"a", "b"}; }, R"(["a","b"])",
                 R"({"type":"array","items":{"type":"string"}})");
  expect_wrapped([] { return std::set<std::uint64_t>{}; }, "[]",
                 R"({"type":"array","items":{"type":"integer","minimum":0}})");
  expect_wrapped([] { return color::green; }, R"("green")",
                 R"({"type":"string","enum":["red","green"]})");
  const std::string point_or_null =
      R"({"anyOf":[)" + std::string(output_schema_of<point>().view()) + R"(,{"type":"null"}]})";
  expect_wrapped([] { return std::optional<point>(); }, "null", point_or_null);
  expect_wrapped([] { return std::optional<point>(point{}); }, R"({"x":1,"y":2})", point_or_null);
  expect_wrapped([] { return std::pair(1, true); }, "[1,true]", "");
}

TEST(results_of_any_type, objects_are_not_wrapped) {
  const shown map = result_of([] { return std::map<std::string, bool>{{"a", true}}; });
  EXPECT_EQ(map.structured, R"({"a":true})");
  EXPECT_EQ(map.schema,
            R"({"type":"object","properties":{},"additionalProperties":{"type":"boolean"}})");
  const shown described = result_of([] { return point{}; });
  EXPECT_EQ(described.structured, R"({"x":1,"y":2})");
  EXPECT_EQ(described.schema, output_schema_of<point>().view());
}

TEST(values_of_any_type, integers_beyond_64_bits_become_doubles) {
  const auto read = [](const char* text) {
    return from_json<boost::json::value>(raw_json::parse(text));
  };
  EXPECT_EQ(read("18446744073709551615"), boost::json::value(18446744073709551615U));
  EXPECT_EQ(read("18446744073709551616"), boost::json::value(0x1p64));
  EXPECT_EQ(read("-9223372036854775809"), boost::json::value(-0x1p63));
}

TEST(results_of_any_type, values_that_are_json_already) {
  const shown object = result_of([] { return boost::json::value{{"a", 1}}; });
  EXPECT_EQ(object.structured, R"({"a":1})");
  EXPECT_EQ(object.schema, "");
  EXPECT_EQ(result_of([] { return boost::json::value("x"); }).structured, R"({"result":"x"})");
  EXPECT_EQ(result_of([] { return boost::json::array{1, 2}; }).structured, R"({"result":[1,2]})");
  EXPECT_EQ(result_of([] { return raw_json::parse("[1]"); }).structured, R"({"result":[1]})");
  EXPECT_EQ(result_of([] { return raw_json::parse(R"({"a":1})"); }).structured, R"({"a":1})");
}

TEST(results_of_any_type, texts_and_contents_stay_what_they_were) {
  EXPECT_EQ(result_of([] { return std::filesystem::path("/a/b"); }).text, "/a/b");
  EXPECT_EQ(result_of([] { return std::optional<std::string>("x"); }).text, "x");
  EXPECT_EQ(result_of([] { return std::optional<std::string>("x"); }).structured, "");
  EXPECT_EQ(result_of([] { return std::optional<std::string>(); }).text, "");
  EXPECT_EQ(result_of([] { return std::vector{text("a"), text("b")}; }).text, "a");
  EXPECT_EQ(result_of([] { return std::optional(text("a")); }).text, "a");
  EXPECT_EQ(result_of([]() -> std::variant<std::string, point> { return "said"; }).text, "said");
  EXPECT_THROW(result_of([] { return std::nan(""); }), std::invalid_argument);
}

// --- external work: the flag follows from the type

template <class Handler>
bool is_external(Handler handler) {
  return make_tool({.name = "t"}, std::move(handler)).options.external;
}

boost::asio::awaitable<external> later() { co_return external{}; }
boost::asio::awaitable<std::variant<std::string, external>> later_maybe() { co_return "now"; }

TEST(external_by_type, every_type_that_can_hand_over_says_so) {
  EXPECT_TRUE(is_external([] { return external{}; }));
  EXPECT_TRUE(is_external([] { return std::optional<external>(); }));
  EXPECT_TRUE(is_external([]() -> std::variant<point, external> { return external{}; }));
  EXPECT_TRUE(is_external([]() -> std::optional<std::variant<external, int>> { return {}; }));
  EXPECT_TRUE(is_external([](task_context&) { return later(); }));
  EXPECT_TRUE(is_external([](task_context&) { return later_maybe(); }));
  EXPECT_FALSE(is_external([] { return std::string(); }));
  EXPECT_FALSE(is_external([] { return handler_result(); })) << "says it with the option";
  EXPECT_TRUE(
      make_tool({.name = "t", .external = true}, [] { return handler_result(); }).options.external);
}

TEST(external_by_type, what_is_not_handed_over_is_a_result) {
  EXPECT_EQ(result_of([] { return std::optional<external>(external{}); }).text, "external");
  EXPECT_EQ(result_of([] { return std::optional<external>(); }).text, "") << "nothing to do";
  using either = std::variant<point, external>;
  EXPECT_EQ(result_of([]() -> either { return external{}; }).text, "external");
  const shown now = result_of([]() -> either { return point{}; });
  EXPECT_EQ(now.structured, R"({"x":1,"y":2})");
  EXPECT_EQ(now.schema, output_schema_of<point>().view());
}

}  // namespace
}  // namespace longhaul
