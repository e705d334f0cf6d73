// SPDX-License-Identifier: Apache-2.0
// What an engine tells becomes spans of one trace.
#include "telemetry/work_spans.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "longhaul/trace_context.hpp"
#include "telemetry/traced.hpp"

namespace longhaul::telemetry {
namespace {

using boost::json::object;
using tasks::attempt_end;
using tasks::write_kind;
using test::attributes_of;
using test::ended_task;
using test::member_of;
using test::sampled_caller;
using test::traced_origin;
using test::traced_task;
using test::unsampled_caller;
using names = std::map<std::string, std::string>;

// An observer whose spans are looked at.
class noted {
 public:
  explicit noted(const sampler& sampled = {}) : spans(queue_, sampled) {}
  std::vector<object> take() { return test::json_of(queue_->take()); }
  std::vector<span> take_raw() { return queue_->take(); }
  // The only one.
  object only() {
    const std::vector<object> all = take();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? object() : all.front();
  }

 private:
  const std::shared_ptr<span_queue> queue_ = std::make_shared<span_queue>(1000, 1000);

 public:
  work_spans spans;
};

stretch just_now(std::chrono::nanoseconds length = std::chrono::microseconds(50)) {
  return {
      std::chrono::system_clock::now() - std::chrono::duration_cast<wall_time::duration>(length),
      length};
}

long long time_of(const object& span, std::string_view name) {
  return std::stoll(member_of(span, name));
}

outcome done() { return outcome::result(raw_json::parse(R"({"content":["the output"]})")); }

// All of a task that asks once and is tried twice.
std::map<std::string, object> whole_life(noted& watched, const task_record& first) {
  task_record second = first;
  second.epoch = second.attempt = 2;
  watched.spans.created(first);
  watched.spans.wrote(*first.origin, write_kind::create, just_now());
  watched.spans.began(first, milliseconds(20));
  watched.spans.asked(first, just_now(), 3, true);
  watched.spans.returned(first, just_now(), attempt_end::retry);
  watched.spans.wrote(*first.origin, write_kind::retry, just_now());
  watched.spans.began(second, milliseconds(0));
  watched.spans.returned(second, just_now(), attempt_end::completed);
  watched.spans.changed(ended_task(second, done()));
  watched.spans.wrote(*first.origin, write_kind::finish, just_now());
  std::map<std::string, object> all;
  for (object& each : watched.take()) {
    const std::string name = member_of(each, "name");
    EXPECT_TRUE(all.emplace(name, std::move(each)).second) << name << " twice";
  }
  return all;
}

TEST(work_spans, are_a_tree_below_the_span_of_the_caller) {
  noted watched;
  const auto all = whole_life(watched, traced_task(traced_origin(sampled_caller)));
  const std::map<std::string, std::pair<std::string, int>> wanted = {
      {"tools/call render", {"", 2}},          {"store.create", {"tools/call render", 3}},
      {"queue", {"tools/call render", 1}},     {"attempt 1", {"tools/call render", 1}},
      {"question", {"attempt 1", 1}},          {"store.retry", {"tools/call render", 3}},
      {"attempt 2", {"tools/call render", 1}}, {"store.finish", {"tools/call render", 3}}};
  ASSERT_EQ(all.size(), wanted.size()) << "no queue of an attempt that did not wait";
  for (const auto& [name, place] : wanted) {
    const object& each = all.at(name);
    const std::string parent =
        place.first.empty() ? "00f067aa0ba902b7" : member_of(all.at(place.first), "spanId");
    EXPECT_EQ(member_of(each, "parentSpanId"), parent) << name;
    EXPECT_EQ(each.at("kind").as_int64(), place.second) << name;
    EXPECT_EQ(member_of(each, "traceId"), "4bf92f3577b34da6a3ce929d0e0e4736") << name;
    EXPECT_GE(time_of(each, "endTimeUnixNano"), time_of(each, "startTimeUnixNano")) << name;
    EXPECT_EQ(each.at("flags").as_int64(), place.first.empty() ? 0x301 : 0x101) << name;
  }
}

TEST(work_spans, of_nobody_s_trace_have_a_root_and_ids_that_w3c_takes) {
  noted watched;
  const auto all = whole_life(watched, traced_task(traced_origin()));
  const object& call = all.at("tools/call render");
  EXPECT_FALSE(call.contains("parentSpanId"));
  for (const auto& [name, each] : all) {
    EXPECT_EQ(member_of(each, "traceId"), member_of(call, "traceId"));
    EXPECT_TRUE(is_traceparent("00-" + member_of(each, "traceId") + "-" +
                               member_of(each, "spanId") + "-01"))
        << name;
  }
}

TEST(work_spans, of_two_processes_fit_together) {
  noted here, there;
  const task_record task = traced_task(traced_origin());
  there.spans.returned(task, just_now(), attempt_end::completed);
  here.spans.changed(ended_task(task, done()));
  const object attempt = there.only(), call = here.only();
  EXPECT_EQ(member_of(attempt, "traceId"), member_of(call, "traceId"));
  EXPECT_EQ(member_of(attempt, "parentSpanId"), member_of(call, "spanId"));
}

// An end whose commit was not heard of is told when somebody finds it: the span lasted until then.
TEST(work_spans, end_when_the_task_did_however_late_that_is_told) {
  noted watched;
  auto origin = std::make_shared<task_origin>(*traced_origin());
  origin->created_at -= std::chrono::hours(1);
  task_record ended = ended_task(traced_task(origin), done());
  ended.updated_at = origin->created_at + std::chrono::minutes(1);
  watched.spans.changed(ended);
  const auto nanoseconds = std::chrono::nanoseconds(ended.updated_at.time_since_epoch()).count();
  EXPECT_EQ(member_of(watched.only(), "endTimeUnixNano"), std::to_string(nanoseconds));
}

TEST(work_spans, tell_what_a_call_came_to) {
  struct ending {
    task_status status;
    outcome result;
    std::string name, error, code;
    bool is_error;
    std::string message;
  };
  const std::vector<ending> endings = {
      {task_status::completed, done(), "completed", "", "", false, ""},
      {task_status::completed, outcome::tool_error("the tool's own text"), "error", "tool_error",
       "", true, ""},
      {task_status::failed, outcome::protocol_error(-32603, "executor lost"), "failed", "-32603",
       "-32603", true, "executor lost"},
      {task_status::cancelled, {}, "cancelled", "", "", false, ""}};
  for (const ending& each : endings) {
    noted watched;
    watched.spans.changed(ended_task(traced_task(traced_origin()), each.result, each.status));
    const object call = watched.only();
    const names all = attributes_of(call);
    EXPECT_EQ(all.at("longhaul.outcome"), each.name);
    EXPECT_EQ(all.contains("error.type") ? all.at("error.type") : "", each.error) << each.name;
    const std::string code = "rpc.response.status_code";
    EXPECT_EQ(all.contains(code) ? all.at(code) : "", each.code) << each.name;
    const object& status = call.at("status").as_object();
    EXPECT_EQ(status.contains("code"), each.is_error) << each.name;
    if (each.is_error) {
      EXPECT_EQ(status.at("code").as_int64(), 2);
    }
    EXPECT_EQ(member_of(status, "message"), each.message);
  }
}

TEST(work_spans, name_the_task_as_the_conventions_do_and_give_nobody_access) {
  noted watched;
  const auto origin = traced_origin();
  watched.spans.changed(ended_task(traced_task(origin, 4), done()));
  const std::vector<span> raw = watched.take_raw();
  const std::string text = otlp_json({}).request(raw);
  const names all = attributes_of(test::json_of(raw).front());
  EXPECT_EQ(all, (names{{"mcp.method.name", "tools/call"},
                        {"gen_ai.tool.name", "render"},
                        {"gen_ai.operation.name", "execute_tool"},
                        {"longhaul.task.id", std::string(shown_id(origin->id))},
                        {"longhaul.attempts", "4"},
                        {"longhaul.outcome", "completed"}}));
  for (const std::string& secret : {std::string("alice-the-owner"), std::string("an argument"),
                                    std::string("the output"), origin->id}) {
    EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  }
}

TEST(work_spans, tell_of_an_end_once_and_of_no_other_change) {
  noted watched;
  task_record task = traced_task(traced_origin());
  watched.spans.changed(task);
  task.status = task_status::completed;  // by another process, which tells of it
  watched.spans.changed(task);
  EXPECT_TRUE(watched.take().empty());
}

TEST(work_spans, begin_no_queue_before_the_task_was_there) {
  noted watched;
  const task_record task = traced_task(traced_origin());
  watched.spans.began(task, std::chrono::hours(1));
  const auto created = std::chrono::nanoseconds(task.origin->created_at.time_since_epoch());
  EXPECT_EQ(time_of(watched.only(), "startTimeUnixNano"), created.count());
}

TEST(work_spans, hand_the_attempt_on_as_the_parent_of_what_it_does) {
  noted watched;
  const task_record task = traced_task(traced_origin(sampled_caller), 3);
  const std::string handed = watched.spans.traceparent_of(task);
  EXPECT_TRUE(is_traceparent(handed));
  watched.spans.returned(task, just_now(), attempt_end::completed);
  const object attempt = watched.only();
  EXPECT_EQ(handed,
            "00-" + member_of(attempt, "traceId") + "-" + member_of(attempt, "spanId") + "-01");
}

TEST(work_spans, of_a_trace_that_is_not_recorded_are_none) {
  noted watched;
  const task_record task = traced_task(traced_origin(unsampled_caller));
  EXPECT_TRUE(whole_life(watched, task).empty());
  EXPECT_EQ(watched.spans.traceparent_of(task), "") << "what it does belongs to the caller's span";
  noted off(sampler{true, sampler::rule::always_off, 1.0});
  const task_record root = traced_task(traced_origin());
  EXPECT_TRUE(whole_life(off, root).empty());
  const std::string handed = off.spans.traceparent_of(root);
  EXPECT_TRUE(is_traceparent(handed));
  EXPECT_TRUE(handed.ends_with("-00")) << handed;
}

TEST(work_spans, do_not_keep_large_arguments_alive) {
  noted watched;
  const auto origin = traced_origin(sampled_caller);
  origin->arguments = raw_json::trusted("\"" + std::string(100'000, 'x') + "\"");
  const task_record task = traced_task(origin);
  whole_life(watched, task);  // takes all
  watched.spans.began(task, milliseconds(1));
  watched.spans.changed(ended_task(task, done()));
  for (const span& each : watched.take_raw()) {
    EXPECT_EQ(each.origin->arguments.size(), 0U);
    EXPECT_EQ(span_ids(*each.origin).call(), span_ids(*origin).call());
  }
}

TEST(work_spans, do_not_keep_the_data_of_an_error_alive) {
  noted watched;
  const raw_json data = raw_json::trusted("\"" + std::string(100'000, 'x') + "\"");
  const auto lost = outcome::protocol_error(-32603, "executor lost", data);
  watched.spans.changed(ended_task(traced_task(traced_origin()), lost, task_status::failed));
  const std::vector<span> raw = watched.take_raw();
  ASSERT_EQ(raw.size(), 1U);
  EXPECT_LT(raw.front().failure.size(), 1000U);
  const object call = test::json_of(raw).front();
  EXPECT_EQ(member_of(call.at("status").as_object(), "message"), "executor lost");
  EXPECT_EQ(attributes_of(call).at("error.type"), "-32603");
}

}  // namespace
}  // namespace longhaul::telemetry
