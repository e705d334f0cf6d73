// SPDX-License-Identifier: Apache-2.0
// An extension of a user's: advertised, declared, called, and heard from, in both eras.
#include "longhaul/extension.hpp"

#include <gtest/gtest.h>

#include <boost/describe.hpp>

#include "exchange_player.hpp"
#include "wire/extensions.hpp"

namespace longhaul::test {

struct zone_params {
  std::string zone;
};
BOOST_DESCRIBE_STRUCT(zone_params, (), (zone))
struct zone_time {
  std::string zone;
  int hour = 0;
};
BOOST_DESCRIBE_STRUCT(zone_time, (), (zone, hour))

namespace {

constexpr const char* clock_declared = R"("extensions":{"com.example/clock":{}})";

class extensions_test : public testing::Test {
 protected:
  extensions_test() {
    extension clock("com.example/clock", raw_json::trusted(R"({"zones":2})"));
    clock
        .add_method({.name = "clock/now"},
                    [](const zone_params& wanted) {
                      if (wanted.zone == "mars") throw protocol_error(-32602, "no such zone");
                      return zone_time{wanted.zone, 12};
                    })
        .add_method({.name = "clock/later"},
                    [] {
                      return extension_result{"com.example/appointment",
                                              raw_json::trusted(R"({"at":"noon"})")};
                    })
        .add_notification({.name = "notifications/clock/tick", .member = "clockTicks"})
        .on_notification("notifications/clock/wound",
                         [this](const caller_info& who, const raw_json& params) {
                           wound.push_back(who.owner + " " + std::string(params.view()));
                           if (params.view() == "{}") throw 7;
                         });
    server.tools().add(clock);
  }
  json::value result(const wire::http_reply& reply) {
    last = reply.body;
    return view(last)["result"];
  }
  json::value failure(const wire::http_reply& reply) {
    last = reply.body;
    return view(last)["error"];
  }
  static std::string request(const std::string& method, const std::string& params,
                             const std::string& declared = clock_declared) {
    return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + params +
           (params.empty() ? "" : ",") + modern_meta(declared) + "}}";
  }
  void tick(const std::string& params, const notification_target& to = {}) {
    server.tools().extensions().notify("notifications/clock/tick",
                                       raw_json::trusted(std::string(params)), to);
  }
  static std::string text_of(const std::shared_ptr<test_outlet>& out) {
    const auto came = out->next();
    return came ? came->text : "(nothing)";
  }

  fixture_server server;
  std::vector<std::string> wound;
  std::string last;
};

TEST_F(extensions_test, is_advertised_beside_tasks) {
  const auto modern = result(post_modern(server, request("server/discover", "", "")));
  const json::value extensions = modern["capabilities"]["extensions"];
  EXPECT_EQ(extensions["io.modelcontextprotocol/tasks"].raw(), "{}");
  EXPECT_EQ(extensions["com.example/clock"].raw(), R"({"zones":2})");
  const auto reply = post_legacy(
      server, "",
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}})");
  const auto legacy = result(reply)["capabilities"];
  EXPECT_EQ(legacy["experimental"]["com.example/clock"].raw(), R"({"zones":2})");
  EXPECT_TRUE(legacy["tasks"]);
}

TEST_F(extensions_test, answers_its_methods_to_those_who_declare_it) {
  const auto now = result(post_modern(server, request("clock/now", R"("zone":"utc")")));
  EXPECT_EQ(now["resultType"].string(), "complete");
  EXPECT_EQ(now["zone"].string(), "utc");
  EXPECT_EQ(now["hour"].integer(), 12);
  EXPECT_TRUE(now["_meta"]["io.modelcontextprotocol/serverInfo"]);

  const auto typed = result(post_modern(server, request("clock/later", "")));
  EXPECT_EQ(typed["resultType"].string(), "com.example/appointment");
  EXPECT_EQ(typed["at"].string(), "noon");
  EXPECT_EQ(std::string(typed.raw()).find("complete"), std::string::npos);

  const auto undeclared = failure(post_modern(server, request("clock/now", R"("zone":"utc")", "")));
  EXPECT_EQ(undeclared["code"].integer(), -32021);
  EXPECT_EQ(undeclared["data"].raw(),
            R"({"requiredCapabilities":{"extensions":{"com.example/clock":{}}}})");
}

TEST_F(extensions_test, refuses_what_does_not_fit_and_what_it_does_not_know) {
  const auto unfit = failure(post_modern(server, request("clock/now", R"("zone":7,"x":1)")));
  EXPECT_EQ(unfit["code"].integer(), -32602);
  const auto thrown = failure(post_modern(server, request("clock/now", R"("zone":"mars")")));
  EXPECT_EQ(thrown["message"].string(), "no such zone");
  const auto unknown = post_modern(server, request("clock/never", ""));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(failure(unknown)["code"].integer(), -32601);
}

TEST_F(extensions_test, is_there_for_sessions_as_well) {
  const std::string session = begin_session(server);
  const auto now = result(post_legacy(
      server, session,
      R"({"jsonrpc":"2.0","id":2,"method":"clock/now","params":{"zone":"utc","_meta":{"a":1}}})"));
  EXPECT_EQ(now.raw(), R"({"zone":"utc","hour":12})");
}

TEST_F(extensions_test, tells_subscribers_what_they_asked_for) {
  const auto listen = [&](const std::string& filter) {
    const std::string body =
        request("subscriptions/listen", R"("notifications":{"clockTicks":)" + filter + "}");
    return send_http(server, "POST", modern_headers(body), body);
  };
  const auto all = listen("true"), utc = listen(R"(["utc"])");
  EXPECT_NE(text_of(all).find(R"("notifications":{"clockTicks":true})"), std::string::npos);
  EXPECT_NE(text_of(utc).find(R"("notifications":{"clockTicks":["utc"]})"), std::string::npos);
  tick(R"({"n":1,"_meta":{"a":1}})", {.subject = "cet"});
  tick(R"({"n":2})", {.subject = "utc"});
  tick(R"({"n":3})", {.owner = "key:nobody"});
  tick(R"({"n":4})", {.owner = "anonymous"});
  const std::string id = R"("io.modelcontextprotocol/subscriptionId":1)";
  const auto message = [&](const std::string& params) {
    return R"({"jsonrpc":"2.0","method":"notifications/clock/tick","params":{)" + params + "}}";
  };
  EXPECT_EQ(text_of(all), message(R"("n":1,"_meta":{"a":1,)" + id + "}"));
  EXPECT_EQ(text_of(all), message(R"("n":2,"_meta":{)" + id + "}"));
  EXPECT_EQ(text_of(all), message(R"("n":4,"_meta":{)" + id + "}"));
  EXPECT_EQ(text_of(utc), message(R"("n":2,"_meta":{)" + id + "}"));
  EXPECT_EQ(utc->unread(), 0U);
  all->leave();
  utc->leave();
}

TEST_F(extensions_test, refuses_filters_that_it_cannot_read_or_that_are_not_declared) {
  const auto ask = [&](const std::string& filter, const std::string& declared) {
    return failure(
        post_modern(server, request("subscriptions/listen",
                                    R"("notifications":{"clockTicks":)" + filter + "}", declared)));
  };
  EXPECT_EQ(ask("true", "")["code"].integer(), -32021);
  EXPECT_EQ(ask("7", clock_declared)["code"].integer(), -32602);
  EXPECT_EQ(ask("[7]", clock_declared)["code"].integer(), -32602);
}

TEST_F(extensions_test, tells_sessions_that_declared_it_while_they_listen) {
  const std::string session =
      begin_session(server, "2025-11-25", R"({"experimental":{"com.example/clock":{}}})");
  const std::string other = begin_session(server);
  const auto get = [&](const std::string& id) {
    return send_http(server, "GET",
                     {{"mcp-session-id", id},
                      {"mcp-protocol-version", "2025-11-25"},
                      {"accept", "text/event-stream"}},
                     "");
  };
  const auto hears = get(session), hears_not = get(other);
  ASSERT_TRUE(hears->await_waiting());
  ASSERT_TRUE(hears_not->await_waiting());
  tick(R"({"n":1})");
  EXPECT_EQ(text_of(hears),
            R"({"jsonrpc":"2.0","method":"notifications/clock/tick","params":{"n":1}})");
  EXPECT_EQ(hears_not->unread(), 0U);
  hears->leave();
  hears_not->leave();
}

TEST_F(extensions_test, hears_its_clients) {
  const std::string session = begin_session(server);
  post_legacy(server, session,
              R"({"jsonrpc":"2.0","method":"notifications/clock/wound","params":{"turns":3}})");
  const std::string body =
      R"({"jsonrpc":"2.0","method":"notifications/clock/wound","params":{"turns":4,)" +
      modern_meta(clock_declared) + "}}";
  EXPECT_EQ(post_modern(server, body).status, 202);
  const auto thrown =
      post_legacy(server, session, R"({"jsonrpc":"2.0","method":"notifications/clock/wound"})");
  EXPECT_EQ(thrown.status, 202) << "what it throws is nothing to its client";
  EXPECT_EQ(wound, (std::vector<std::string>{R"(anonymous {"turns":3})", R"(anonymous {"turns":4})",
                                             "anonymous {}"}));
}

// The protocol goes first, so nobody would ever reach it.
TEST(extension, takes_no_name_of_the_protocol) {
  const auto taken = [](const extension& added) { return wire::taken_from_protocol(added); };
  const auto heard = [](const caller_info&, const raw_json&) {};
  EXPECT_EQ(taken(extension("a/b").add_method({.name = "tools/call"}, [] {})), "tools/call");
  EXPECT_EQ(taken(extension("a/b").add_notification(
                {.name = "notifications/x", .member = "toolsListChanged"})),
            "toolsListChanged");
  EXPECT_EQ(taken(extension("a/b").on_notification("notifications/cancelled", heard)),
            "notifications/cancelled");
  extension own("a/b");
  own.add_method({.name = "tools/sharpen"}, [] {})
      .add_notification({.name = "notifications/x", .member = "x"})
      .on_notification("notifications/roots/list_changed", heard);
  EXPECT_EQ(taken(own), "");
}

TEST(extension, that_does_not_fit_is_refused) {
  const auto refused = [](const extension& added) {
    serving::extensions all;
    try {
      all.add(added);
    } catch (const std::invalid_argument& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(refused(extension("com.example/clock")), "");
  EXPECT_NE(refused(extension("clock")), "");
  EXPECT_NE(refused(extension("io.modelcontextprotocol/mine")), "");
  EXPECT_NE(refused(extension("com.example/clock", raw_json::trusted("[1]"))), "");
  extension twice("com.example/clock");
  twice.add_method({.name = "a/b"}, [] {}).add_method({.name = "a/b"}, [] {});
  EXPECT_NE(refused(twice), "");
  EXPECT_THROW(extension("a/b").add_method({.name = "now"}, [] {}), std::invalid_argument);
  EXPECT_THROW(extension("a/b").add_method({.name = "notifications/x"}, [] {}),
               std::invalid_argument);
  EXPECT_THROW(extension("a/b").add_notification({.name = "tick", .member = "x"}),
               std::invalid_argument);
  serving::extensions none;
  EXPECT_THROW(none.notify("notifications/a", {}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace longhaul::test
