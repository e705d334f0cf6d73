// SPDX-License-Identifier: Apache-2.0
// Tasks of servers that lie, forget, ask without end or are away for a while.
#include <latch>

#include "client/hostile_fixture.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;

class hostile_tasks : public hostile {
 protected:
  hostile_tasks() {
    server.modern();
    server.on("tools/call", [this](const heard& asked, wire& out) {
      out.answer(asked, R"({"resultType":"task",)" + task_ + "}");
    });
    server.on("tasks/cancel", [](const heard& asked, wire& out) {
      out.answer(asked, R"({"resultType":"complete"})");
    });
  }
  // What `tasks/get` gives from the first time on; the last for ever.
  void states(std::vector<std::string> all) {
    server.on("tasks/get", [=, this](const heard& asked, wire& out) {
      const std::size_t at = std::min<std::size_t>(gets_++, all.size() - 1);
      out.answer(asked, R"({"resultType":"complete","taskId":"t",)" + all[at] + "}");
    });
  }

  std::string task_ = R"("taskId":"t","status":"working","pollIntervalMs":0)";
  std::atomic<std::size_t> gets_ = 0;
  static constexpr const char* working = R"("status":"working","pollIntervalMs":0)";
  static constexpr const char* done =
      R"("status":"completed","result":{"content":[{"type":"text","text":"x"}]})";
};

TEST_F(hostile_tasks, a_poll_interval_is_kept_in_bounds) {
  states({working, working, done});
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(connected().call("a").wait().value().text(), "x");
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 200ms) << "not as fast as it can";
  task_ = R"("taskId":"t","status":"working","pollIntervalMs":1e14,"ttlMs":1e15)";
  gets_ = 0;
  states({R"("status":"working","pollIntervalMs":1e14)"});
  const client one = connected();
  const tool_call call = one.call("a");
  ASSERT_TRUE(wait_until([&] { return gets_ == 1; }));
  call.detach();  // ends the pause at once
  EXPECT_EQ(call.wait().status, task_status::working);
}

// The caller goes while the server says that it has made a task: it would run on, and nobody would
// know its id.
TEST_F(hostile_tasks, a_call_is_not_given_up_while_it_becomes_a_task) {
  for (const bool cancels : {true, false}) {
    std::latch asked_for(1), wished(1);
    server.on("tools/call", [&](const heard& asked, wire& out) {
      asked_for.count_down();
      wished.wait();
      out.answer(asked, R"({"resultType":"task",)" + task_ + "}");
    });
    states({cancels ? R"("status":"cancelled")" : working});
    const client one = connected();
    const tool_call call = one.call("a");
    asked_for.wait();
    cancels ? call.cancel() : call.detach();
    wished.count_down();
    const call_outcome end = call.wait();
    EXPECT_EQ(end.status, cancels ? task_status::cancelled : task_status::working);
    ASSERT_TRUE(end.task);
    EXPECT_EQ(end.task->id, "t");
  }
  EXPECT_EQ(server.count("tasks/cancel"), 1);
}

TEST_F(hostile_tasks, a_server_that_says_nothing_is_left_all_the_same) {
  std::latch asked_for(1);
  server.on("tools/call", [&](const heard&, wire& out) {
    asked_for.count_down();
    out.hold();
  });
  const client one = connected();
  const tool_call call = one.call("a");
  asked_for.wait();
  call.cancel();
  EXPECT_EQ(call.wait().status, task_status::cancelled);
}

TEST_F(hostile_tasks, what_is_no_task_is_an_error) {
  for (const char* const wrong : {R"("status":"working")", R"("taskId":"","status":"working")",
                                  R"("taskId":"t")", R"("taskId":"t","status":"sleeping")"}) {
    task_ = wrong;
    told(error_of([&] { connected().call("a").wait(); }), kind::broken, "tools/call", wrong);
  }
  task_ = R"("taskId":"t","status":"working")";
  states({R"("status":"sleeping")"});
  told(error_of([&] { connected().call("a").wait(); }), kind::broken, "tasks/get", "sleeping");
  states({R"("status":"completed")"});
  told(error_of([&] { connected().call("a").wait(); }), kind::broken, "tasks/get",
       "without a result");
}

TEST_F(hostile_tasks, one_that_is_forgotten_is_gone) {
  server.on("tasks/get", [&](const heard& asked, wire& out) {
    if (gets_++ > 0) return out.refuse(asked, -32602, "Task not found");
    out.answer(asked, std::string(R"({"taskId":"t",)") + working + "}");
  });
  told(error_of([&] { connected().call("a").wait(); }), kind::gone, "tasks/get", "Task not found");
}

TEST_F(hostile_tasks, trouble_with_the_connection_is_told_and_borne) {
  server.on("tasks/get", [&](const heard& asked, wire& out) {
    const std::size_t number = gets_++;
    if (number < 2) return out.cut();
    if (number < 4) return out.reply(503, "text/html", "full");
    if (number < 6) return out.reply(502, "text/html", "away");
    out.answer(asked, std::string(R"({"taskId":"t",)") + done + "}");
  });
  std::mutex mutex;
  std::vector<bool> states;
  call_options how;
  how.on_change = [&](const call_state& state) {
    const std::lock_guard lock(mutex);
    if (states.empty() || states.back() != state.connected) states.push_back(state.connected);
  };
  const client one = connected();
  EXPECT_EQ(one.call("a", raw_json(), how).wait().value().text(), "x");
  EXPECT_EQ(server.count("tools/call"), 1);
  EXPECT_TRUE(wait_until([&] {
    const std::lock_guard lock(mutex);
    return states == std::vector<bool>{true, false, true};
  }));
}

TEST_F(hostile_tasks, answers_survive_trouble_and_are_asked_for_once) {
  states({R"("status":"input_required","pollIntervalMs":0,"inputRequests":)"
          R"({"q":{"method":"elicitation/create","params":{}}})"});
  std::atomic<int> updates = 0, asked_for = 0;
  server.on("tasks/update", [&](const heard& asked, wire& out) {
    if (updates++ < 5) return out.cut();
    states({done});
    out.answer(asked, R"({"resultType":"complete"})");
  });
  call_options how;
  how.on_question = [&](const asked_question&) -> std::optional<question_reply> {
    ++asked_for;
    return answer{answer::action::accept, raw_json::parse("{}")};
  };
  EXPECT_EQ(connected().call("a", raw_json(), how).wait().value().text(), "x");
  EXPECT_EQ(asked_for, 1);
}

TEST_F(hostile_tasks, a_change_is_told_once) {
  states({working, working, working, done});
  std::atomic<int> told = 0;
  call_options how;
  how.on_change = [&](const call_state&) { ++told; };
  {
    const client one = connected();
    EXPECT_EQ(one.call("a", raw_json(), how).wait().value().text(), "x");
    EXPECT_TRUE(wait_until([&] { return told == 2; }));
  }
  EXPECT_EQ(told, 2) << "made, and completed";
}

TEST_F(hostile_tasks, nobody_is_asked_for_a_task_that_is_cancelled) {
  states({R"("status":"input_required","pollIntervalMs":0,"inputRequests":)"
          R"({"q":{"method":"elicitation/create","params":{}}})"});
  std::atomic<int> asked_for = 0;
  std::latch asking(1);
  call_options how;
  how.on_question = [&](const asked_question& question) -> std::optional<question_reply> {
    if (++asked_for == 1) asking.count_down();
    wait_until([&] { return question.withdrawn.stop_requested(); });
    return std::nullopt;
  };
  const client one = connected();
  const tool_call call = one.call("a", raw_json(), how);
  asking.wait();
  call.cancel();
  ASSERT_TRUE(wait_until([&] { return server.count("tasks/cancel") == 1; }));
  const std::size_t before = gets_;
  ASSERT_TRUE(wait_until([&] { return gets_ > before + 1; })) << "it is followed to its end";
  states({R"("status":"cancelled")"});
  EXPECT_EQ(call.wait().status, task_status::cancelled);
  EXPECT_EQ(asked_for, 1);
}

TEST_F(hostile_tasks, questions_without_end_are_cut_off) {
  server.on("tools/call", [](const heard& asked, wire& out) {
    out.answer(asked, R"({"resultType":"input_required","requestState":"s","inputRequests":)"
                      R"({"q":{"method":"elicitation/create"}}})");
  });
  call_options how;
  how.on_question = [](const asked_question&) -> std::optional<question_reply> {
    return answer{answer::action::accept, raw_json::parse("{}")};
  };
  const client one = connected();
  const client_error e = error_of([&] { one.call("a", raw_json(), how).wait(); });
  told(e, kind::broken, "tools/call", "on and on");
  EXPECT_EQ(server.count("tools/call"), 100);
}

TEST_F(hostile_tasks, a_call_that_is_cancelled_while_it_asks_ends_cancelled) {
  server.on("tools/call", [](const heard& asked, wire& out) {
    out.answer(asked, R"({"resultType":"input_required","inputRequests":)"
                      R"({"q":{"method":"future/question"}}})");
  });
  std::latch asking(1);
  call_options how;
  how.on_question = [&](const asked_question& question) -> std::optional<question_reply> {
    asking.count_down();
    wait_until([&] { return question.withdrawn.stop_requested(); });
    return std::nullopt;
  };
  const client one = connected();
  const tool_call call = one.call("a", raw_json(), how);
  asking.wait();
  call.cancel();
  EXPECT_EQ(call.wait().status, task_status::cancelled);
  const call_outcome left = one.call("a").wait();
  EXPECT_EQ(left.status, task_status::input_required) << "nobody knows such a question";
  ASSERT_EQ(left.questions.size(), 1U);
  EXPECT_EQ(left.questions[0].method, "future/question");
}

TEST_F(hostile_tasks, a_result_that_cannot_be_had_is_asked_for_in_peace) {
  server.sessions();
  server.on("tools/list", [](const heard& asked, wire& out) {
    out.answer(asked, R"({"tools":[{"name":"a","execution":{"taskSupport":"optional"}}]})");
  });
  server.on("tools/call", [](const heard& asked, wire& out) {
    out.answer(asked, R"({"task":{"taskId":"t","status":"working","pollInterval":0}})");
  });
  states({R"("status":"input_required","pollInterval":0)"});
  server.on("tasks/result",
            [](const heard& asked, wire& out) { out.refuse(asked, -32601, "no such method"); });
  const client one = connected();
  const tool_call call = one.call("a");
  ASSERT_TRUE(wait_until([&] { return gets_ >= 5; }));
  EXPECT_LE(server.count("tasks/result"), static_cast<int>(gets_.load()));
  EXPECT_LE(gets_, 6U) << "no faster than it is allowed to poll";
  states({R"("status":"failed","statusMessage":"broke")"});
  const call_outcome end = call.wait();
  EXPECT_EQ(end.status, task_status::failed);
  EXPECT_EQ(end.message, "no such method");
}

}  // namespace
}  // namespace longhaul::test
