// SPDX-License-Identifier: Apache-2.0
// Calls that a server answers with "still running": followed by its tools for that, in every
// revision that has structured content.
#include <gtest/gtest.h>

#include <boost/describe.hpp>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "client/client_fixture.hpp"
#include "client/fallback_task.hpp"

namespace longhaul::test {
namespace {

struct colour_form {
  std::string colour = "red";
};
BOOST_DESCRIBE_STRUCT(colour_form, (), (colour))

server_options with_fallback_tools() {
  server_options options;
  options.fallback_tools = true;
  options.inline_limit = milliseconds(1);
  return options;
}

// A call is "still running" after a millisecond: handlers go on when their caller has been told so.
class fallback : public served, public testing::WithParamInterface<const char*> {
 protected:
  fallback() : served(with_fallback_tools()) {
    tools().add_tool({.name = "slow", .description = "takes its time"}, [this](task_context& task) {
      told_.acquire();
      task.progress(1, 3, "step 1");
      return std::string("done");
    });
    tools().add_tool({.name = "fail", .description = "fails"}, [this](task_context&) {
      told_.acquire();
      throw tool_error("no paper");
    });
    tools().add_tool({.name = "fall", .description = "is faulty"}, [this](task_context&) {
      told_.acquire();
      throw std::runtime_error("a fault");
    });
    tools().add_tool({.name = "ask", .description = "asks"}, [this](task_context& task) {
      told_.acquire();
      const answer given = task.ask("colour", elicitation::form<colour_form>("Which colour?"));
      return given.accepted() ? given.as<colour_form>().colour : std::string("nothing");
    });
    tools().add_tool({.name = "forever", .description = "for ever"}, [](task_context& task) {
      while (true) task.sleep_for(std::chrono::hours(1));
    });
    serve();
  }

  ~fallback() override { told_.release(16); }  // of a test that has failed

  client connected(std::vector<client_capability> can = {}) {
    client_options options;
    options.only_version = GetParam();
    options.can = std::move(can);
    return client({.url = url()}, std::move(options));
  }
  call_options plainly() {
    call_options options;
    options.tasks = false;
    options.on_change = [this, told = false](const call_state& now) mutable {
      if (!now.task.empty() && !std::exchange(told, true)) told_.release();
    };
    return options;
  }

  std::counting_semaphore<> told_{0};  // callers that were
};

TEST_P(fallback, a_call_comes_to_its_result) {
  const client one = connected();
  const tool_call call = one.call("slow", raw_json(), plainly());
  const call_outcome end = call.wait();
  EXPECT_EQ(end.value().text(), "done");
  ASSERT_TRUE(call.handle());
  EXPECT_EQ(call.handle()->tool, "slow");
}

TEST_P(fallback, what_fails_says_why) {
  const client one = connected();
  const call_outcome error = one.call("fail", raw_json(), plainly()).wait();
  ASSERT_EQ(error.status, task_status::completed);
  EXPECT_TRUE(error.result.is_error());
  EXPECT_EQ(error.result.text(), "no paper");
  const call_outcome fault = one.call("fall", raw_json(), plainly()).wait();
  ASSERT_EQ(fault.status, task_status::failed);
  EXPECT_NE(fault.message.find("error id"), std::string::npos) << fault.message;
}

TEST_P(fallback, it_is_cancelled_and_ends_so) {
  const client one = connected();
  const tool_call call = one.call("forever", raw_json(), plainly());
  while (!call.handle()) ASSERT_FALSE(call.wait_for(milliseconds(1)));
  EXPECT_EQ(one.look(*call.handle()).status, task_status::working);
  call.cancel();
  EXPECT_EQ(call.wait().status, task_status::cancelled);
}

TEST_P(fallback, it_is_left_and_taken_up_again) {
  task_handle left;
  {
    const client one = connected();
    const tool_call call = one.call("forever", raw_json(), plainly());
    while (!call.handle()) ASSERT_FALSE(call.wait_for(milliseconds(1)));
    call.detach();
    const call_outcome end = call.wait();
    EXPECT_EQ(end.status, task_status::working);
    ASSERT_TRUE(end.task);
    left = *end.task;
  }
  const client other = connected();
  const tool_call again = other.attach(left);
  EXPECT_FALSE(again.wait_for(milliseconds(20)));
  other.cancel(left);
  EXPECT_EQ(again.wait().status, task_status::cancelled);
}

TEST_P(fallback, a_question_is_answered) {
  for (const bool can : {true, false}) {  // also one that a session could not be asked
    const client one = connected(can ? std::vector{client_capability::elicitation_form}
                                     : std::vector<client_capability>());
    call_options how = plainly();
    how.on_question = [](const asked_question& question) -> std::optional<question_reply> {
      EXPECT_EQ(question.method, "elicitation/create");
      EXPECT_NE(question.params.view().find("Which colour?"), std::string_view::npos);
      return answer{answer::action::accept, raw_json::parse(R"({"colour":"blue"})")};
    };
    EXPECT_EQ(one.call("ask", raw_json(), how).wait().value().text(), "blue") << can;
  }
}

TEST_P(fallback, a_question_that_nobody_answers_stays_open) {
  const client one = connected();
  const call_outcome left = one.call("ask", raw_json(), plainly()).wait();
  ASSERT_EQ(left.status, task_status::input_required);
  ASSERT_TRUE(left.task);
  ASSERT_EQ(left.questions.size(), 1U);
  EXPECT_EQ(left.questions[0].task, left.task->id);
  one.cancel(*left.task);
}

TEST_P(fallback, an_answer_that_does_not_fit_is_told) {
  const client one = connected();
  call_options how = plainly();
  how.on_question = [](const asked_question&) -> std::optional<question_reply> {
    return answer{answer::action::accept, raw_json::parse(R"({"colour":7})")};
  };
  try {
    one.call("ask", raw_json(), how).wait();
    FAIL() << "it was taken";
  } catch (const client_error& e) {
    EXPECT_EQ(e.why(), client_error::kind::refused);
    EXPECT_NE(std::string(e.what()).find("does not fit"), std::string::npos) << e.what();
  }
}

TEST_P(fallback, one_that_is_gone_is_told) {
  const client one = connected();
  task_handle nobody;
  nobody.id = "0000000000000000000000000000000000000000000000000000";
  nobody.version = GetParam();
  try {
    one.attach(nobody).wait();
    FAIL() << "it is there";
  } catch (const client_error& e) {
    EXPECT_EQ(e.why(), client_error::kind::gone) << e.what();
  }
}

INSTANTIATE_TEST_SUITE_P(all, fallback, testing::Values("2026-07-28", "2025-11-25", "2025-06-18"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

remote::fallback_task marked_task(const char* text) {
  const raw_json json = raw_json::parse(text);
  const auto found = remote::read_fallback(json::value(json));
  EXPECT_TRUE(found) << text;
  return found.value_or(remote::fallback_task());
}

TEST(fallback_task, tools_have_the_names_that_the_result_says) {
  const auto task = marked_task(
      R"({"structuredContent":{"taskId":"t","status":"working","progress":{"done":1,"total":4}},
          "_meta":{"longhaul.dev/fallback-tools":{"status":"how_is_it","cancel":7}}})");
  EXPECT_EQ(task.tools.status, "how_is_it");
  EXPECT_EQ(task.tools.cancel, "task_cancel");
  EXPECT_EQ(task.task.id, "t");
  EXPECT_EQ(task.task.total, 4);
}

TEST(fallback_task, what_is_no_task_is_an_ordinary_result) {
  for (
      const char* text :
      {R"({})", R"({"structuredContent":{"taskId":"t","status":"working"}})",
       R"({"structuredContent":{"taskId":"","status":"working"},"_meta":{"longhaul.dev/fallback-tools":{}}})",
       R"({"structuredContent":{"taskId":"t","status":"odd"},"_meta":{"longhaul.dev/fallback-tools":{}}})",
       R"({"structuredContent":[],"_meta":{"longhaul.dev/fallback-tools":3}})"}) {
    const raw_json json = raw_json::parse(text);
    EXPECT_FALSE(remote::read_fallback(json::value(json))) << text;
  }
}

TEST(fallback_task, questions_without_a_form_and_a_page_are_left_out) {
  const auto task = marked_task(
      R"({"structuredContent":{"taskId":"t","status":"input_required","questions":[
          {"key":"a","message":"?","schema":{"type":"object"}},{"key":"b","message":"?"},
          {"message":"?","schema":{}},{"key":"c","url":"https://example.com/"},7]},
          "_meta":{"longhaul.dev/fallback-tools":{}}})");
  ASSERT_EQ(task.task.questions.size(), 2U);
  EXPECT_EQ(task.task.questions[0].params.view(),
            R"({"mode":"form","message":"?","requestedSchema":{"type":"object"}})");
  EXPECT_EQ(task.task.questions[1].params.view(),
            R"({"mode":"url","message":"","url":"https://example.com/"})");
}

}  // namespace
}  // namespace longhaul::test
