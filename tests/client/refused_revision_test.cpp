// SPDX-License-Identifier: Apache-2.0
// Servers that refuse a revision, and name those that they speak.
#include <gtest/gtest.h>

#include <string>

#include "client/scripted_server.hpp"
#include "longhaul/client.hpp"

namespace longhaul::test {
namespace {

constexpr const char* tells = R"({"resultType":"complete","supportedVersions":["2026-07-28"],)"
                              R"("capabilities":{},"serverInfo":{"name":"s","version":"1"}})";

void refuse_revision(const heard& asked, wire& out, const std::string& supported) {
  out.reply(400, "application/json",
            R"({"jsonrpc":"2.0","id":)" + asked.id() +
                R"(,"error":{"code":-32022,"message":"no","data":{"supported":)" + supported +
                "}}}");
}

TEST(client_of_a_refused_revision, asks_once_more_for_one_that_the_server_names) {
  scripted_server server;
  server.on("server/discover", [&](const heard& asked, wire& out) {
    if (server.count("server/discover") > 1) return out.answer(asked, tells);
    refuse_revision(asked, out, R"(["2026-07-28"])");
  });
  const client one({.url = server.url()});
  EXPECT_EQ(one.connect().version, "2026-07-28");
  const auto all = server.all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_NE(all[0].id(), all[1].id());
  EXPECT_EQ(all[1].header("mcp-protocol-version"), "2026-07-28");
}

TEST(client_of_a_refused_revision, begins_a_session_if_that_is_what_the_server_names) {
  scripted_server server;
  server.sessions();
  server.on("server/discover", [](const heard& asked, wire& out) {
    refuse_revision(asked, out, R"(["2025-11-25"])");
  });
  const client one({.url = server.url()});
  EXPECT_EQ(one.connect().version, "2025-11-25");
  EXPECT_EQ(server.count("server/discover"), 1);
}

TEST(client_of_a_refused_revision, does_not_ask_for_ever) {
  scripted_server server;
  server.on("server/discover", [](const heard& asked, wire& out) {
    refuse_revision(asked, out, R"(["2026-07-28"])");
  });
  const client one({.url = server.url()});
  EXPECT_THROW(one.connect(), client_error);
  EXPECT_EQ(server.count("server/discover"), 2);
}

TEST(client_of_a_refused_revision, takes_the_older_one_where_the_newest_is_refused_again) {
  scripted_server server;
  server.sessions();
  server.on("server/discover", [](const heard& asked, wire& out) {
    refuse_revision(asked, out, R"(["2026-07-28","2025-11-25"])");
  });
  const client one({.url = server.url()});
  EXPECT_EQ(one.connect().version, "2025-11-25");
  EXPECT_EQ(server.count("server/discover"), 2);
}

}  // namespace
}  // namespace longhaul::test
