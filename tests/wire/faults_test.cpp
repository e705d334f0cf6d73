// SPDX-License-Identifier: Apache-2.0
// Faults seen in other implementations that a wire can have; each test's name says the fault that
// must not be here.
#include <gtest/gtest.h>

#include "exchange_player.hpp"
#include "json/view.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;

std::string call(const std::string& id, const std::string& tool, const std::string& door,
                 const std::string& more = "") {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"tools/call","params":{"name":")" + tool +
         R"(","arguments":{"door":")" + door + R"("})" + more + "}}";
}
std::string by_id(const std::string& method, const std::string& task, const std::string& more) {
  return R"({"jsonrpc":"2.0","id":9,"method":")" + method + R"(","params":{"taskId":")" + task +
         "\"" + more + "}}";
}
const std::string with_tasks = "," + modern_meta(tasks_declared);
std::string notification(const std::string& method, const std::string& params) {
  return R"({"jsonrpc":"2.0","method":")" + method + R"(","params":)" + params + "}";
}
std::string listen_to(const std::string& task) {
  return R"({"jsonrpc":"2.0","id":"s","method":"subscriptions/listen","params":{"notifications":{"taskIds":[")" +
         task + "\"]}" + with_tasks + "}}";
}
header_list as(const std::string& who) { return {{"Authorization", "Bearer good-" + who}}; }

std::string create_modern(fixture_server& server, const std::string& tool, const std::string& door,
                          const header_list& who = {}) {
  const auto reply = post_modern(server, call("1", tool, door, with_tasks), who);
  return view(reply.body)["result"]["taskId"].string().value_or("no task: " + reply.body);
}

header_list joined(header_list a, const header_list& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(faults, subscriptions_hand_a_tasks_state_to_anybody_who_knows_the_id) {
  fixture_server server;
  const auto task = create_modern(server, "work", "a", as("ann"));
  const auto body = listen_to(task);
  const auto bob = send_http(server, "POST", joined(modern_headers(body), as("bob")), body);
  EXPECT_TRUE(view(bob->next()->text)["params"]["notifications"]["taskIds"].raw() == "[]");
  server.door.open("a");
  ASSERT_TRUE(server.await_status(task, "completed"));
  server.http().shut_down();
  EXPECT_TRUE(bob->next()->reply) << "nothing came between the acknowledgement and the end";
}

TEST(faults, callers_with_api_keys_are_all_one_owner) {
  fixture_server server;
  const auto task = create_modern(server, "work", "a", as("ann"));
  const auto get = by_id("tasks/get", task, with_tasks);
  EXPECT_TRUE(view(post_modern(server, get, as("ann")).body)["result"]);
  EXPECT_EQ(view(post_modern(server, get, as("bob")).body)["error"]["code"].integer(), -32602);
  EXPECT_EQ(view(post_modern(server, get).body)["error"]["code"].integer(), -32602);
}

TEST(faults, the_state_is_written_after_the_response) {
  fixture_server server;
  for (int i = 0; i < 200; ++i) {
    const auto task = create_modern(server, "work", "open");
    EXPECT_EQ(post_modern(server, by_id("tasks/get", task, with_tasks)).status, 200);
  }
}

TEST(faults, a_task_is_bound_to_a_session_that_is_gone) {
  fixture_server server;
  const auto first = begin_session(server, "2025-11-25", "{}", as("ann"));
  const auto made = post_legacy(server, first, call("1", "work", "a", R"(,"task":{})"), as("ann"));
  const auto task = view(made.body)["result"]["task"]["taskId"].string().value_or("");
  server.replace_http();
  const auto second = begin_session(server, "2025-11-25", "{}", as("ann"));
  const auto got = post_legacy(server, second, by_id("tasks/get", task, ""), as("ann"));
  EXPECT_TRUE(view(got.body)["result"]["status"].equals("working")) << got.body;
  // … nor to a revision.
  const auto modern = post_modern(server, by_id("tasks/get", task, with_tasks), as("ann"));
  EXPECT_TRUE(view(modern.body)["result"]["status"].equals("working")) << modern.body;
}

TEST(faults, notifications_differ_from_what_tasks_get_says) {
  for (const std::string tool : {"work", "fails", "breaks"}) {
    fixture_server server;
    const auto task = create_modern(server, tool, "open");
    server.door.open("open");
    server.await_status(task, tool == "breaks" ? "failed" : "completed");
    const auto body = listen_to(task);
    const auto sub = send_http(server, "POST", modern_headers(body), body);
    sub->next();
    const std::string told = sub->next()->text;
    const std::string got = post_modern(server, by_id("tasks/get", task, with_tasks)).body;
    const auto members = [](json::value object) {
      std::string text;
      for (json::members m(object); m.next();) {
        if (m.key() == "_meta" || m.key() == "resultType") continue;
        text.append(m.key()).append("=").append(m.value().raw()).append("\n");
      }
      return text;
    };
    EXPECT_EQ(members(view(told)["params"]), members(view(got)["result"])) << tool;
    sub->leave();
  }
}

TEST(faults, the_last_notification_is_lost_when_the_reader_is_slow) {
  fixture_server server;
  const auto task = create_modern(server, "work", "a");
  ASSERT_TRUE(server.door.await_arrival("a"));
  const auto body = listen_to(task);
  const auto sub = send_http(server, "POST", modern_headers(body), body);
  sub->next();
  sub->next();
  sub->set_full(true);
  server.door.open("a");
  ASSERT_TRUE(server.await_status(task, "completed"));
  sub->set_full(false);
  const auto last = sub->next();
  ASSERT_TRUE(last);
  EXPECT_TRUE(view(last->text)["params"]["status"].equals("completed")) << last->text;
  sub->leave();
}

TEST(faults, cancel_by_bare_id_ends_another_clients_call) {
  fixture_server server;
  const auto mine = begin_session(server), theirs = begin_session(server);
  const auto call_of = [&](const std::string& session, const std::string& door) {
    return send_http(server, "POST", {{"Mcp-Session-Id", session}}, call("7", "work", door));
  };
  const auto a = call_of(mine, "a"), b = call_of(theirs, "b");
  ASSERT_TRUE(server.door.await_arrival("a") && server.door.await_arrival("b"));
  post_legacy(server, mine, notification("notifications/cancelled", R"({"requestId":7})"));
  ASSERT_TRUE(server.door.await_stop("a"));
  EXPECT_FALSE(server.door.was_stopped("b"));
  server.door.open("b");
  EXPECT_EQ(b->next()->reply->status, 200);
  EXPECT_EQ(a->next()->reply->status, 202);
}

TEST(faults, cancel_of_the_number_ends_the_call_with_the_text_as_id) {
  fixture_server server;
  const auto session = begin_session(server);
  const auto text =
      send_http(server, "POST", {{"Mcp-Session-Id", session}}, call(R"("7")", "work", "text"));
  const auto number =
      send_http(server, "POST", {{"Mcp-Session-Id", session}}, call("7", "work", "number"));
  ASSERT_TRUE(server.door.await_arrival("text") && server.door.await_arrival("number"));
  post_legacy(server, session, notification("notifications/cancelled", R"({"requestId":7})"));
  ASSERT_TRUE(server.door.await_stop("number"));
  EXPECT_FALSE(server.door.was_stopped("text"));
  server.door.open("text");
  EXPECT_EQ(text->next()->reply->status, 200);
}

TEST(faults, cancel_of_a_request_touches_a_task_whose_id_was_handed_out) {
  fixture_server server;
  const auto session = begin_session(server);
  const auto made = post_legacy(server, session, call("7", "work", "a", R"(,"task":{})"));
  ASSERT_TRUE(server.door.await_arrival("a"));
  post_legacy(server, session, notification("notifications/cancelled", R"({"requestId":7})"));
  const auto task = view(made.body)["result"]["task"]["taskId"].string().value_or("");
  const auto got = post_legacy(server, session, by_id("tasks/get", task, ""));
  EXPECT_TRUE(view(got.body)["result"]["status"].equals("working")) << got.body;
}

TEST(faults, a_request_that_overtakes_initialized_is_refused) {
  fixture_server server;
  const auto begun = post_legacy(
      server, "",
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}})");
  const auto reply = post_legacy(server, begun.session_id, call("1", "echo", "-"));
  EXPECT_TRUE(view(reply.body)["result"]) << reply.body;
}

TEST(faults, the_handler_runs_on_after_a_modern_client_left) {
  fixture_server server;
  const auto body = call("1", "work", "a", "," + modern_meta());
  const auto open = send_http(server, "POST", modern_headers(body), body);
  ASSERT_TRUE(server.door.await_arrival("a"));
  ASSERT_TRUE(open->await_waiting());
  open->leave();
  EXPECT_TRUE(server.door.await_stop("a"));
}

TEST(faults, a_client_that_leaves_a_task_behind_cancels_it) {
  fixture_server server;
  const auto task = create_modern(server, "work", "a");
  const auto body = listen_to(task);
  const auto sub = send_http(server, "POST", modern_headers(body), body);
  sub->next();
  sub->leave();
  for (auto last = sub->next(); last && !last->reply; last = sub->next()) {
  }
  EXPECT_FALSE(server.door.was_stopped("a"));
  const auto got = post_modern(server, by_id("tasks/get", task, with_tasks));
  EXPECT_TRUE(view(got.body)["result"]["status"].equals("working"));
}

TEST(faults, a_malformed_line_or_a_byte_order_mark_closes_stdio) {
  fixture_server server;
  const auto out = std::make_shared<test_outlet>(server.context());
  const auto pipe = server.pipe(out);
  for (const char* line : {"{", "\xEF\xBB\xBF{}", "\xFF\xFE", "[]", "null", "\"x\""}) {
    send_line(server, *pipe, line);
    const auto came = out->next();
    ASSERT_TRUE(came);
    EXPECT_TRUE(view(came->text)["error"]) << came->text;
    EXPECT_FALSE(view(came->text)["id"]) << "an invented id: " << came->text;
  }
  send_line(server, *pipe, R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
  EXPECT_EQ(out->next()->text, R"({"jsonrpc":"2.0","id":1,"result":{}})");
}

TEST(faults, the_read_loop_waits_for_the_handler) {
  fixture_server server;
  const auto out = std::make_shared<test_outlet>(server.context());
  const auto pipe = server.pipe(out);
  send_line(server, *pipe, call("1", "work", "a", "," + modern_meta()));
  ASSERT_TRUE(server.door.await_arrival("a"));
  send_line(server, *pipe, R"({"jsonrpc":"2.0","id":2,"method":"ping"})");
  EXPECT_EQ(out->next()->text, R"({"jsonrpc":"2.0","id":2,"result":{}})");
  server.door.open("a");
  EXPECT_TRUE(view(out->next()->text)["result"]);
}

TEST(faults, a_question_goes_to_a_stream_that_is_not_the_callers) {
  fixture_server server;
  const auto ann = begin_session(server, "2025-11-25", R"({"elicitation":{}})", as("ann"));
  const auto bob = begin_session(server, "2025-11-25", R"({"elicitation":{}})", as("bob"));
  const auto of = [](const std::string& session, const header_list& who) {
    return joined({{"Mcp-Session-Id", session}}, who);
  };
  const auto bobs = send_http(server, "POST", of(bob, as("bob")), call("1", "work", "b"));
  ASSERT_TRUE(bobs->await_waiting());
  const auto anns = send_http(server, "POST", of(ann, as("ann")), call("1", "asks", "-"));
  const std::string asked = anns->next()->text;
  const auto id = view(asked)["id"].string().value_or("");
  // Nor does another's answer count.
  const std::string answer = R"({"jsonrpc":"2.0","id":")" + id +
                             R"(","result":{"action":"accept","content":{"name":"X"}}})";
  post_legacy(server, bob, answer, as("bob"));
  const std::string own = R"({"jsonrpc":"2.0","id":")" + id + R"(","result":{"action":"decline"}})";
  post_legacy(server, ann, own, as("ann"));
  EXPECT_NE(anns->next()->text.find("hello nobody"), std::string::npos);
  server.door.open("b");
  EXPECT_TRUE(bobs->next()->reply) << "nothing but its own reply";
}

TEST(faults, the_same_question_is_sent_on_two_streams) {
  fixture_server server;
  const auto session = begin_session(server, "2025-11-25", R"({"elicitation":{}})");
  const auto made = post_legacy(server, session, call("1", "asks", "-", R"(,"task":{})"));
  const auto task = view(made.body)["result"]["task"]["taskId"].string().value_or("");
  const auto result = [&](const std::string& id) {
    return send_http(server, "POST", {{"Mcp-Session-Id", session}},
                     R"({"jsonrpc":"2.0","id":)" + id +
                         R"(,"method":"tasks/result","params":{"taskId":")" + task + "\"}}");
  };
  ASSERT_TRUE(server.await_status(task, "input_required"));
  const auto first = result("2");
  const std::string asked = first->next()->text;
  const auto second = result("3");
  ASSERT_TRUE(second->await_waiting());
  EXPECT_EQ(second->unread(), 0U);
  // The first one ends: the question, still open, moves to the second.
  first->leave();
  EXPECT_EQ(second->next()->text, asked);
  server.door.open_all();
}

TEST(faults, one_bad_meta_key_rejects_the_whole_message) {
  fixture_server server;
  const std::string odd = modern_meta(
      "",
      R"(,"":1,"//":{},"io.modelcontextprotocol/clientInfo":7,"progressToken":null,"traceparent":[])");
  const auto reply = post_modern(server, call("1", "echo", "-", "," + odd));
  EXPECT_EQ(reply.status, 200) << reply.body;
}

TEST(faults, a_handler_that_throws_leaves_its_request_without_an_answer) {
  fixture_server server;
  const auto reply = post_modern(server, call("1", "breaks", "-", "," + modern_meta()));
  EXPECT_EQ(view(reply.body)["error"]["code"].integer(), 31999);
}

TEST(faults, what_is_thrown_and_no_exception_leaves_its_request_without_an_answer) {
  fixture_server server;
  resource_options cursed{.uri = "memo:///cursed"};
  cursed.visible_to = [](std::string_view) -> bool { throw 7; };
  server.tools().add(make_resource(std::move(cursed), resource_content("x")));
  const std::string read =
      R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"memo:///cursed",)" +
      modern_meta() + "}}";
  const auto reply = post_modern(server, read);
  EXPECT_EQ(view(reply.body)["error"]["code"].integer(), -32603);
  EXPECT_EQ(view(reply.body)["id"].integer(), 1);
  const auto out = std::make_shared<test_outlet>(server.context());
  const auto pipe = server.pipe(out);
  send_line(server, *pipe, read);
  const auto came = out->next();
  ASSERT_TRUE(came);
  EXPECT_EQ(came->text, reply.body);
}

TEST(faults, what_a_client_follows_takes_the_memory_of_the_server) {
  fixture_server server;
  server.tools().add(make_resource_template({.uri = "pages://{+path}", .name = "pages"},
                                            [](const raw_json&) { return std::string("x"); }));
  const std::string session = begin_session(server);
  const auto subscribe = [&](char name) {
    const auto reply = post_legacy(
        server, session,
        R"({"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"pages://)" +
            std::string(8000, name) + "\"}}");
    return view(reply.body)["error"]["code"].integer();
  };
  for (char name = 'a'; name < 'q'; ++name) EXPECT_EQ(subscribe(name), std::nullopt) << name;
  EXPECT_EQ(subscribe('q'), 31004);
  EXPECT_EQ(subscribe('a'), std::nullopt) << "it is followed already";

  // Its acknowledgement would be larger than what waits for a reader: nothing came at all.
  std::string all;
  for (int i = 0; i < 300; ++i) {
    all += (all.empty() ? "\"pages://" : ",\"pages://") + std::to_string(i) +
           std::string(5000, 'x') + "\"";
  }
  const auto reply = post_modern(
      server,
      R"({"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":[)" +
          all + "]}," + modern_meta() + "}}");
  EXPECT_EQ(view(reply.body)["error"]["code"].integer(), -32602);
}

TEST(faults, hash_order_scrambles_the_tool_list) {
  fixture_server server;
  const auto reply = post_modern(
      server, R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{)" + modern_meta() + "}}");
  std::vector<std::string> names;
  const json::value result = view(reply.body)["result"];
  for (json::elements e(result["tools"]); e.next();) {
    names.push_back(e.value()["name"].string().value_or(""));
  }
  ASSERT_GT(names.size(), 5U);
  EXPECT_EQ(names[0], "echo");
  EXPECT_EQ(names[1], "strict");
  EXPECT_EQ(names.back(), "mostly_fast");
  EXPECT_TRUE(result["ttlMs"].integer().value_or(-1) >= 0);
  EXPECT_TRUE(result["cacheScope"].equals("public"));
}

TEST(faults, lists_show_other_owners_or_have_no_pages) {
  fixture_server server;
  const auto ann = begin_session(server, "2025-11-25", "{}", as("ann"));
  const auto bob = begin_session(server, "2025-11-25", "{}", as("bob"));
  for (int i = 0; i < 60; ++i) {
    post_legacy(server, ann, call(std::to_string(i), "work", "open", R"(,"task":{})"), as("ann"));
  }
  std::size_t seen = 0;
  std::string cursor;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = post_legacy(
        server, ann, R"({"jsonrpc":"2.0","id":1,"method":"tasks/list","params":{)" + cursor + "}}",
        as("ann"));
    const json::value result = view(page.body)["result"];
    for (json::elements e(result["tasks"]); e.next();) ++seen;
    if (!result["nextCursor"]) break;
    cursor = R"("cursor":)" + std::string(result["nextCursor"].raw());
    EXPECT_GT(seen, 0U);
  }
  EXPECT_EQ(seen, 60U);
  const auto others =
      post_legacy(server, bob, R"({"jsonrpc":"2.0","id":1,"method":"tasks/list"})", as("bob"));
  EXPECT_NE(others.body.find(R"("tasks":[])"), std::string::npos) << others.body;
}

// Two plain calls with one idempotency key wait for the same work.
struct twins {
  explicit twins(fixture_server& server) {
    const std::string key = "," + modern_meta("", R"(,"longhaul.dev/idempotency-key":"k")");
    const auto body = call("1", "work", "a", key);
    const auto headers = joined(modern_headers(body), as("ann"));
    one = send_http(server, "POST", headers, body);
    EXPECT_TRUE(one->await_waiting());
    two = send_http(server, "POST", headers, body);
    EXPECT_TRUE(two->await_waiting());
    EXPECT_TRUE(server.door.await_arrival("a"));
  }
  std::shared_ptr<test_outlet> one, two;
};

TEST(faults, a_caller_is_left_without_an_answer_when_its_twin_leaves) {
  fixture_server server;
  const twins callers(server);
  callers.one->leave();
  server.door.open("a");
  const auto reply = callers.two->next();
  ASSERT_TRUE(reply && reply->reply);
  EXPECT_NE(reply->reply->body.find(R"("content")"), std::string::npos) << reply->reply->body;
  EXPECT_FALSE(server.door.was_stopped("a"));
}

// Whether its callers may come again is not known before some seconds are over.
bool is_stopped_in_the_end(fixture_server& server) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!server.door.was_stopped("a") && std::chrono::steady_clock::now() < end) {
    server.advance(1s);
    std::this_thread::yield();
  }
  return server.door.was_stopped("a");
}

TEST(faults, work_ends_that_all_its_callers_have_left_for_good) {
  fixture_server server;
  const twins callers(server);
  callers.one->leave();
  callers.two->leave();
  EXPECT_FALSE(server.door.was_stopped("a"));
  EXPECT_TRUE(is_stopped_in_the_end(server));
}

// Who keeps keys, as its discovery says.
std::string kept_by(fixture_server& server) {
  const auto body =
      R"({"jsonrpc":"2.0","id":1,"method":"server/discover","params":{)" + modern_meta() + "}}";
  const auto reply = send_http(server, "POST", modern_headers(body), body)->next();
  const std::string& text = reply->reply->body;
  return std::string(
      *view(text)["result"]["capabilities"]["extensions"]["longhaul.dev/idempotency-key"]["keptBy"]
           .string());
}

// `first`: what is said of the time before; empty: it was not sent before.
std::string keyed_call(const std::string& first, const std::string& tool = "work",
                       const std::string& key = "k") {
  std::string more = R"(,"longhaul.dev/idempotency-key":")" + key + "\"";
  if (!first.empty()) more += R"(,"longhaul.dev/first-sent":)" + first;
  return call("1", tool, "a", "," + modern_meta("", more));
}
std::string sent(std::string_view at, const std::string& kept) {
  return R"({"at":)" + std::string(at) + R"(,"keptBy":")" + kept + "\"}";
}

std::string text_of_next(const std::shared_ptr<test_outlet>& line) {
  const auto news = line->next();
  return news && news->reply ? news->reply->body : "nothing";
}

TEST(faults, a_caller_that_lost_its_connection_comes_again) {
  fixture_server server;
  const auto headers = joined(modern_headers(keyed_call("")), as("ann"));
  const std::string kept = kept_by(server);
  const auto before = send_http(server, "POST", headers, keyed_call(""));
  ASSERT_TRUE(before->await_waiting());
  ASSERT_TRUE(server.door.await_arrival("a"));
  before->leave();
  const auto again = send_http(server, "POST", headers, keyed_call(sent("1750000000000", kept)));
  ASSERT_TRUE(again->await_waiting());
  for (int i = 0; i < 20; ++i) server.advance(1s);  // the first one has given up by now
  EXPECT_FALSE(server.door.was_stopped("a"));
  server.door.open("a");
  EXPECT_NE(text_of_next(again).find(R"("content")"), std::string::npos);
  // Its result is there for a while as well: the reply may be lost.
  const std::string later =
      text_of_next(send_http(server, "POST", headers, keyed_call(sent("1750000000000", kept))));
  EXPECT_NE(later.find(R"("content")"), std::string::npos) << later;
}

TEST(faults, what_may_have_been_done_before_is_not_done_again) {
  fixture_server server;
  server.advance(100s);  // 1750000100000
  const auto headers = joined(modern_headers(keyed_call("")), as("ann"));
  const std::string kept = kept_by(server);
  // By an age at which results are gone, from the future, at another process, at another store.
  for (const auto& [at, keeper] :
       {std::pair("1750000000000", kept), std::pair("1750000090000", kept),
        std::pair("1850000000000", kept), std::pair("1750000099000", kept + "0"),
        std::pair("1750000099000", "0" + kept)}) {
    const std::string said =
        text_of_next(send_http(server, "POST", headers, keyed_call(sent(at, keeper))));
    EXPECT_NE(said.find("31009"), std::string::npos) << at << keeper << said;
  }
  for (const char* const wrong :
       {"-1", R"("soon")", "{}", R"({"at":-1,"keptBy":"a"})", R"({"at":1,"keptBy":2})"}) {
    const std::string said = text_of_next(send_http(server, "POST", headers, keyed_call(wrong)));
    EXPECT_NE(said.find("first-sent"), std::string::npos) << wrong << said;
  }
  EXPECT_EQ(server.door.count("a"), 0);
  // Just now: it never came.
  const auto fresh = send_http(server, "POST", headers, keyed_call(sent("1750000099000", kept)));
  ASSERT_TRUE(server.door.await_arrival("a"));
  server.door.open("a");
  EXPECT_NE(text_of_next(fresh).find(R"("content")"), std::string::npos);
}

TEST(faults, a_caller_that_has_left_ends_its_call_by_its_key) {
  fixture_server server;
  const auto headers = joined(modern_headers(keyed_call("")), as("ann"));
  const std::string given_up = R"({"at":1,"cancelled":true,"keptBy":")" + kept_by(server) + "\"}";
  const auto others = joined(modern_headers(keyed_call("")), as("bob"));
  // Nothing is begun by it.
  const std::string unknown =
      text_of_next(send_http(server, "POST", headers, keyed_call(given_up)));
  EXPECT_NE(unknown.find("31009"), std::string::npos) << unknown;
  const auto call = send_http(server, "POST", headers, keyed_call(""));
  ASSERT_TRUE(server.door.await_arrival("a"));
  call->leave();
  const std::string foreign = text_of_next(send_http(server, "POST", others, keyed_call(given_up)));
  EXPECT_NE(foreign.find("31009"), std::string::npos) << foreign;
  EXPECT_FALSE(server.door.was_stopped("a"));
  // At once, not after the time in which it may come again.
  const std::string said = text_of_next(send_http(server, "POST", headers, keyed_call(given_up)));
  EXPECT_NE(said.find("cancelled"), std::string::npos) << said;
  EXPECT_TRUE(server.door.await_stop("a"));
  // Once more, or behind its end: the same.
  const std::string again = text_of_next(send_http(server, "POST", headers, keyed_call(given_up)));
  EXPECT_NE(again.find("cancelled"), std::string::npos) << again;
  EXPECT_EQ(server.door.count("a"), 1);
}

// The work of a tool whose calls are one by their arguments is never only that of one key.
TEST(faults, work_that_others_may_wait_for_is_not_ended_by_a_key) {
  fixture_server server({.dynamic = true});
  tool_options options;
  options.name = "same";
  options.description = "the same for all";
  options.unique = true;
  server.tools().add(make_tool(std::move(options), [&](task_context& task, const raw_json&) {
    server.door.pass("a", task.stop_token());
    return std::string("done");
  }));
  const auto headers = joined(modern_headers(keyed_call("", "same")), as("ann"));
  const std::string given_up = R"({"at":1,"cancelled":true,"keptBy":")" + kept_by(server) + "\"}";
  const auto first = send_http(server, "POST", headers, keyed_call("", "same", "k1"));
  ASSERT_TRUE(server.door.await_arrival("a"));
  const auto second = send_http(server, "POST", headers, keyed_call("", "same", "k2"));
  ASSERT_TRUE(second->await_waiting());
  for (const char* const key : {"k1", "k2"}) {
    const std::string said =
        text_of_next(send_http(server, "POST", headers, keyed_call(given_up, "same", key)));
    EXPECT_NE(said.find("31009"), std::string::npos) << said;
  }
  EXPECT_FALSE(server.door.was_stopped("a"));
  server.door.open("a");
  EXPECT_NE(text_of_next(first).find("done"), std::string::npos);
  EXPECT_NE(text_of_next(second).find("done"), std::string::npos);
  // What has ended is not called cancelled.
  const std::string ended =
      text_of_next(send_http(server, "POST", headers, keyed_call(given_up, "same", "k1")));
  EXPECT_NE(ended.find("done"), std::string::npos) << ended;
}

TEST(faults, who_gives_a_call_up_says_so_clearly) {
  fixture_server server;
  const auto headers = joined(modern_headers(keyed_call("")), as("ann"));
  for (const char* const wrong :
       {R"({"at":1,"keptBy":"a","cancelled":"true"})", R"({"at":1,"keptBy":"a","cancelled":1})"}) {
    const std::string said = text_of_next(send_http(server, "POST", headers, keyed_call(wrong)));
    EXPECT_NE(said.find("'cancelled'"), std::string::npos) << said;
  }
  const std::string without_key =
      call("1", "work", "a",
           "," + modern_meta("", R"(,"longhaul.dev/first-sent":{"at":1,"cancelled":true})"));
  const std::string said = text_of_next(send_http(server, "POST", headers, without_key));
  EXPECT_NE(said.find("needs the call's idempotency key"), std::string::npos) << said;
  EXPECT_EQ(server.door.count("a"), 0);
}

TEST(faults, the_wait_is_announced_twice_or_not_at_all) {
  fixture_server server;
  const auto session = begin_session(server, "2025-03-26");
  const auto batch = send_http(server, "POST", {{"Mcp-Session-Id", session}},
                               "[" + call("1", "work", "a") + "," + call("2", "work", "b") + "]");
  ASSERT_TRUE(server.door.await_arrival("a"));
  ASSERT_TRUE(batch->await_waiting());
  server.door.open("a");
  ASSERT_TRUE(server.door.await_arrival("b"));
  server.door.open("b");
  EXPECT_EQ(batch->next()->reply->status, 200);
  EXPECT_EQ(batch->waits_announced(), 1);
}

TEST(faults, a_call_that_takes_long_is_kept_alive_for_a_client_that_takes_no_stream) {
  fixture_server server;
  const auto session = begin_session(server);
  std::vector<std::shared_ptr<test_outlet>> all;
  const auto send = [&](const std::string& body, header_list headers, const std::string& accept) {
    if (!accept.empty()) headers.emplace_back("Accept", accept);
    all.push_back(send_http(server, "POST", std::move(headers), body));
    return all.back();
  };
  for (const auto& [accept, streams] :
       {std::pair("application/json", false), std::pair("application/json, text/plain", false),
        std::pair("application/json, text/event-stream", true), std::pair("*/*", true),
        std::pair("", true)}) {
    const std::string id = std::to_string(all.size());
    const auto modern = call(id, "work", "a", "," + modern_meta());
    for (const auto& open : {send(modern, modern_headers(modern), accept),
                             send(call(id, "work", "a"), {{"Mcp-Session-Id", session}}, accept)}) {
      ASSERT_TRUE(open->await_waiting()) << accept;
      EXPECT_EQ(open->only_reply_said(), !streams) << accept;
    }
  }
  server.door.open_all();
  for (const auto& open : all) EXPECT_TRUE(open->next()->reply);
}

TEST(faults, overload_is_refused_in_words_that_no_client_understands) {
  fixture_options options;
  options.bounds.open_per_quota = 1;
  fixture_server server(options);
  create_modern(server, "work", "a");
  const auto reply = post_modern(server, call("2", "work", "a", with_tasks));
  EXPECT_EQ(reply.status, 200);
  const json::value error = view(reply.body)["error"];
  EXPECT_EQ(error["code"].integer(), 31004);
  EXPECT_GT(error["data"]["retryAfterMs"].integer().value_or(0), 0);
}

TEST(faults, too_many_sessions_take_the_memory_of_the_server) {
  fixture_options options;
  options.max_sessions = 2;
  fixture_server server(options);
  begin_session(server);
  begin_session(server);
  const auto third = post_legacy(
      server, "",
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}})");
  EXPECT_EQ(view(third.body)["error"]["code"].integer(), 31004);
  EXPECT_TRUE(third.session_id.empty());
}

}  // namespace
}  // namespace longhaul::test
