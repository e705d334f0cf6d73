// SPDX-License-Identifier: Apache-2.0
// Many JSON writers say null for what is not there: `"params":null`, `"cursor":null`,
// `"arguments":null`. They were refused, one by one. Null is absent now for every member of the
// envelope and of our methods that may be left out. (`task.ttl` is the exception: null is a value
// there, "unlimited". Members of a tool's arguments are what its schema says.)
#include <gtest/gtest.h>

#include "json/view.hpp"
#include "wire/exchange_player.hpp"

namespace longhaul::test {
namespace {

std::string request(const std::string& method, const std::string& params) {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}";
}

TEST(null_members, are_absent_in_2026_07_28) {
  fixture_server server;
  for (const auto& [method, params] : std::vector<std::pair<std::string, std::string>>{
           {"tools/list", R"("cursor":null)"},
           {"tools/call", R"("name":"echo","arguments":null)"},
           {"tools/call", R"("name":"echo","task":null,"inputResponses":null,"requestState":null)"},
           {"server/discover", R"("x":null)"}}) {
    const auto reply =
        post_modern(server, request(method, "{" + params + "," + modern_meta() + "}"));
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_TRUE(view(reply.body)["result"]) << reply.body;
  }
  const std::string nulls = modern_meta(
      R"("elicitation":null,"extensions":null)",
      R"(,"progressToken":null,"longhaul.dev/idempotency-key":null,"io.modelcontextprotocol/logLevel":null,"io.modelcontextprotocol/clientInfo":null)");
  const auto called =
      post_modern(server, request("tools/call", R"({"name":"echo",)" + nulls + "}"));
  EXPECT_TRUE(view(called.body)["result"]) << called.body;

  const auto body = request("subscriptions/listen",
                            R"({"notifications":{"taskIds":null},)" + modern_meta() + "}");
  const auto open = send_http(server, "POST", modern_headers(body), body);
  EXPECT_EQ(view(open->next()->text)["params"]["notifications"].raw(), "{}");
  open->leave();
}

TEST(null_members, are_absent_in_sessions) {
  fixture_server server;
  const header_list ann = {{"Authorization", "Bearer good-ann"}};
  for (const std::string version : {"2025-11-25", "2025-06-18", "2025-03-26"}) {
    const auto begun = post_legacy(
        server, "",
        R"({"jsonrpc":"2.0","id":0,"method":"initialize","result":null,"error":null,"params":{"protocolVersion":")" +
            version + R"(","capabilities":null,"clientInfo":null,"_meta":null}})",
        ann);
    ASSERT_FALSE(begun.session_id.empty()) << begun.body;
    post_legacy(server, begun.session_id,
                R"({"jsonrpc":"2.0","method":"notifications/initialized","params":null})", ann);
    for (const auto& [method, params] : std::vector<std::pair<std::string, std::string>>{
             {"ping", "null"},
             {"tools/list", "null"},
             {"tools/list", R"({"cursor":null,"_meta":null})"},
             {"tools/call", R"({"name":"echo","arguments":null,"task":null,"_meta":null})"},
             {"tools/call", R"({"name":"echo","_meta":{"progressToken":null}})"}}) {
      const auto reply = post_legacy(server, begun.session_id, request(method, params), ann);
      EXPECT_TRUE(view(reply.body)["result"]) << reply.body;
    }
  }
  const auto session = begin_session(server, "2025-11-25", "{}", ann);
  const auto listed =
      post_legacy(server, session, request("tasks/list", R"({"cursor":null})"), ann);
  EXPECT_TRUE(view(listed.body)["result"]) << listed.body;
  const auto made = post_legacy(
      server, session,
      request("tools/call", R"({"name":"work","arguments":{"door":"open"},"task":{"ttl":null}})"),
      ann);
  const auto most = std::chrono::milliseconds(std::chrono::hours(24 * 30)).count();
  EXPECT_EQ(view(made.body)["result"]["task"]["ttl"].integer(), most)
      << "unlimited, as far as the server allows: " << made.body;
}

TEST(null_members, of_a_response_are_absent) {
  fixture_server server;
  const auto session = begin_session(server, "2025-11-25", R"({"elicitation":{}})");
  const auto asking = send_http(server, "POST", {{"Mcp-Session-Id", session}},
                                request("tools/call", R"({"name":"asks","arguments":{}})"));
  const auto id = std::string(view(asking->next()->text)["id"].raw());
  const auto taken = post_legacy(
      server, session,
      R"({"jsonrpc":"2.0","id":)" + id +
          R"(,"method":null,"params":null,"error":null,"result":{"action":"accept","content":{"name":"Ann"}}})");
  EXPECT_EQ(taken.status, 202);
  EXPECT_NE(asking->next()->text.find("hello Ann"), std::string::npos);
}

TEST(null_members, an_id_that_is_null_is_refused_and_answered) {
  fixture_server server;
  const std::string text = R"({"jsonrpc":"2.0","id":null,"method":"ping"})";
  const auto reply = post_legacy(server, begin_session(server), text);
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(view(reply.body)["error"]["code"].integer(), -32600) << reply.body;
}

}  // namespace
}  // namespace longhaul::test
