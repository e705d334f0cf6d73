// SPDX-License-Identifier: Apache-2.0
// The 4,097th follower of a task was told "Internal error", and a further subscription was
// acknowledged without the task, as if it did not exist. Both are told to come again.
#include <gtest/gtest.h>

#include "json/view.hpp"
#include "tasks/sync.hpp"
#include "tasks/tunables.hpp"
#include "wire/exchange_player.hpp"

namespace longhaul::test {
namespace {

class crowd final : public tasks::follower {
 public:
  void on_task(const task_ptr&) override {}
};

TEST(followers, beyond_the_bound_are_told_that_the_server_is_busy) {
  fixture_server server;
  const auto session =
      begin_session(server, "2025-11-25", "{}", {{"Authorization", "Bearer good-ann"}});
  const header_list ann{{"Authorization", "Bearer good-ann"}};
  const auto made = post_legacy(
      server, session,
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"work","arguments":{"door":"a"},"task":{}}})",
      ann);
  const std::string task =
      json::value(std::string_view(made.body))["result"]["task"]["taskId"].string().value_or("");
  const auto all = std::make_shared<crowd>();
  std::vector<tasks::hub::subscription> crowds;
  for (std::size_t i = 0; i < tasks::tunables::followers_per_task; ++i) {
    crowds.push_back(server.engine().follow(task, all));
  }
  const auto waits = post_legacy(
      server, session,
      R"({"jsonrpc":"2.0","id":2,"method":"tasks/result","params":{"taskId":")" + task + "\"}}",
      ann);
  EXPECT_NE(waits.body.find(R"("code":31004)"), std::string::npos) << waits.body;
  EXPECT_NE(waits.body.find("retryAfterMs"), std::string::npos) << waits.body;
  const std::string listen =
      R"({"jsonrpc":"2.0","id":3,"method":"subscriptions/listen","params":{"notifications":{"taskIds":[")" +
      task + "\"]}," + modern_meta(tasks_declared) + "}}";
  const auto subscribes = post_modern(server, listen, ann);
  EXPECT_NE(subscribes.body.find(R"("code":31004)"), std::string::npos) << subscribes.body;
  crowds.clear();
  EXPECT_EQ(server.engine().followers(), 0u) << "a refused subscription follows nothing";
  const auto later = send_http(
      server, "POST",
      [&] {
        auto headers = modern_headers(listen);
        headers.insert(headers.end(), ann.begin(), ann.end());
        return headers;
      }(),
      listen);
  EXPECT_NE(later->next()->text.find(task), std::string::npos);
}

}  // namespace
}  // namespace longhaul::test
