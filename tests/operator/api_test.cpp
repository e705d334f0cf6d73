// SPDX-License-Identifier: Apache-2.0
// The API as an operator meets it: each route, each refusal. (That replies are what openapi.json
// says, scripts/operator.sh checks.)
#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <utility>

#include "longhaul/elicitation.hpp"
#include "longhaul/task_context.hpp"
#include "operator/operated.hpp"

namespace longhaul::test {
namespace {

using boost::json::value;

// SHA-256 of "reader" and "actor".
const std::vector<operator_key> two_keys = {
    {"r", "3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30", false},
    {"a", "50c9c4aeb40b5b206b6d98f516f8b8c0efd29ce2e56a76b345fb9240c225a1b7", true}};

class operator_api : public testing::Test {
 protected:
  static server_options options(std::vector<operator_key> keys = {}) {
    server_options about;
    about.name = "test";
    about.store = memory_store();
    about.operators = {"127.0.0.1:0", std::move(keys)};
    about.log = log_detail::off;
    return about;
  }
  void add_tools() {
    tool_options quick;
    quick.name = "echo";
    quick.policy = task_policy::always;
    quick.input_schema = raw_json::trusted(R"({"type":"object"})");
    served_.add_tool(quick,
                     [](const raw_json& arguments) { return std::string(arguments.view()); });
    tool_options slow = quick;
    slow.name = "slow";
    slow.max_running = 1;
    served_.add_tool(slow, [this](task_context& task, const raw_json&) {
      ++running_;
      while (!task.stop_token().stop_requested()) std::this_thread::yield();
      --running_;
    });
    tool_options fails = quick;
    fails.name = "fails";
    served_.add_tool(fails, [](const raw_json&) -> std::string { throw tool_error("no disk"); });
    tool_options asks = quick;
    asks.name = "asks";
    served_.add_tool(asks, [](task_context& task, const raw_json&) {
      const auto answer = task.ask(
          "number",
          elicitation::form("How many?",
                            raw_json::trusted(R"({"type":"object","properties":{"n":{"type":)"
                                              R"("integer"}},"required":["n"]})")));
      return std::string(answer.content.view());
    });
    tool_options both = quick;
    both.name = "asks_both";
    served_.add_tool(both, [](task_context& task, const raw_json&) {
      const auto form = [](const char* words) {
        return elicitation::form(words, raw_json::trusted(R"({"type":"object","properties":{}})"));
      };
      task.ask_all({{"one", form("First?")}, {"two", form("Second?")}});
      return std::string("done");
    });
    tool_options never = quick;
    never.name = "never";
    never.policy = task_policy::never;
    served_.add_tool(never, [](const raw_json&) { return std::string("x"); });
  }
  void start() {
    add_tools();
    host_ = std::make_unique<operated>(served_);
  }
  std::string call(const std::string& tool, const std::string& arguments = "{}") {
    const api_reply reply =
        host_->post("tools/" + tool + "/call", R"({"arguments":)" + arguments + "}");
    EXPECT_EQ(reply.status, 200) << reply.body;
    return std::string(reply.json().at("task").at("id").as_string());
  }
  value show(const std::string& id) { return host_->get("tasks/" + id).json(); }
  // Until the task stands there.
  value await(const std::string& id, std::string_view status) {
    value task;
    do task = show(id);
    while (task.at("status").as_string() != status);
    return task;
  }

  // Until there is one.
  std::string the_running_one() {
    for (;;) {
      const value page = host_->get("tasks?status=running").json();
      const auto& tasks = page.at("tasks").as_array();
      if (!tasks.empty()) return std::string(tasks.at(0).at("id").as_string());
    }
  }

  std::atomic<int> running_{0};
  server served_{options()};
  std::unique_ptr<operated> host_;
};

TEST_F(operator_api, a_task_is_shown_from_its_call_to_its_end) {
  start();
  const std::string id = call("echo", R"({"big":12345678901234567890,"text":"<b>"})");
  const value task = await(id, "completed");
  EXPECT_EQ(task.at("tool").as_string(), "echo");
  EXPECT_EQ(task.at("owner").as_string(), "local");
  EXPECT_TRUE(task.at("why").is_null());
  EXPECT_FALSE(task.at("endedAt").is_null());
  const std::string whole = host_->get("tasks/" + id).body;
  EXPECT_NE(whole.find(R"("arguments":{"big":12345678901234567890,"text":"<b>"})"),
            std::string::npos)
      << "numbers stay as they are";
  EXPECT_EQ(host_->get("tasks").json().at("tasks").at(0).at("id").as_string(), id);
  EXPECT_EQ(host_->get("tasks/count?status=completed").json().at("count").as_int64(), 1);
  EXPECT_EQ(host_->get("tasks/count?q=BIG").json().at("count").as_int64(), 1);
  EXPECT_EQ(host_->get("tasks?id=" + id.substr(0, 14)).json().at("tasks").as_array().size(), 1U);
  EXPECT_EQ(host_->get("tasks?id=" + id.substr(1)).json().at("tasks").as_array().size(), 0U);
  EXPECT_EQ(host_->get("tasks/count?id=" + id).json().at("count").as_int64(), 1);
  EXPECT_EQ(host_->get("tasks/count?status=completed&id=~").json().at("count").as_int64(), 0);
  const value status = host_->get("status").json();
  EXPECT_EQ(status.at("counts").at("completed").as_int64(), 1);
  EXPECT_EQ(status.at("hour").at("completed").as_array().back().as_int64() +
                status.at("hour").at("completed").as_array()[58].as_int64(),
            1);
}

TEST_F(operator_api, a_call_with_a_key_that_is_sent_again_is_the_same_task) {
  start();
  const auto send = [&](const std::string& key, const char* arguments) {
    return host_->post("tools/echo/call", std::string(R"({"arguments":)") + arguments +
                                              R"(,"idempotencyKey":)" + key + "}");
  };
  const value first = send(R"("nightly")", R"({"n":1})").json();
  EXPECT_EQ(first.at("outcome").as_string(), "applied");
  const std::string id(first.at("task").at("id").as_string());
  await(id, "completed");
  const value again = send(R"("nightly")", R"({"n":1})").json();
  EXPECT_EQ(again.at("outcome").as_string(), "unchanged");
  EXPECT_EQ(again.at("task").at("id").as_string(), id);
  EXPECT_EQ(send(R"("nightly")", R"({"n":2})").code(), "conflict");
  EXPECT_EQ(send("null", R"({"n":1})").json().at("outcome").as_string(), "applied");
  EXPECT_EQ(send("null", "null").json().at("outcome").as_string(), "applied");
  EXPECT_EQ(send("null", "[]").code(), "invalid");
  for (const std::string& key :
       {std::string(R"("")"), std::string("1"), "\"" + std::string(257, 'k') + "\""}) {
    EXPECT_EQ(send(key, "{}").code(), "invalid") << key;
  }
}

TEST_F(operator_api, what_waits_says_why_and_what_runs_can_be_cancelled) {
  start();
  const std::string first = call("slow");
  await(first, "running");
  const std::string second = call("slow");
  const value waiting = await(second, "waiting");
  EXPECT_EQ(waiting.at("why").as_string(), "waiting: 1 of 1 running");
  EXPECT_EQ(host_->get("status").json().at("oldestWaiting").at("id").as_string(), second);
  const api_reply cancelled = host_->post("tasks/" + first + "/cancel", R"({"reason":"enough"})");
  EXPECT_EQ(cancelled.json().at("outcome").as_string(), "applied");
  EXPECT_EQ(show(first).at("cancelReason").as_string(), "enough");
  await(second, "running");
  EXPECT_EQ(host_->post("tasks/" + first + "/cancel").code(), "conflict");
  EXPECT_EQ(host_->post("tasks/" + second + "/delete").code(), "conflict");
  EXPECT_EQ(host_->post("tasks/" + second + "/retry").code(), "conflict");
  host_->post("tasks/" + second + "/cancel");
}

TEST_F(operator_api, a_question_is_answered_or_says_what_does_not_fit) {
  start();
  const std::string id = call("asks");
  const value task = await(id, "input_required");
  const auto& question = task.at("questions").at(0);
  const std::string key(question.at("key").as_string());
  EXPECT_EQ(question.at("request").at("params").at("message").as_string(), "How many?");
  EXPECT_EQ(task.at("why").as_string(), "waiting for an answer");
  EXPECT_EQ(question.at("askedAt"), task.at("updatedAt"));
  EXPECT_TRUE(question.at("answeredAt").is_null());
  const auto answer = [&](const std::string& given) {
    return host_->post("tasks/" + id + "/answer", R"({"answers":{")" + key + "\":" + given + "}}");
  };
  EXPECT_EQ(answer(R"({"action":"accept","content":{"n":"many"}})").code(), "invalid");
  EXPECT_EQ(answer("1").code(), "invalid");
  EXPECT_EQ(host_->post("tasks/" + id + "/answer", R"({"answers":{"other":{}}})").code(),
            "invalid");
  EXPECT_EQ(host_->post("tasks/" + id + "/answer", "{}").code(), "invalid");
  EXPECT_EQ(answer(R"({"action":"accept","content":{"n":7}})").status, 200);
  const value done = await(id, "completed");
  EXPECT_NE(boost::json::serialize(done.at("result")).find("{\\\"n\\\":7}"), std::string::npos);
  EXPECT_FALSE(done.at("questions").at(0).at("response").is_null());
  EXPECT_EQ(done.at("questions").at(0).at("askedAt"), question.at("askedAt"));
  EXPECT_LE(question.at("askedAt").as_string(),
            done.at("questions").at(0).at("answeredAt").as_string());
}

// It was "unchanged", as if the second had been taken.
TEST_F(operator_api, the_first_answer_stands) {
  start();
  const std::string id = call("asks_both");
  await(id, "input_required");
  const auto answer = [&](const std::string& key, const std::string& given) {
    return host_->post("tasks/" + id + "/answer", R"({"answers":{")" + key + "\":" + given + "}}");
  };
  EXPECT_EQ(answer("one", R"({"action":"accept","content":{}})").status, 200);
  const api_reply again = answer("one", R"({"content": {}, "action": "accept"})");
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.json().at("outcome").as_string(), "unchanged");
  EXPECT_EQ(answer("one", R"({"action":"decline"})").code(), "conflict");
  EXPECT_EQ(answer("two", R"({"action":"decline"})").status, 200);
}

TEST_F(operator_api, what_has_ended_is_retried_kept_and_removed) {
  start();
  const std::string id = call("fails");
  EXPECT_TRUE(await(id, "error").at("isError").as_bool());
  const std::string again(
      host_->post("tasks/" + id + "/retry").json().at("task").at("id").as_string());
  EXPECT_EQ(await(again, "error").at("retryOf").as_string(), id);
  const api_reply kept = host_->post("tasks/" + id + "/retain", R"({"retentionMs":null})");
  EXPECT_EQ(kept.status, 200) << kept.body;
  for (const char* bad : {"{}", R"({"retentionMs":-1})", R"({"retentionMs":"1h"})"}) {
    EXPECT_EQ(host_->post("tasks/" + id + "/retain", bad).code(), "invalid") << bad;
  }
  EXPECT_EQ(host_->post("tasks/" + id + "/delete").status, 200);
  EXPECT_EQ(host_->get("tasks/" + id).code(), "not_found");
  const value tools = host_->get("tools").json();
  for (const auto& tool : tools.at("tools").as_array()) {
    if (tool.at("name").as_string() != "fails") continue;
    const auto& failure = tool.at("hour").at("failures").at(0);
    EXPECT_EQ(failure.at("message").as_string(), "no disk");
    EXPECT_EQ(failure.at("count").as_int64(), 2);
    EXPECT_EQ(failure.at("last").as_string(), again);
  }
}

TEST_F(operator_api, many_are_acted_on_if_there_are_as_many_as_was_believed) {
  start();
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(call("slow"));
  std::swap(ids[0], *std::ranges::find(ids, the_running_one()));  // of one millisecond any may be
  const std::string filter = R"("filter":{"tool":"slow","status":"waiting"})";
  EXPECT_EQ(host_->post("tasks:cancel", "{" + filter + "}").code(), "invalid");
  const api_reply other = host_->post("tasks:cancel", "{" + filter + R"(,"expect":5})");
  EXPECT_EQ(other.code(), "conflict");
  EXPECT_EQ(host_->get("tasks/count?status=cancelled").json().at("count").as_int64(), 0);
  const value done = host_->post("tasks:cancel", "{" + filter + R"(,"expect":4})").json();
  EXPECT_EQ(done.at("applied").as_int64(), 4);
  const value rest =
      host_->post("tasks:cancel", R"({"ids":[")" + ids[0] + R"(",")" + ids[1] + R"(","nothing"]})")
          .json();
  EXPECT_EQ(rest.at("applied").as_int64(), 1);
  EXPECT_EQ(rest.at("refused").as_int64(), 2);
  EXPECT_EQ(rest.at("failures").at(1).at("id").as_string(), "nothing");
  const value gone =
      host_->post("tasks:delete", R"({"filter":{"status":"cancelled"},"expect":5})").json();
  EXPECT_EQ(gone.at("applied").as_int64(), 5);
  EXPECT_TRUE(host_->get("tasks").json().at("tasks").as_array().empty());
  for (const char* bad :
       {"", "[]", "{", R"({"ids":"x"})", R"({"ids":[1]})", R"({"other":1})",
        R"({"ids":[],"filter":{},"expect":0})", R"({"filter":{"state":"x"},"expect":1})"}) {
    EXPECT_EQ(host_->post("tasks:cancel", bad).code(), "invalid") << bad;
  }
}

TEST_F(operator_api, a_paused_tool_waits) {
  start();
  EXPECT_EQ(host_->post("tools/echo/pause").json().at("outcome").as_string(), "applied");
  EXPECT_EQ(host_->post("tools/echo/pause").json().at("outcome").as_string(), "unchanged");
  const std::string id = call("echo");
  EXPECT_EQ(await(id, "waiting").at("why").as_string(), "paused by the operator");
  EXPECT_FALSE(host_->get("tools").json().at("tools").at(0).at("pausedSince").is_null());
  EXPECT_EQ(host_->post("tools/echo/resume").json().at("outcome").as_string(), "applied");
  await(id, "completed");
  EXPECT_EQ(host_->post("tools/echo/resume").json().at("outcome").as_string(), "unchanged");
  EXPECT_EQ(host_->post("tools/nothing/resume").code(), "not_found");
  EXPECT_EQ(host_->post("tools/nothing/call").code(), "not_found");
  EXPECT_EQ(host_->post("tools/never/call").code(), "conflict");
  EXPECT_EQ(host_->post("tools/echo/call", R"({"arguments":[]})").code(), "invalid");
  const value actions = host_->get("audit").json().at("actions");
  EXPECT_EQ(actions.at(0).at("action").as_string(), "resume");
  EXPECT_EQ(actions.at(0).at("who").as_string(), "local");
  EXPECT_EQ(actions.at(0).at("on").as_string(), "echo");
}

TEST_F(operator_api, events_tell_of_changes) {
  start();
  operated::stream events(*host_, "events");
  EXPECT_EQ(boost::json::parse(events.next()).at("counts").at("running").as_int64(), 0);
  const std::string id = call("slow");
  while (boost::json::parse(events.next()).at("counts").at("running").as_int64() != 1) {
  }
  host_->post("tasks/" + id + "/cancel");
  while (boost::json::parse(events.next()).at("counts").at("cancelled").as_int64() != 1) {
  }
  auto ended = std::async(std::launch::async, [&] {
    while (!events.next().empty()) {
    }
  });
  host_.reset();  // the stream ends with the server, at once
  ended.get();
}

TEST_F(operator_api, what_is_not_there_or_not_asked_rightly_is_refused) {
  start();
  EXPECT_EQ(host_->get("nothing").code(), "not_found");
  EXPECT_EQ(host_->send("GET", "/nothing", "").code(), "not_found");
  EXPECT_EQ(host_->get("tasks/nothing").code(), "not_found");
  EXPECT_EQ(host_->get("tasks/nothing/stdout").code(), "not_found");
  EXPECT_EQ(host_->post("status").code(), "method_not_allowed");
  EXPECT_NE(host_->post("status").head.find("Allow: GET, HEAD"), std::string::npos);
  EXPECT_EQ(host_->send("DELETE", "/api/v1/tasks/x", "").status, 405);
  EXPECT_EQ(host_->get("tasks?cursor=x").code(), "invalid");
  EXPECT_EQ(host_->get("tasks?limit=0").code(), "invalid");
  EXPECT_EQ(host_->get("tasks?limit=501").code(), "invalid");
  EXPECT_EQ(host_->get("tasks/x/stdout?offset=1&tail=1").code(), "invalid");
  EXPECT_EQ(host_->send("HEAD", "/api/v1/status", "").body, "");
  EXPECT_EQ(host_->send("HEAD", "/api/v1/events", "").status, 405);
  for (const std::string& stranger :
       {std::string("Host: evil.example\r\n"), std::string("Origin: https://evil.example\r\n"),
        std::string("Origin: http://localhost:3000\r\n"), std::string("Origin: null\r\n")}) {
    host_->more_headers = stranger;
    EXPECT_EQ(host_->get("status").code(), "forbidden") << stranger;
    EXPECT_EQ(host_->send("GET", "/", "").status, 403) << stranger;
  }
  host_->more_headers = "Host: localhost\r\nOrigin: http://localhost\r\n";
  EXPECT_EQ(host_->get("status").status, 200) << "our own page";
  host_->more_headers = "X-Forwarded-For: 192.0.2.1\r\n";
  EXPECT_EQ(host_->get("status").code(), "forbidden") << "a proxy, and no keys";
}

TEST_F(operator_api, the_page_is_served_to_whoever_may_ask) {
  start();
  const api_reply page = host_->send("GET", "/", "");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.head.find("Content-Security-Policy: default-src 'self'"), std::string::npos);
  EXPECT_NE(page.head.find("Content-Type: text/html; charset=utf-8"), std::string::npos);
  EXPECT_EQ(host_->send("GET", "/healthz", "").body, "ok\n");
  EXPECT_EQ(host_->send("POST", "/", "").code(), "method_not_allowed");
}

TEST_F(operator_api, a_key_that_may_read_can_change_nothing) {
  served_ = server(options(two_keys));
  start();
  EXPECT_EQ(host_->get("status").code(), "unauthorized");
  EXPECT_NE(host_->get("status").head.find("WWW-Authenticate: Bearer"), std::string::npos);
  EXPECT_EQ(host_->send("GET", "/", "").status, 200) << "the page asks for the key";
  host_->key = "wrong";
  EXPECT_EQ(host_->get("status").code(), "unauthorized");
  host_->key = "actor";
  const std::string id = call("slow");
  EXPECT_EQ(await(id, "running").at("owner").as_string(), "operator:a");
  EXPECT_EQ(host_->get("status").json().at("caller").at("role").as_string(), "act");
  host_->key = "reader";
  EXPECT_EQ(host_->get("status").json().at("caller").at("role").as_string(), "read");
  for (const std::string& path :
       {"tasks/" + id + "/cancel", "tasks/" + id + "/answer", "tasks/" + id + "/retry",
        "tasks/" + id + "/retain", "tasks/" + id + "/delete", std::string("tasks:cancel"),
        std::string("tasks:retry"), std::string("tasks:delete"), std::string("tools/slow/pause"),
        std::string("tools/slow/resume"), std::string("tools/slow/call")}) {
    EXPECT_EQ(host_->post(path, "{}").code(), "forbidden") << path;
  }
  EXPECT_EQ(show(id).at("status").as_string(), "running");
  host_->key = "actor";
  host_->post("tasks/" + id + "/cancel");
  EXPECT_EQ(host_->get("audit").json().at("actions").at(0).at("who").as_string(), "a");
}

TEST(operator_listener, does_not_listen_for_others_without_keys) {
  server_options about;
  about.store = memory_store();
  about.operators = {"0.0.0.0:0", {}};
  server served(about);
  EXPECT_THROW(hosted_server(served, {.http = "127.0.0.1:0"}), std::invalid_argument);
}

}  // namespace
}  // namespace longhaul::test
