// SPDX-License-Identifier: Apache-2.0
// The test kit as its users see it: every revision, tasks, questions, time.
#include "longhaul/testing/client.hpp"

#include <gtest/gtest.h>

#include <boost/describe.hpp>

#include "longhaul/longhaul.hpp"
#include "support/kit_record.hpp"

namespace longhaul::test {
namespace kit_tests {

using namespace std::chrono_literals;
using namespace testkit;  // NOLINT(google-build-using-namespace): as a user writes it

struct count_args {
  int seconds = 60;
};
BOOST_DESCRIBE_STRUCT(count_args, (), (seconds))
struct name_form {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(name_form, (), (name))

boost::asio::awaitable<std::string> count(task_context& task, count_args args) {
  for (int second = 1; second <= args.seconds; ++second) {
    co_await task.async_sleep_for(1s);
    task.progress(second, args.seconds);
  }
  co_return "counted";
}

std::string greet(task_context& task) {
  const auto said = task.ask("name", elicitation::form<name_form>("Who are you?"));
  return said.accepted() ? "hello " + said.as<name_form>().name : "hello nobody";
}

server make_server(server_options options = {}) {
  options.name = "kit";
  server made(std::move(options));
  made.add_tool({.name = "count", .attempt_limit = 15min}, count);
  made.add_tool({.name = "count_at_once", .policy = task_policy::never}, count);
  made.add_tool({.name = "nap"}, [](task_context& task) {
    task.sleep_for(10h);
    return "awake";
  });
  made.add_tool({.name = "greet"}, greet);
  made.add_tool({.name = "think"}, [](task_context& task) {
    return task.sample("thought", {"What is it?", 10}).text();
  });
  made.add_tool({.name = "roots"},
                [](task_context& task) { return static_cast<int>(task.list_roots().size()); });
  made.add_tool({.name = "fails"}, []() -> std::string { throw tool_error("it broke"); });
  made.add_tool({.name = "who"}, [](task_context& task) { return task.caller().owner; });
  made.add_prompt({.name = "poem"}, [](const name_form& about) { return "About " + about.name; });
  made.add_resource({.uri = "memo:///today", .name = "today"}, "rain");
  return made;
}

// Each revision, by a client that can be asked anything.
class client_test : public testing::TestWithParam<revision> {
 protected:
  client_options options() const {
    client_options made;
    made.revision = GetParam();
    made.elicit = [](const raw_json&) { return accept(name_form{"Ann"}); };
    made.sample = [](const raw_json&) { return say("a cat"); };
    made.list_roots = [](const raw_json&) { return std::vector<root>{{"file:///home"}}; };
    return made;
  }
  bool has_tasks() const { return GetParam() >= revision::v2025_11_25; }

  server definition_ = make_server();
  test_server serving_{definition_};
};

TEST_P(client_test, ten_minutes_take_no_time) {
  client caller(serving_, options());
  const timestamp before = serving_.clock().now();
  EXPECT_EQ(caller.call_tool("count", count_args{600})->text(), "counted");
  EXPECT_EQ(serving_.clock().now() - before, 10min);
  const auto told = caller.notifications();
  EXPECT_FALSE(told.empty());
  for (const notification& one : told) EXPECT_EQ(one.method, "notifications/progress");
  EXPECT_EQ(caller.call_tool("count_at_once", count_args{5})->text(), "counted");
  EXPECT_EQ(caller.call_tool("nap")->text(), "awake") << "a blocking handler too";
}

TEST_P(client_test, questions_are_answered_by_callbacks) {
  client caller(serving_, options());
  const bool forms = GetParam() > revision::v2025_03_26;
  EXPECT_EQ(caller.call_tool("greet")->is_error(), !forms);
  if (forms) {
    EXPECT_EQ(caller.call_tool("greet")->text(), "hello Ann");
  }
  EXPECT_EQ(caller.call_tool("think")->text(), "a cat");
  EXPECT_EQ(caller.call_tool("roots")->text(), "1");
  EXPECT_TRUE(caller.questions().empty());
}

TEST_P(client_test, errors_are_values) {
  client caller(serving_, options());
  const auto unknown = caller.call_tool("nothing");
  EXPECT_FALSE(unknown);
  EXPECT_EQ(unknown.code(), -32602);
  EXPECT_THROW(unknown.value(), unexpected_error);
  EXPECT_TRUE(caller.call_tool("fails")->is_error());
  EXPECT_EQ(caller.call_tool("fails")->text(), "it broke");
  EXPECT_EQ(caller.request("no/method").code(), -32601);
}

TEST_P(client_test, what_is_offered) {
  client caller(serving_, options());
  EXPECT_EQ(caller.list_tools()->size(), 8U);
  EXPECT_EQ(caller.list_tools()->front().get<std::string>("/name"), "count");
  EXPECT_EQ(caller.list_prompts()->size(), 1U);
  EXPECT_EQ(caller.get_prompt("poem", name_form{"rain"})->text(), "About rain");
  EXPECT_EQ(caller.list_resources()->size(), 1U);
  EXPECT_EQ(caller.read_resource("memo:///today")->text(), "rain");
  EXPECT_TRUE(caller.list_resource_templates()->empty());
}

TEST_P(client_test, a_task_from_its_beginning_to_its_end) {
  client caller(serving_, options());
  const auto made = caller.create_task("count", count_args{100});
  if (!has_tasks()) {
    EXPECT_EQ(made->id, "");
    EXPECT_EQ(made->result->text(), "counted");
    return;
  }
  ASSERT_FALSE(made->id.empty());
  EXPECT_EQ(made->poll_interval, 1s);
  serving_.run_for(50s);
  EXPECT_EQ(caller.get_task(made->id)->status, task_status::working);
  serving_.run_for(50s);
  EXPECT_EQ(caller.get_task(made->id)->status, task_status::completed);
  EXPECT_EQ(caller.wait_task(made->id)->result->text(), "counted");

  const auto waited = caller.create_task("count", count_args{30});
  EXPECT_EQ(caller.wait_task(waited->id)->result->text(), "counted");
  const auto dropped = caller.create_task("count", count_args{30});
  EXPECT_EQ(caller.cancel_task(dropped->id)->status, task_status::cancelled);
  serving_.run_until_idle();
  const auto late = caller.create_task("count", count_args{1000});
  EXPECT_EQ(caller.wait_task(late->id)->status, task_status::failed)
      << "its limit is a quarter of an hour";

  serving_.run_for(25h);
  EXPECT_EQ(caller.get_task(made->id).code(), -32602) << "nothing is kept for ever";
}

TEST_P(client_test, a_task_that_asks) {
  if (!has_tasks()) return;
  client asked(serving_, options());
  EXPECT_EQ(asked.wait_task(asked.create_task("greet")->id)->result->text(), "hello Ann");

  client_options quiet;
  quiet.revision = GetParam();
  quiet.can = {client_capability::elicitation_form};
  client silent(serving_, quiet);
  const auto made = silent.create_task("greet");
  const auto waits = silent.wait_task(made->id);
  ASSERT_EQ(waits->questions.size(), 1U);
  EXPECT_EQ(waits->questions[0].method, "elicitation/create");
  silent.answer_task(made->id, waits->questions[0].key, accept(name_form{"Eve"})).value();
  EXPECT_EQ(silent.wait_task(made->id)->result->text(), "hello Eve");
}

TEST_P(client_test, callers_do_not_see_each_other) {
  client_options as_eve = options();
  as_eve.owner = "key:eve";
  client ann(serving_, options()), eve(serving_, as_eve);
  EXPECT_EQ(ann.call_tool("who")->text(), "local");
  EXPECT_EQ(eve.call_tool("who")->text(), "key:eve");
  if (!has_tasks()) return;
  const auto made = ann.create_task("who");
  EXPECT_TRUE(ann.get_task(made->id));
  EXPECT_EQ(eve.get_task(made->id).code(), -32602);
  if (GetParam() == revision::v2025_11_25) {
    EXPECT_EQ(ann.list_tasks()->size(), 1U);
    EXPECT_TRUE(eve.list_tasks()->empty());
  }
}

TEST_P(client_test, a_call_that_is_given_up) {
  client caller(serving_, options());
  pending call = caller.begin_tool("count");
  serving_.run_for(10s);
  EXPECT_FALSE(call.ready());
  call.cancel("enough");
  serving_.run_until_idle();
  EXPECT_THROW(call.wait(), std::logic_error);
}

INSTANTIATE_TEST_SUITE_P(every_revision, client_test,
                         testing::Values(revision::v2025_03_26, revision::v2025_06_18,
                                         revision::v2025_11_25, revision::v2026_07_28));

TEST(test_server, faults_of_tools_are_told) {
  server wrong{{.name = "wrong"}};
  wrong.add_tool({.name = "no good name"}, [] { return "x"; });
  EXPECT_THROW(test_server{wrong}, std::invalid_argument);
}

TEST(test_server, who_waits_in_vain_is_told) {
  server definition = make_server();
  test_server serving(definition, {.time_passes = false});
  client caller(serving);
  try {
    caller.call_tool("nap");
    FAIL();
  } catch (const waited_in_vain& why) {
    EXPECT_NE(std::string(why.what()).find("tools/call is not answered"), std::string::npos);
    EXPECT_NE(std::string(why.what()).find("1 handlers run"), std::string::npos);
  }
}

TEST(test_server, the_same_store_is_served_again) {
  server definition = make_server();
  const auto clock = std::make_shared<manual_clock>();
  const auto store = memory_store(*clock);
  std::string ended, running;
  {
    test_server first(definition, {.store = store, .clock = clock});
    client caller(first);
    ended = caller.create_task("who")->id;
    EXPECT_EQ(caller.wait_task(ended)->result->text(), "local");
    running = caller.create_task("nap")->id;
    first.run_until_idle();
  }
  test_server second(definition, {.store = store, .clock = clock});
  client caller(second);
  EXPECT_EQ(caller.get_task(ended)->result->text(), "local");
  const auto lost = caller.wait_task(running);
  EXPECT_EQ(lost->status, task_status::failed);
  EXPECT_EQ(lost->error->code, 31002);
}

TEST(test_server, a_stop_refuses_what_comes_later) {
  server definition = make_server();
  test_server serving(definition);
  client caller(serving);
  serving.stop();
  EXPECT_EQ(caller.call_tool("who").code(), 31004);
}

TEST(test_server, deadlines_of_calls_pass_as_well) {
  server definition = make_server({.fallback_tools = true, .inline_limit = 25s});
  test_server serving(definition);
  client caller(serving);
  const auto handed_out = caller.call_tool("count", count_args{60});
  const auto id = handed_out->get<std::string>("/structuredContent/taskId");
  serving.run_for(60s);
  EXPECT_TRUE(caller.get_task(id)->ended());
}

TEST(result, is_read_by_pointers) {
  const result one(R"({"a/b":[{"~":1},"x"],"content":[{"type":"text","text":"t"}]})"_json);
  EXPECT_EQ(one.get<int>("/a~1b/0/~0"), 1);
  EXPECT_EQ(one.get<std::string>("/a~1b/1"), "x");
  EXPECT_FALSE(one.has("/a~1b/2"));
  EXPECT_FALSE(one.has("/a~1b/-1"));
  EXPECT_FALSE(one.has("a"));
  EXPECT_THROW(one.at("/none"), std::out_of_range);
  EXPECT_EQ(one.text(), "t");
}

}  // namespace kit_tests
}  // namespace longhaul::test
