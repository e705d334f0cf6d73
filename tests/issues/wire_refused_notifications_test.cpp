// SPDX-License-Identifier: Apache-2.0
// A notification or a response that was refused got HTTP 200, or a 4xx, with a JSON-RPC error that
// answered nothing anybody had asked. It is 202 now, or a 4xx without a body.
#include <gtest/gtest.h>

#include "json/view.hpp"
#include "wire/exchange_player.hpp"

namespace longhaul::test {
namespace {

TEST(refused_notifications, get_no_json_rpc_body_whatever_is_wrong) {
  fixture_server server;
  const auto session = begin_session(server);
  const auto old = begin_session(server, "2025-03-26");
  const std::vector<header_list> all = {
      {},
      {{"MCP-Protocol-Version", "2026-07-28"}},
      {{"MCP-Protocol-Version", "1999-01-01"}},
      {{"MCP-Protocol-Version", "9999-01-01"}},
      {{"Mcp-Session-Id", "gone"}},
      {{"Mcp-Session-Id", session}},
      {{"Mcp-Session-Id", old}},
      {{"Mcp-Session-Id", session}, {"MCP-Protocol-Version", "1999-01-01"}},
      {{"Mcp-Session-Id", session}, {"Repeated", "Mcp-Session-Id"}}};
  for (const header_list& headers : all) {
    for (
        const std::string text :
        {R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
         R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}})",
         R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo"}})",
         R"({"jsonrpc":"2.0","method":"no/such"})", R"({"jsonrpc":"2.0","id":1,"result":{}})",
         R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}})",
         R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}})",
         R"({"jsonrpc":"2.0","method":"m","params":7})", R"({"method":"m"})",
         R"([{"jsonrpc":"2.0","method":"notifications/x"},{"jsonrpc":"2.0","id":1,"result":{}}])"}) {
      const auto out = send_http(server, "POST", headers, text);
      const auto reply = out->next()->reply;
      ASSERT_TRUE(reply);
      EXPECT_TRUE(reply->status == 202 || (reply->status >= 400 && reply->status < 500))
          << reply->status << text;
      EXPECT_EQ(reply->body, "") << text;
    }
  }
}

TEST(refused_requests, in_an_array_to_a_session_that_is_gone_get_404) {
  fixture_server server;
  const auto session = begin_session(server, "2025-03-26");
  ASSERT_EQ(send_http(server, "DELETE", {{"Mcp-Session-Id", session}}, "")->next()->reply->status,
            204);
  for (const std::string text : {R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", R"([7])", "[]",
                                 R"([{"jsonrpc":"2.0","method":"notifications/x"}])"}) {
    const auto out = send_http(server, "POST", {{"Mcp-Session-Id", session}}, text);
    EXPECT_EQ(out->next()->reply->status, 404) << text;
  }
  const auto modern = send_http(
      server, "POST", {{"Mcp-Session-Id", session}, {"MCP-Protocol-Version", "2026-07-28"}}, "[7]");
  EXPECT_EQ(modern->next()->reply->status, 400) << "a session id means nothing there";
}

}  // namespace
}  // namespace longhaul::test
