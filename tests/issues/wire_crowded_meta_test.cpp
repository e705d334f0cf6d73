// SPDX-License-Identifier: Apache-2.0
// What a task keeps of the `_meta` of its call has a bound. Baggage may fill it (W3C allows 8,192
// bytes); what stood behind it was dropped, and with the progress token all progress of the task.
#include <gtest/gtest.h>

#include "tasks/sync.hpp"
#include "wire/exchange_player.hpp"

namespace longhaul::test {
namespace {

TEST(crowded_meta, the_progress_token_comes_first) {
  fixture_server server;
  const std::string baggage(8'170, 'b');
  const std::string message =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"work",)"
      R"("arguments":{"door":"a"},)" +
      modern_meta(tasks_declared, R"(,"baggage":")" + baggage + R"(","progressToken":"p")") + "}}";
  const std::string reply = post_modern(server, message).body;
  const auto id = view(reply)["result"]["taskId"].string();
  ASSERT_TRUE(id) << reply;
  for (const std::string owner : {"anonymous", "local"}) {
    const task_ptr task = tasks::sync(server.engine().get_whole(owner, *id));
    if (!task) continue;
    EXPECT_EQ(json::value(task->origin->request_meta).raw(), R"({"progressToken":"p"})");
    server.door.open_all();
    return;
  }
  FAIL() << "whose is it?";
}

}  // namespace
}  // namespace longhaul::test
