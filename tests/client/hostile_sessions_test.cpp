// SPDX-License-Identifier: Apache-2.0
// Which era a server is of, and sessions before 2026-07-28: streams that are cut and taken up
// again, sessions that are gone, what servers ask.
#include <algorithm>
#include <latch>

#include "client/hostile_fixture.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;

TEST_F(hostile, an_old_server_is_known_by_its_reply_to_discover) {
  const auto error = [](int code, std::string data, int status) -> scripted_server::script {
    return [=](const heard& asked, wire& out) {
      out.reply(status, "application/json",
                R"({"jsonrpc":"2.0","id":)" + asked.id() + R"(,"error":{"code":)" +
                    std::to_string(code) + R"(,"message":"m")" + data + "}}");
    };
  };
  const auto status = [](int number) -> scripted_server::script {
    return [=](const heard&, wire& out) { out.reply(number, "text/plain", "what?"); };
  };
  const struct {
    const char* what;
    scripted_server::script reply;
    const char* version;  // empty: an error
  } table[] = {
      {"404", status(404), "2025-11-25"},
      {"405", status(405), "2025-11-25"},
      {"400", status(400), "2025-11-25"},
      {"500", status(500), "2025-11-25"},
      {"401", status(401), ""},
      {"503", status(503), ""},
      {"400 with an old error", error(-32000, "", 400), "2025-11-25"},
      {"400 with a modern error", error(-32020, "", 400), ""},
      {"-32601", error(-32601, "", 200), "2025-11-25"},
      {"-32022, old ones", error(-32022, R"(,"data":{"supported":["2025-06-18"]})", 400),
       "2025-11-25"},
      {"-32022, unknown ones", error(-32022, R"(,"data":{"supported":["2031-01-01"]})", 400), ""},
      {"-32022, ours", error(-32022, R"(,"data":{"supported":["2026-07-28"]})", 400), ""},
  };
  for (const auto& each : table) {
    server.sessions();
    server.on("server/discover", each.reply);
    const client one = connected();
    if (*each.version != '\0') {
      EXPECT_EQ(one.connect().version, each.version) << each.what;
      continue;
    }
    SCOPED_TRACE(each.what);
    const client_error e = error_of([&] { one.connect(); });
    EXPECT_NE(std::string(e.what()).find("server/discover"), std::string::npos) << e.what();
  }
}

TEST_F(hostile, a_server_of_another_revision_is_taken_if_it_is_known) {
  server.sessions("2025-03-26");
  EXPECT_EQ(connected().connect().version, "2025-03-26");
  client_options options;
  options.only_version = "2025-11-25";
  told(error_of([&] { connected(options).connect(); }), kind::broken, "initialize", "2025-03-26");
  for (const char* const wrong : {"2024-01-01", "2026-07-28", ""}) {
    server.sessions(wrong);
    told(error_of([&] { connected().connect(); }), kind::broken, "initialize", wrong);
  }
  options.only_version = "2026-07-28";
  told(error_of([&] { connected(options).connect(); }), kind::broken, "server/discover",
       "2026-07-28");
}

TEST_F(hostile, nothing_of_mcp_there) {
  for (const char* const method : {"server/discover", "initialize"}) {
    server.on(method, [](const heard&, wire& out) { out.reply(404, "text/html", "<p>?</p>"); });
  }
  const client_error e = error_of([&] { connected().connect(); });
  told(e, kind::unreachable, "MCP", "404");
}

TEST_F(hostile, a_session_that_is_gone_is_begun_again) {
  server.sessions();
  for (const char* const method : {"tools/call", "prompts/list"}) {
    server.on(method, [](const heard& asked, wire& out) {
      if (asked.header("mcp-session-id") == "s1") {
        return out.reply(404, "application/json",
                         R"({"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"gone"}})");
      }
      out.answer(asked, R"({"content":[],"prompts":[]})");
    });
  }
  server.on("tools/list",
            [](const heard& asked, wire& out) { out.answer(asked, R"({"tools":[]})"); });
  const client one = connected();
  std::vector<tool_call> calls;
  for (int i = 0; i < 16; ++i) calls.push_back(one.call("a"));
  for (const tool_call& each : calls) EXPECT_EQ(each.wait().status, task_status::completed);
  EXPECT_EQ(one.prompts().size(), 0U);
  EXPECT_EQ(server.count("initialize"), 2) << "one new session, however many found it gone";
  EXPECT_EQ(server.count("server/discover"), 1);
}

TEST_F(hostile, sessions_that_are_always_gone_are_an_error) {
  server.sessions();
  server.on("prompts/list", [](const heard&, wire& out) { out.reply(404, "text/plain", "gone"); });
  told(error_of([&] { connected().prompts(); }), kind::broken, "prompts/list", "404: gone");
  EXPECT_EQ(server.count("initialize"), 4);
}

// Each byte of a stream is once the last of its piece.
TEST_F(hostile, it_does_not_matter_where_a_stream_is_cut_into_pieces) {
  server.modern();
  std::atomic<std::size_t> size = 1, at = 0;
  server.on("prompts/list", [&](const heard& asked, wire& out) {
    const std::size_t cut = at;  // the client may have its answer before this has returned
    const std::string stream =
        ": hi\r\n\r\nid: 1\r\ndata:\r\n\r\ndata: {\"jsonrpc\":\"2.0\","
        "\"method\":\"notifications/nobody/knows\"}\r\n\r\ndata: " +
        result_text(asked, R"({"prompts":[{}]})") + "\r\n\r\n";
    size = stream.size();
    out.begin_events();
    if (cut > 0) out.chunk(stream.substr(0, cut));
    if (cut < stream.size()) out.chunk(stream.substr(cut));
    out.end_events();
  });
  const client one = connected();
  for (; at <= size; ++at) ASSERT_EQ(one.prompts().size(), 1U) << at;
}

TEST_F(hostile, a_stream_without_an_answer_is_lost) {
  server.modern();
  server.on("tools/call", [](const heard&, wire& out) {
    out.begin_events();
    out.event(R"({"jsonrpc":"2.0","method":"notifications/nobody/knows"})", "1");
    out.end_events();
  });
  const client_error e = error_of([&] { connected().call("a").wait(); });
  told(e, kind::lost, "tools/call", "without an answer");
  EXPECT_EQ(server.count("tools/call"), 1);
}

TEST_F(hostile, a_stream_of_a_session_goes_on_where_it_was_cut) {
  server.sessions();
  server.on("tools/list",
            [](const heard& asked, wire& out) { out.answer(asked, R"({"tools":[]})"); });
  std::atomic<int> gets = 0;
  heard call;
  server.on("tools/call", [&](const heard& asked, wire& out) {
    call = asked;
    out.begin_events();
    out.chunk("id: 0\nretry: 10\ndata:\n\n");  // primes it
    const std::string token(asked.params()["_meta"]["progressToken"].raw());
    out.event(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
              token + R"(,"progress":1}})");
    out.chunk("id: 1\ndata: {\"never\":\n");  // half of an event: it is to come again
    out.cut();
  });
  server.on("GET", [&](const heard& asked, wire& out) {
    if (asked.header("last-event-id").empty()) return out.reply(405, "", "");
    EXPECT_EQ(asked.header("mcp-session-id"), "s1");
    EXPECT_EQ(asked.header("mcp-protocol-version"), "2025-11-25");
    const int number = ++gets;
    EXPECT_EQ(asked.header("last-event-id"), number < 4 ? "0" : "2");
    if (number == 1) return out.cut();
    if (number == 2) return out.reply(503, "", "");
    out.begin_events();
    if (number == 3) {
      out.event(R"({"jsonrpc":"2.0","method":"notifications/x"})", "2");
      return out.cut();
    }
    out.event(result_text(call, R"({"content":[{"type":"text","text":"whole"}]})"), "3");
    out.end_events();
  });
  EXPECT_EQ(connected().call("a").wait().value().text(), "whole");
  EXPECT_EQ(server.count("tools/call"), 1);
}

TEST_F(hostile, a_stream_that_cannot_go_on_is_lost) {
  server.sessions();
  server.on("tools/list",
            [](const heard& asked, wire& out) { out.answer(asked, R"({"tools":[]})"); });
  server.on("tools/call", [&](const heard&, wire& out) {
    out.begin_events();
    out.event("", "7");
    out.cut();
  });
  const client_error e = error_of([&] { connected().call("a").wait(); });
  told(e, kind::lost, "tools/call", "HTTP 405");
}

// Questions of a session come on the stream of a call or on that of the session.
class asking : public hostile {
 protected:
  // `messages` on the stream of "tools/call", which ends when so many responses have come.
  void ask_on_call(std::vector<std::string> messages, int responses) {
    server.sessions();
    server.on("tools/list",
              [](const heard& asked, wire& out) { out.answer(asked, R"({"tools":[]})"); });
    server.on("tools/call", [=, this](const heard& asked, wire& out) {
      out.begin_events();
      for (const std::string& each : messages) out.event(each);
      wait_until([&] { return server.count("response") >= responses || out.is_cut(); });
      out.event(result_text(asked, R"({"content":[]})"));
      out.end_events();
    });
  }
  std::vector<std::string> responses() const {
    std::vector<std::string> all;
    for (const heard& each : server.all()) {
      if (each.method() == "response") all.push_back(each.body);
    }
    std::ranges::sort(all);
    return all;
  }
};

TEST_F(asking, requests_with_ids_of_any_type_are_answered) {
  ask_on_call({R"({"jsonrpc":"2.0","id":"p-1","method":"ping"})",
               R"({"jsonrpc":"2.0","id":-7,"method":"ping"})",
               R"({"jsonrpc":"2.0","id":1.5,"method":"future/thing","params":[]})",
               R"({"jsonrpc":"2.0","id":"q","method":"elicitation/create"})",
               R"({"jsonrpc":"2.0","id":"r","method":"roots/list"})"},
              5);
  client_options options;
  options.can = {client_capability::elicitation_form};
  EXPECT_EQ(connected(options).call("a").wait().status, task_status::completed);
  const std::vector<std::string> all = responses();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_NE(all[0].find(R"("id":"p-1","result":{})"), std::string::npos) << all[0];
  EXPECT_NE(all[1].find(R"("id":"q","result":{"action":"decline"})"), std::string::npos) << all[1];
  EXPECT_NE(all[2].find(R"("id":"r","error":)"), std::string::npos) << all[2];
  EXPECT_NE(all[3].find(R"("id":-7,"result":{})"), std::string::npos) << all[3];
  EXPECT_NE(all[4].find(R"("id":1.5,"error":{"code":-32601)"), std::string::npos) << all[4];
}

TEST_F(asking, a_question_that_is_taken_back_is_withdrawn_and_not_answered) {
  std::latch taken_back(1);
  ask_on_call({R"({"jsonrpc":"2.0","id":"q","method":"elicitation/create"})",
               R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
               R"("params":{"requestId":"q"}})",
               R"({"jsonrpc":"2.0","id":"p","method":"ping"})"},
              1);
  client_options options;
  options.can = {client_capability::elicitation_form};
  options.on_question = [&](const asked_question& question) -> std::optional<question_reply> {
    const std::stop_callback back(question.withdrawn, [&] { taken_back.count_down(); });
    taken_back.wait();
    return answer{answer::action::accept, raw_json::parse("{}")};
  };
  {
    const client one = connected(options);
    EXPECT_EQ(one.call("a").wait().status, task_status::completed);
  }
  EXPECT_EQ(responses().size(), 1U) << "only the ping";
}

TEST_F(asking, handlers_that_fail_or_answer_something_else_have_refused) {
  ask_on_call({R"({"jsonrpc":"2.0","id":"a","method":"roots/list"})",
               R"({"jsonrpc":"2.0","id":"b","method":"sampling/createMessage","params":{}})"},
              2);
  client_options options;
  options.can = {client_capability::roots, client_capability::sampling};
  options.on_question = [](const asked_question& question) -> std::optional<question_reply> {
    if (question.method == "roots/list") throw std::runtime_error("no roots");
    return answer{answer::action::accept, raw_json::parse("{}")};
  };
  EXPECT_EQ(connected(options).call("a").wait().status, task_status::completed);
  ASSERT_EQ(responses().size(), 2U);
  EXPECT_NE(responses()[0].find("no roots"), std::string::npos);
  EXPECT_NE(responses()[1].find("another kind"), std::string::npos);
}

TEST_F(asking, what_belongs_to_no_call_comes_to_the_client) {
  server.sessions();
  std::latch done(1);
  server.on("GET", [&](const heard&, wire& out) {
    out.begin_events();
    out.event(R"({"jsonrpc":"2.0","method":"notifications/message","params":{"data":"hello"}})");
    out.event(R"({"jsonrpc":"2.0","id":"r","method":"roots/list"})");
    out.hold();
  });
  server.on("response", [&](const heard&, wire& out) {
    out.reply(202, "", "");
    done.count_down();
  });
  client_options options;
  std::string said;
  options.can = {client_capability::roots};
  options.on_log = [&](const raw_json& params) {
    said = params.view();
    throw 7;  // is dropped
  };
  options.on_question = [](const asked_question&) { return std::vector<root>{{"file:///x", ""}}; };
  const client one = connected(options);
  one.connect();
  done.wait();
  EXPECT_EQ(said, R"({"data":"hello"})");
  EXPECT_NE(responses()[0].find("file:///x"), std::string::npos);
}

// A plain call that is under way when its client ends: the server hears of it.
TEST_F(asking, a_client_that_ends_gives_its_calls_up) {
  server.sessions();
  server.on("tools/list",
            [](const heard& asked, wire& out) { out.answer(asked, R"({"tools":[]})"); });
  server.on("tools/call", [](const heard&, wire& out) { out.hold(); });
  {
    const client one = connected();
    const tool_call call = one.call("a");
    ASSERT_TRUE(wait_until([&] { return server.count("tools/call") == 1; }));
  }
  EXPECT_EQ(server.count("notifications/cancelled"), 1);
  EXPECT_EQ(server.count("DELETE"), 1);
}

}  // namespace
}  // namespace longhaul::test
