// SPDX-License-Identifier: Apache-2.0
// The client against servers of ours, over HTTP: all four paths to one handler.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/describe.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "client/client_fixture.hpp"

namespace longhaul::test {
namespace {

struct form {
  std::string colour = "red";
};
BOOST_DESCRIBE_STRUCT(form, (), (colour))
struct adding {
  int a = 0, b = 0;
};
BOOST_DESCRIBE_STRUCT(adding, (), (a, b))
struct sum {
  int value = 0;
};
BOOST_DESCRIBE_STRUCT(sum, (), (value))

class client_over_http : public served, public testing::WithParamInterface<const char*> {
 protected:
  client_over_http() {
    tools().add_tool({.name = "add", .description = "adds"},
                     [](task_context&, const adding& args) { return sum{args.a + args.b}; });
    tools().add_tool({.name = "fail", .description = "fails"},
                     [](task_context&) -> std::string { throw tool_error("no paper"); });
    tools().add_tool({.name = "ask", .description = "asks"}, [](task_context& task) {
      const answer given = task.ask("colour", elicitation::form<form>("Which colour?"));
      return given.accepted() ? given.as<form>().colour : std::string("nothing");
    });
    tools().add_tool({.name = "steps", .description = "steps"}, [](task_context& task) {
      for (int i = 1; i <= 3; ++i) task.progress(i, 3, "step " + std::to_string(i));
      return std::string("done");
    });
    tools().add_tool({.name = "forever", .description = "for ever"}, [this](task_context& task) {
      struct counted {
        explicit counted(std::atomic<int>& count) : count_(count) { ++count_; }
        ~counted() { --count_; }
        std::atomic<int>& count_;
      } const here(running_);
      while (true) task.sleep_for(std::chrono::hours(1));
    });
    serve();
  }
  client connected(client_options options = {}) {
    options.only_version = GetParam();
    return client({.url = url()}, std::move(options));
  }

  std::atomic<int> running_{0};  // of "forever"
};

TEST_P(client_over_http, says_what_the_server_is) {
  const client one = connected();
  const server_facts facts = one.connect();
  EXPECT_EQ(facts.version, GetParam());
  EXPECT_EQ(facts.name, "served");
}

TEST_P(client_over_http, lists_tools) {
  const client one = connected();
  EXPECT_EQ(one.tools().size(), 5U);
}

TEST_P(client_over_http, a_call_comes_to_its_result_whatever_it_is_behind) {
  for (const bool tasks : {true, false}) {
    const client one = connected();
    call_options options;
    options.tasks = tasks;
    const tool_call call = one.call("add", adding{2, 3}, options);
    const call_outcome end = call.wait();
    EXPECT_EQ(end.value().as<sum>().value, 5);
    const bool can = std::string_view(GetParam()) >= "2025-11-25";
    EXPECT_EQ(call.handle().has_value(), tasks && can) << tasks;
    EXPECT_TRUE(call.ended());
  }
}

TEST_P(client_over_http, a_tool_that_fails_is_a_result) {
  const client one = connected();
  const call_outcome end = one.call("fail").wait();
  ASSERT_EQ(end.status, task_status::completed);
  EXPECT_TRUE(end.result.is_error());
  EXPECT_EQ(end.result.text(), "no paper");
}

TEST_P(client_over_http, a_question_is_answered_on_every_path) {
  if (std::string_view(GetParam()) < "2025-06-18") return;  // it has none
  for (const bool tasks : {true, false}) {
    client_options options;
    options.can = {client_capability::elicitation_form};
    const client one = connected(options);
    call_options how;
    how.tasks = tasks;
    std::string asked;
    how.on_question = [&](const asked_question& question) -> std::optional<question_reply> {
      asked = question.method;
      return answer{answer::action::accept, raw_json::parse(R"({"colour":"blue"})")};
    };
    EXPECT_EQ(one.call("ask", raw_json(), how).wait().value().text(), "blue") << tasks;
    EXPECT_EQ(asked, "elicitation/create");
  }
}

TEST_P(client_over_http, a_question_that_nobody_answers_is_left_to_the_task) {
  client_options options;
  options.can = {client_capability::elicitation_form};
  const client one = connected(options);
  if (std::string_view(GetParam()) < "2025-11-25") return;
  const call_outcome left = one.call("ask").wait();
  ASSERT_EQ(left.status, task_status::input_required);
  ASSERT_TRUE(left.task);
  ASSERT_EQ(left.questions.size(), 1U);
  EXPECT_EQ(left.questions[0].method, "elicitation/create");
  call_options how;
  how.on_question = [](const asked_question&) -> std::optional<question_reply> {
    return answer{answer::action::accept, raw_json::parse(R"({"colour":"green"})")};
  };
  EXPECT_EQ(one.attach(*left.task, how).wait().value().text(), "green");
}

TEST_P(client_over_http, what_it_says_on_the_way_is_told) {
  const client one = connected();
  std::mutex mutex;
  std::vector<call_state> states;
  call_options how;
  how.tasks = false;
  how.on_change = [&](const call_state& state) {
    const std::lock_guard lock(mutex);
    states.push_back(state);
  };
  EXPECT_EQ(one.call("steps", raw_json(), how).wait().value().text(), "done");
  // Callbacks are in order, and those before the end may come behind it.
  ASSERT_TRUE(wait_until([&] {
    const std::lock_guard lock(mutex);
    return !states.empty() && states.back().done == 3;
  }));
  EXPECT_EQ(states.back().total, 3);
}

TEST_P(client_over_http, a_cancelled_call_ends_cancelled) {
  for (const bool tasks : {true, false}) {
    const client one = connected();
    call_options how;
    how.tasks = tasks;
    const tool_call call = one.call("forever", raw_json(), how);
    ASSERT_TRUE(wait_until([&] { return running_ == 1; }));
    call.cancel();
    EXPECT_EQ(call.wait().status, task_status::cancelled) << tasks;
    EXPECT_TRUE(wait_until([&] { return running_ == 0; })) << "and the work ends too";
  }
}

TEST_P(client_over_http, a_task_goes_on_without_its_caller) {
  if (std::string_view(GetParam()) < "2025-11-25") return;
  std::optional<task_handle> task;
  {
    const client one = connected();
    const tool_call call = one.call("forever");
    ASSERT_TRUE(wait_until([&] { return call.handle().has_value(); }));
    call.detach();
    const call_outcome left = call.wait();
    EXPECT_EQ(left.status, task_status::working);
    task = left.task;
  }
  ASSERT_TRUE(task);
  EXPECT_TRUE(task->expires) << "the server says how long it is kept";
  const client other = connected();
  EXPECT_EQ(other.look(*task).status, task_status::working);
  other.cancel(*task);
  EXPECT_EQ(other.attach(*task).wait().status, task_status::cancelled);
}

TEST_P(client_over_http, a_time_limit_ends_the_wait) {
  const client one = connected();
  call_options how;
  how.time_limit = milliseconds(50);
  const tool_call call = one.call("forever", raw_json(), how);
  if (std::string_view(GetParam()) < "2025-11-25") {
    EXPECT_THROW(call.wait(), client_error);
    return;
  }
  const call_outcome left = call.wait();
  EXPECT_TRUE(left.timed_out);
  EXPECT_EQ(left.status, task_status::working);
}

TEST_P(client_over_http, unknown_things_are_refused_in_the_servers_words) {
  const client one = connected();
  try {
    one.call("no_such").wait();
    FAIL() << "there is no such tool";
  } catch (const client_error& e) {
    EXPECT_EQ(e.why(), client_error::kind::refused);
    EXPECT_EQ(e.code(), -32602);
  }
  task_handle nobody;
  nobody.id = "01234567-0123-0123-0123-012345678901";
  if (std::string_view(GetParam()) < "2025-11-25") return;
  try {
    one.attach(nobody).wait();
    FAIL() << "there is no such task";
  } catch (const client_error& e) {
    EXPECT_EQ(e.why(), client_error::kind::gone);
  }
}

INSTANTIATE_TEST_SUITE_P(all, client_over_http,
                         testing::Values("2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST_F(served, the_newest_revision_is_found_out) {
  serve();
  EXPECT_EQ(client({.url = url()}).connect().version, "2026-07-28");
}

TEST(client, a_server_that_is_not_there_is_unreachable) {
  const client one({.url = "http://127.0.0.1:1/mcp"});
  try {
    one.connect();
    FAIL() << "nobody listens there";
  } catch (const client_error& e) {
    EXPECT_EQ(e.why(), client_error::kind::unreachable);
    EXPECT_NE(std::string(e.what()).find("127.0.0.1:1"), std::string::npos) << e.what();
  }
}

TEST(client, a_place_is_a_url_or_a_command) {
  EXPECT_THROW(client({}), std::invalid_argument);
  EXPECT_THROW(client({.url = "ftp://x"}), std::invalid_argument);
  EXPECT_THROW(client({.url = "http://user:secret@x/mcp"}), std::invalid_argument);
}

}  // namespace
}  // namespace longhaul::test
