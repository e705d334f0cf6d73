// SPDX-License-Identifier: Apache-2.0
// Replies that are none, over HTTP: each is an error that says what came, or is borne.
#include <latch>

#include "client/hostile_fixture.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;

TEST_F(hostile, what_is_no_answer_says_what_it_is) {
  using step = scripted_server::script;
  const auto json = [](std::string body, int status = 200) -> step {
    return [body = std::move(body), status](const heard&, wire& out) {
      out.reply(status, "application/json", body);
    };
  };
  const struct {
    const char* what;
    step reply;
    kind why;
    const char* came;
  } table[] = {
      {"no JSON", json("hello"), kind::broken, "no JSON"},
      {"nothing", json(""), kind::broken, "no JSON"},
      {"half of it", json(R"({"jsonrpc":"2.0","id":)"), kind::broken, "no JSON"},
      {"an array", json("[]"), kind::broken, "no message: []"},
      {"a wrong id", json(R"({"jsonrpc":"2.0","id":"x","result":{}})"), kind::broken, "\"x\""},
      {"no id", json(R"({"jsonrpc":"2.0","result":{}})"), kind::broken, "another message"},
      {"a request", json(R"({"jsonrpc":"2.0","id":9,"method":"a"})"), kind::broken, "another"},
      {"an error of nobody", json(R"({"jsonrpc":"2.0","error":{"code":-1,"message":"no"}})", 400),
       kind::refused, "-1: no"},
      {"a page",
       [](const heard&, wire& out) { out.reply(200, "text/html; charset=x", "<p>Hi</p>"); },
       kind::broken, "text/html: <p>Hi</p>"},
      {"accepted", [](const heard&, wire& out) { out.reply(202, "", ""); }, kind::broken, "202"},
      {"moved", [](const heard&, wire& out) { out.reply(302, "", "", "Location: /a\r\n"); },
       kind::broken, "302"},
      {"forbidden in JSON", json(R"({"error":"no"})", 403), kind::forbidden, "403"},
      {"a bare error", json(R"({"error":"teapot"})", 418), kind::broken, "418"},
      {"events with a page in them",
       [](const heard&, wire& out) {
         out.begin_events();
         out.event("<p>Hi</p>");
         out.hold();
       },
       kind::broken, "no JSON"},
  };
  server.modern();
  for (const auto& each : table) {
    server.on("prompts/list", each.reply);
    const client one = connected();
    const client_error e = error_of([&] { one.prompts(); });
    SCOPED_TRACE(each.what);
    told(e, each.why, "prompts/list", each.came);
  }
}

TEST_F(hostile, neither_a_result_nor_an_error) {
  server.modern();
  server.on("prompts/list", [](const heard& asked, wire& out) {
    out.reply(200, "application/json", R"({"jsonrpc":"2.0","id":)" + asked.id() + "}");
  });
  const client one = connected();
  told(error_of([&] { one.prompts(); }), kind::broken, "prompts/list", "neither");
  server.on("prompts/list", [](const heard& asked, wire& out) { out.answer(asked, "{}"); });
  told(error_of([&] { one.prompts(); }), kind::broken, "prompts/list", "without 'prompts'");
}

TEST_F(hostile, a_reply_is_bounded_however_it_comes) {
  server.modern();
  client_options options;
  options.reply_limit = 10'000;
  static const std::string much(20'000, 'x');  // outlives the threads of the server
  server.on("prompts/list",
            [&](const heard&, wire& out) { out.reply(200, "application/json", much); });
  server.on("resources/list", [&](const heard&, wire& out) {
    out.begin_events();
    while (!out.is_cut()) out.chunk("data: " + much + "\n");
  });
  server.on("tools/list", [&](const heard&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
    while (!out.is_cut()) out.send(much);
  });
  const client one = connected(options);
  for (const char* const list : {"prompts", "resources", "tools"}) {
    const std::string method = std::string(list) + "/list";
    const client_error e = error_of([&] { one.list(method, list); });
    told(e, kind::broken, method, "10000 bytes");
  }
}

TEST_F(hostile, a_head_is_bounded) {
  server.modern();
  server.on("prompts/list", [](const heard&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\n");
    while (!out.is_cut()) out.send("X-More: " + std::string(1'000, 'x') + "\r\n");
  });
  const client one = connected();
  told(error_of([&] { one.prompts(); }), kind::broken, "prompts/list", "no HTTP");
  server.on("prompts/list", [](const heard&, wire& out) {
    out.send("\x16\x03\x01\x02garbage\r\n\r\n");
    out.hold();
  });
  told(error_of([&] { one.prompts(); }), kind::broken, "prompts/list", "no HTTP");
}

TEST_F(hostile, heads_that_say_wait_are_no_reply) {
  server.modern();
  server.on("prompts/list", [](const heard& asked, wire& out) {
    out.send("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n");
    out.answer(asked, R"({"prompts":[{"name":"a"}]})");
  });
  EXPECT_EQ(connected().prompts().size(), 1U);
}

TEST_F(hostile, what_is_left_on_a_connection_is_nobodys_reply) {
  server.modern();
  server.on("prompts/list", [](const heard& asked, wire& out) {
    const std::string type = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    const std::string body = result_text(asked, R"({"prompts":[]})");
    out.send(type + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body + type +
             "Content-Length: 2\r\n\r\n{}");
  });
  const client one = connected();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(one.prompts().size(), 0U);
}

TEST_F(hostile, a_list_that_is_cut_is_asked_again_and_a_call_is_not) {
  server.modern();
  for (const bool in_body : {true, false}) {
    for (const char* const method : {"prompts/list", "tools/call"}) {
      server.on(method, [&](const heard& asked, wire& out) {
        if (in_body) {
          out.send(
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
              "Transfer-Encoding: chunked\r\n\r\n");
          out.chunk(result_text(asked, R"({"content":[],"prompts":[]})").substr(0, 20));
        }
        out.cut();
      });
    }
    const int lists = server.count("prompts/list"), calls = server.count("tools/call");
    const client one = connected();
    told(error_of([&] { one.prompts(); }), kind::lost, "prompts/list", "lost");
    // One more where a connection was used before: it might have ended by itself.
    EXPECT_EQ(server.count("prompts/list") - lists, in_body ? 4 : 5);
    told(error_of([&] { one.call("a").wait(); }), kind::lost, "tools/call", "is not known");
    EXPECT_EQ(server.count("tools/call") - calls, 1);
  }
}

TEST_F(hostile, a_connection_that_was_closed_meanwhile_costs_nothing) {
  server.modern();
  std::atomic<bool> cut = false;
  const auto once = [&](const heard& asked, wire& out) {
    out.answer(asked, R"({"content":[],"prompts":[]})");
    out.cut();
    cut = true;
  };
  server.on("tools/call", once);
  server.on("prompts/list", once);
  const client one = connected();
  for (int i = 0; i < 3; ++i) {
    cut = false;
    EXPECT_EQ(one.call("a").wait().status, task_status::completed);
    ASSERT_TRUE(wait_until([&] { return cut.load(); }));
    cut = false;
    EXPECT_EQ(one.prompts().size(), 0U);
    ASSERT_TRUE(wait_until([&] { return cut.load(); }));
  }
  EXPECT_EQ(server.count("tools/call"), 3);
}

TEST_F(hostile, later_please_is_heeded_and_in_bounds) {
  server.modern();
  for (const char* const header : {"", "Retry-After: 0\r\n", "Retry-After: soon\r\n"}) {
    for (const int status : {429, 503}) {
      std::atomic<int> left = 2;
      server.on("tools/call", [&](const heard& asked, wire& out) {
        if (left-- > 0) return out.reply(status, "application/json", "{}", header);
        out.answer(asked, R"({"content":[]})");
      });
      const client one = connected();
      EXPECT_EQ(one.call("a").wait().status, task_status::completed) << status << header;
    }
  }
  server.on("tools/call", [&](const heard&, wire& out) { out.reply(503, "text/plain", "full"); });
  const int before = server.count("tools/call");
  const client one = connected();
  told(error_of([&] { one.call("a").wait(); }), kind::unreachable, "tools/call", "503: full");
  EXPECT_EQ(server.count("tools/call") - before, 4);
}

TEST_F(hostile, a_pause_that_a_server_wants_can_be_left) {
  server.modern();
  server.on("tools/call", [&](const heard&, wire& out) {
    out.reply(503, "text/plain", "full", "Retry-After: 999999\r\n");
  });
  const client one = connected();
  const tool_call call = one.call("a");
  ASSERT_TRUE(wait_until([&] { return server.count("tools/call") == 1; }));
  call.cancel();
  EXPECT_EQ(call.wait().status, task_status::cancelled);
}

TEST_F(hostile, a_gateway_that_failed_may_have_passed_a_call_on) {
  server.modern();
  for (const int status : {500, 502, 504}) {
    server.on("tools/call",
              [&](const heard&, wire& out) { out.reply(status, "text/html", "Bad Gateway"); });
    server.on("prompts/list", [&](const heard&, wire& out) { out.reply(status, "", ""); });
    const int calls = server.count("tools/call"), lists = server.count("prompts/list");
    const client one = connected();
    const client_error e = error_of([&] { one.call("a").wait(); });
    told(e, kind::lost, "tools/call", "HTTP " + std::to_string(status));
    told(e, kind::lost, "tools/call", "is not known");
    EXPECT_EQ(server.count("tools/call") - calls, 1);
    told(error_of([&] { one.prompts(); }), kind::lost, "prompts/list", "HTTP");
    EXPECT_EQ(server.count("prompts/list") - lists, 4);
  }
}

TEST_F(hostile, a_redirect_is_followed_where_it_stays_at_home) {
  server.modern();
  for (const int status : {307, 308}) {
    server.on("prompts/list", [status](const heard& asked, wire& out) {
      const bool there = asked.target == "/there/" + std::to_string(status);
      if (there) return out.answer(asked, R"({"prompts":[]})");
      out.reply(status, "", "", "Location: /there/" + std::to_string(status) + "\r\n");
    });
    client_options options;
    options.key = "secret";
    const client one = connected(options);
    EXPECT_EQ(one.prompts().size(), 0U);
    EXPECT_EQ(server.all().back().header("authorization"), "Bearer secret");
    EXPECT_EQ(server.all().back().message, server.all()[server.all().size() - 2].message);
  }
}

TEST_F(hostile, a_redirect_elsewhere_gets_nothing) {
  scripted_server other;
  other.modern();
  const std::string wrong[] = {
      other.url(), "http://u:p@x/", "ftp://x", "", "/a b", "//", "https" + server.url().substr(4)};
  for (const std::string& location : wrong) {
    server.on("server/discover", [&](const heard&, wire& out) {
      out.reply(307, "", "", location.empty() ? "" : "Location: " + location + "\r\n");
    });
    client_options options;
    options.key = "secret";
    const client one = connected(options);
    const client_error e = error_of([&] { one.tools(); });
    told(e, kind::broken, "server/discover", "not followed");
    EXPECT_EQ(std::string(e.what()).find("u:p"), std::string::npos) << e.what();
  }
  EXPECT_EQ(other.connections(), 0);
  server.on("server/discover",
            [&](const heard&, wire& out) { out.reply(308, "", "", "Location: /mcp\r\n"); });
  told(error_of([&] { connected().tools(); }), kind::broken, "server/discover", "on and on");
}

TEST_F(hostile, a_key_is_asked_for_again_once) {
  server.modern();
  server.on("prompts/list", [](const heard& asked, wire& out) {
    if (asked.header("authorization") == "Bearer new")
      return out.answer(asked, R"({"prompts":[]})");
    out.reply(401, "application/json", R"({"jsonrpc":"2.0","error":{"code":-1,"message":"no"}})");
  });
  client_options options;
  std::string key = "Bearer old";
  std::vector<bool> asked;
  options.authorizer = [&](bool refused) {
    asked.push_back(refused);
    return refused ? key : "Bearer old";
  };
  {
    const client one = connected(options);
    told(error_of([&] { one.prompts(); }), kind::forbidden, "prompts/list", "a key is needed");
  }
  EXPECT_EQ(asked, (std::vector<bool>{false, false, true}));
  key = "Bearer new";
  EXPECT_EQ(connected(options).prompts().size(), 0U);
  options.authorizer = [](bool) -> std::string { throw std::runtime_error("no window"); };
  told(error_of([&] { connected(options).prompts(); }), kind::forbidden, "server/discover",
       "no window");
  options.authorizer = [](bool) { return "Bearer a\r\nX: y"; };
  told(error_of([&] { connected(options).prompts(); }), kind::forbidden, "server/discover", "key");
}

TEST_F(hostile, options_that_write_headers_of_their_own_are_refused) {
  client_options options;
  options.key = "a\r\nX: y";
  EXPECT_THROW(connected(options), std::invalid_argument);
  options.key = "";
  options.headers = {{"X", "a\nb"}};
  EXPECT_THROW(connected(options), std::invalid_argument);
}

TEST_F(hostile, who_never_answers_is_not_waited_for) {
  client_options options;
  options.reply_time = 50ms;
  server.on("server/discover", [](const heard&, wire& out) { out.hold(); });
  told(error_of([&] { connected(options).tools(); }), kind::unreachable, "server/discover",
       "50 ms");
  server.modern();
  server.on("prompts/list", [](const heard&, wire& out) { out.hold(); });
  server.on("resources/list", [](const heard&, wire& out) {
    out.begin_events();
    out.chunk(": there is nothing behind it\n\n");
    out.hold();
  });
  server.on("tools/list", [](const heard&, wire& out) {
    out.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{");
    out.hold();
  });
  const client one = connected(options);
  told(error_of([&] { one.prompts(); }), kind::time_limit, "prompts/list", "50 ms");
  told(error_of([&] { one.resources(); }), kind::time_limit, "resources/list", "50 ms");
  told(error_of([&] { one.tools(); }), kind::time_limit, "tools/list", "50 ms");
}

TEST_F(hostile, pages_without_end_are_an_error) {
  server.modern();
  int page = 0;
  server.on("prompts/list", [&](const heard& asked, wire& out) {
    out.answer(asked, R"({"prompts":[{}],"nextCursor":")" + std::to_string(page++ % 3) + "\"}");
  });
  told(error_of([&] { connected().prompts(); }), kind::broken, "prompts/list", "without end");
  EXPECT_LE(page, 4);
  server.on("prompts/list", [&](const heard& asked, wire& out) {
    const bool more = !asked.params()["cursor"];
    out.answer(asked, more ? R"({"prompts":[{}],"nextCursor":""})" : R"({"prompts":[{}]})");
  });
  EXPECT_EQ(connected().prompts().size(), 2U) << "an empty cursor is one";
}

TEST_F(hostile, nobody_there) {
  std::string url;
  {
    const scripted_server gone;
    url = gone.url();
  }
  const client one({.url = url});
  const client_error e = error_of([&] { one.call("a").wait(); });
  expect_told(e, kind::unreachable, url.substr(7, 14), "server/discover", "refused");
}

TEST_F(hostile, many_wait_for_one_that_does_not_come) {
  client_options options;
  options.reply_time = 100ms;
  server.on("server/discover", [](const heard&, wire& out) { out.hold(); });
  const client one = connected(options);
  std::vector<tool_call> calls;
  for (int i = 0; i < 64; ++i) calls.push_back(one.call("a"));
  for (const tool_call& each : calls) {
    EXPECT_EQ(error_of([&] { each.wait(); }).why(), kind::unreachable);
  }
  EXPECT_EQ(server.count("server/discover"), 1) << "all hear of the one attempt";
}

TEST_F(hostile, a_call_is_left_while_it_connects) {
  server.on("server/discover", [](const heard&, wire& out) { out.hold(); });
  const client one = connected();
  const tool_call call = one.call("a"), other = one.call("b");
  ASSERT_TRUE(wait_until([&] { return server.count("server/discover") == 1; }));
  call.cancel();
  EXPECT_EQ(call.wait().status, task_status::cancelled);
  EXPECT_FALSE(other.ended());
}

}  // namespace
}  // namespace longhaul::test
