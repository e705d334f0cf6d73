// SPDX-License-Identifier: Apache-2.0
// Output that is followed while it grows, on both wires: whoever subscribed is told, reads on from
// where it was, and misses nothing.
#include <functional>

#include "programs/fixture.hpp"

namespace longhaul::test {
namespace {

class live_output : public serve {
 protected:
  static std::string uri_of(const std::string& task) {
    return "longhaul://tasks/" + task + "/stdout";
  }
  // `subscriptions/listen`, once it is acknowledged.
  static std::unique_ptr<served::stream> listen(const served& server, const std::string& uri) {
    auto stream = std::make_unique<served::stream>(
        server, server.request_text(
                    "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\n",
                    R"({"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"_meta":{)"
                    R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                    R"("io.modelcontextprotocol/clientCapabilities":{}},)"
                    R"("notifications":{"resourceSubscriptions":[")" +
                        uri + R"("]}}})"));
    EXPECT_TRUE(stream->await("subscriptions/acknowledged")) << stream->all;
    return stream;
  }
  static std::string get_text(const legacy_session& session) {
    return "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
           "MCP-Protocol-Version: 2025-11-25\r\n" +
           session.id + "\r\n";
  }
  static std::string naming(const std::string& uri) { return R"({"uri":")" + uri + R"("})"; }

  // As a client does: whenever it is told, it reads on from where it was, until that was all.
  std::string follow(served& server, const std::string& task, const std::function<bool()>& told,
                     const std::function<void(const std::string&)>& at = {}) const {
    std::string all;
    std::int64_t offset = 0;
    for (bool ended = false; !ended;) {
      if (!told()) return all + "(was not told of the end)";
      const auto reply = server.read(uri_of(task) + "?offset=" + std::to_string(offset));
      const auto& block = reply.at("result").at("contents").at(0).as_object();
      const auto& meta = block.at("_meta").as_object();
      all += block.at("text").as_string();
      offset = meta.at("longhaul.dev/nextOffset").to_number<std::int64_t>();
      ended = meta.contains("longhaul.dev/ended") &&
              offset == meta.at("longhaul.dev/total").to_number<std::int64_t>();
      if (at) at(all);
    }
    return all;
  }
  // Lets `three_words` say its next one.
  void go_on(const std::string& said) const {
    if (said == "one\n") home.write("go", "");
    if (said == "one\ntwo\n") home.write("on", "");
  }

  const std::string three_words =
      script_tool(home, "work",
                  "echo one; until [ -e go ]; do sleep 0.01; done\n"
                  "echo two; until [ -e on ]; do sleep 0.01; done\necho three",
                  marked);
};

TEST_F(live_output, is_told_to_a_subscription_of_2026_07_28) {
  served server(home, three_words);
  const std::string task = server.start("work");
  const auto stream = listen(server, uri_of(task));
  EXPECT_NE(stream->all.find(R"("resourceSubscriptions":[")" + uri_of(task) + R"("])"),
            std::string::npos)
      << stream->all;
  const std::string updated = R"("method":"notifications/resources/updated","params":{"uri":")" +
                              uri_of(task) +
                              R"(","_meta":{"io.modelcontextprotocol/subscriptionId":1}})";
  EXPECT_EQ(follow(
                server, task, [&] { return stream->await(updated); },
                [&](const std::string& said) { go_on(said); }),
            "one\ntwo\nthree\n")
      << stream->all;
}

TEST_F(live_output, is_told_to_a_session_on_its_stream) {
  served server(home, three_words);
  const legacy_session session(server);
  EXPECT_NE(session.begun.body.find(R"("resources":{"subscribe":true})"), std::string::npos);
  served::stream stream(server, get_text(session));
  const std::string task = server.start("work");
  EXPECT_NE(session.ask("resources/subscribe", naming(uri_of(task))).find(R"("result":{})"),
            std::string::npos);
  EXPECT_EQ(follow(
                server, task,
                [&] {
                  return stream.await(R"("notifications/resources/updated","params":{"uri":")" +
                                      uri_of(task) + R"("})");
                },
                [&](const std::string& said) { go_on(said); }),
            "one\ntwo\nthree\n")
      << stream.all;
}

TEST_F(live_output, is_told_on_a_pipe_until_it_is_unsubscribed) {
  const std::string file = home.write(
      "longhaul.toml",
      "[server]\nstore = \"memory:\"\nstate_dir = \"" + home.file("state") + "\"\n" +
          script_tool(home, "work", "echo one; until [ -e go ]; do sleep 0.01; done; echo two",
                      marked));
  child server({LONGHAUL_SERVE, "serve", file, "--stdio"});
  server.write(
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
      R"("capabilities":{},"clientInfo":{"name":"t","version":"1"}}})"
      "\n");
  server.output_line();
  server.write(
      R"({"jsonrpc":"2.0","method":"notifications/initialized"})"
      "\n"
      R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"work","task":{}}})"
      "\n");
  const std::string task =
      json::parse(server.output_line()).at("result").at("task").at("taskId").as_string().c_str();
  const auto ask = [&](const std::string& method) {
    server.write(R"({"jsonrpc":"2.0","id":3,"method":")" + method + R"(","params":)" +
                 naming(uri_of(task)) + "}\n");
  };
  const auto next = [&](const std::string& part) {
    std::string line = server.output_line();
    while (!line.empty() && line.find(part) == std::string::npos) line = server.output_line();
    return line;
  };
  ask("resources/subscribe");
  EXPECT_NE(next(R"("id":3)").find(R"("result":{})"), std::string::npos);
  const std::string updated = "notifications/resources/updated";
  EXPECT_NE(next(updated).find(uri_of(task)), std::string::npos);
  ask("resources/unsubscribe");
  next(R"("id":3)");
  home.write("go", "");
  server.write(R"({"jsonrpc":"2.0","id":4,"method":"tasks/result","params":{"taskId":")" + task +
               R"("}})"
               "\n");
  for (std::string line = server.output_line(); !line.empty(); line = server.output_line()) {
    EXPECT_EQ(line.find(updated), std::string::npos) << line;
    if (line.find(R"("id":4)") != std::string::npos) break;
  }
  server.close_input();
  EXPECT_EQ(server.wait(), 0);
}

TEST_F(live_output, of_a_cancelled_task_ends_when_its_program_is_gone) {
  std::string tool =
      script_tool(home, "work",
                  "trap 'until [ -e go ]; do sleep 0.01; done; echo bye; exit' TERM\n"
                  "echo one; while :; do sleep 0.01; done",
                  marked);
  tool.replace(tool.find("200ms"), 5, "60s");
  served server(home, tool);
  const std::string task = server.start("work");
  const auto stream = listen(server, uri_of(task));
  EXPECT_EQ(follow(
                server, task, [&] { return stream->await("resources/updated"); },
                [&](const std::string& said) {
                  if (said != "one\n") return;
                  server.cancel(task);
                  EXPECT_EQ(served::status(server.get(task)), "cancelled");
                  home.write("go", "");
                }),
            "one\nbye\n");
}

TEST_F(live_output, is_the_owners_and_of_tasks_that_are_there) {
  served server(home, key_table("ann", "ann's key") + key_table("bob", "bob's key") +
                          script_tool(home, "work", "echo one", marked) +
                          script_tool(home, "brief", "echo one",
                                      std::string(marked) + "retention = \"1ms\"\n"));
  server.key = "ann's key";
  const std::string task = server.start("work");
  server.end_of(task);
  const legacy_session anns(server);
  const auto subscribed = [&](const std::string& uri) {
    return anns.ask("resources/subscribe", naming(uri));
  };
  EXPECT_NE(subscribed(uri_of(task)).find(R"("result":{})"), std::string::npos) << "it has ended";
  EXPECT_NE(subscribed(uri_of(task) + "?tail=9").find("-32602"), std::string::npos);
  const std::string gone = server.start("brief");
  EXPECT_TRUE(wait_until([&] { return server.get(gone).empty(); }));
  EXPECT_NE(subscribed(uri_of(gone)).find("-32002"), std::string::npos) << "it was removed";

  server.key = "bob's key";
  const legacy_session bobs(server);
  const std::string foreign = bobs.ask("resources/subscribe", naming(uri_of(task)));
  std::string other = task;
  other.back() = other.back() == '0' ? '1' : '0';
  std::string unknown = bobs.ask("resources/subscribe", naming(uri_of(other)));
  EXPECT_NE(foreign.find("-32002"), std::string::npos) << foreign;
  unknown.replace(unknown.find(other), other.size(), task);
  EXPECT_EQ(foreign, unknown);
  EXPECT_NE(listen(server, uri_of(task))->all.find(R"("resourceSubscriptions":[])"),
            std::string::npos);
}

TEST_F(live_output, of_a_task_that_waits_comes_after_a_restart) {
  const std::string tools = script_tool(
      home, "work", "echo said by $LONGHAUL_ATTEMPT; until [ -e go ]; do sleep 0.01; done",
      std::string(marked) +
          "max_running = 1\non_crash = \"rerun\"\n"
          "retry_backoff = \"1ms\"\n");
  std::string first, second;
  {
    served server(home, tools);
    first = server.start("work");
    second = server.start("work");
    EXPECT_TRUE(wait_until([&] { return server.output(first, "stdout") == "said by 1\n"; }));
    server.process().signal(SIGKILL);
    server.process().wait();
  }
  served server(home, tools);
  const auto again = listen(server, uri_of(first));
  const auto waiting = listen(server, uri_of(second));
  EXPECT_EQ(follow(
                server, first, [&] { return again->await("resources/updated"); },
                [&](const std::string& said) {
                  if (said == "said by 2\n") home.write("go", "");
                }),
            "said by 2\n");
  EXPECT_EQ(follow(server, second, [&] { return waiting->await("resources/updated"); }),
            "said by 1\n");
}

}  // namespace
}  // namespace longhaul::test
