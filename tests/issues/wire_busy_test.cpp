// SPDX-License-Identifier: Apache-2.0
// Two ways to be overloaded that no client understood. From 1,024 open requests on, another one was
// "invalid" (−32600), and so were the ping and the cancellation that could have helped; and without
// memory a request was "not a JSON text", or an internal error. Both are 31004 with `retryAfterMs`.
#include <gtest/gtest.h>

#include <memory>
#include <new>

#include "json/view.hpp"
#include "wire/exchange_player.hpp"
#include "wire/tunables.hpp"

namespace longhaul::test {
namespace {

std::string work(const std::string& id) {
  return R"({"jsonrpc":"2.0","id":)" + id +
         R"(,"method":"tools/call","params":{"name":"work","arguments":{"door":"shut"}}})";
}

void expect_busy(const std::string& reply, const std::string& id) {
  EXPECT_EQ(view(reply)["id"].raw(), id) << reply;
  EXPECT_EQ(view(reply)["error"]["code"].integer(), 31004) << reply;
  EXPECT_GT(view(reply)["error"]["data"]["retryAfterMs"].integer().value_or(0), 0) << reply;
}

TEST(busy, a_pipe_with_too_many_open_calls_still_takes_pings_and_cancellations) {
  std::unique_ptr<wire::pipe_endpoint> pipe;  // outlives what the server's thread still runs
  fixture_server server;
  const auto out = std::make_shared<test_outlet>(server.context());
  pipe = server.pipe(out);
  const auto ask = [&](const std::string& line) {
    send_line(server, *pipe, line);
    const auto came = out->next();
    return came ? came->text : "nothing came";
  };
  ask(R"({"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}})");
  for (std::size_t i = 0; i < wire::tunables::open_requests_per_session; ++i) {
    send_line(server, *pipe, work(std::to_string(i)));
  }
  expect_busy(ask(work("5000")), "5000");
  const std::string modern =
      R"({"jsonrpc":"2.0","id":5001,"method":"tools/list","params":{)" + modern_meta() + "}}";
  expect_busy(ask(modern), "5001");
  EXPECT_EQ(view(ask(work("7")))["error"]["code"].integer(), -32600) << "this id is in use";
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","id":"p","method":"ping"})"),
            R"({"jsonrpc":"2.0","id":"p","result":{}})");
  const std::string cancel =
      ask(R"({"jsonrpc":"2.0","id":"c","method":"tasks/cancel","params":{"taskId":"none"}})");
  EXPECT_EQ(view(cancel)["error"]["code"].integer(), -32602) << cancel;
  send_line(server, *pipe,
            R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}})");
  ASSERT_TRUE(server.door.await_stop("shut"));
}

TEST(busy, a_session_with_too_many_open_calls_too) {
  fixture_server server;
  const auto session = begin_session(server);
  std::vector<std::shared_ptr<test_outlet>> open;
  for (std::size_t i = 0; i < wire::tunables::open_requests_per_session; ++i) {
    open.push_back(
        send_http(server, "POST", {{"Mcp-Session-Id", session}}, work(std::to_string(i))));
  }
  const auto refused = post_legacy(server, session, work("5000"));
  EXPECT_EQ(refused.status, 200);
  expect_busy(refused.body, "5000");
  const auto ping = post_legacy(server, session, R"({"jsonrpc":"2.0","id":"p","method":"ping"})");
  EXPECT_TRUE(view(ping.body)["result"]) << ping.body;
  const auto twice = post_legacy(server, session, work("7"));
  EXPECT_EQ(twice.status, 400);
  EXPECT_EQ(view(twice.body)["error"]["code"].integer(), -32600) << twice.body;
  server.door.open_all();
  for (const auto& one : open) EXPECT_TRUE(one->next()->reply);
}

TEST(busy, arguments_that_are_too_large_are_not_to_be_sent_again) {
  fixture_options options;
  options.limits.max_arguments = 100;
  fixture_server server(options);
  const auto session = begin_session(server);
  const auto reply =
      post_legacy(server, session, work("1").insert(work("1").find("shut"), 100, 'x'));
  EXPECT_EQ(view(reply.body)["error"]["code"].integer(), 31004) << reply.body;
  EXPECT_EQ(view(reply.body)["error"]["data"].raw(), R"({"bound":"max_arguments"})");
}

// A client of a session learns nothing of what becomes of its answer (202): what could not be kept
// was lost, and the call waited for the rest of its time.
TEST(busy, an_answer_that_cannot_be_kept_is_asked_for_again) {
  fixture_options options;
  options.limits.max_open_bytes_per_owner = 8192;
  fixture_server server(options);
  const auto session = begin_session(server, "2025-11-25", R"({"elicitation":{"form":{}}})");
  const auto call = send_http(
      server, "POST", {{"Mcp-Session-Id", session}},
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"asks","arguments":{}}})");
  const auto id_of_question = [&] {
    const auto came = call->next();
    return std::string(came ? view(came->text)["id"].string().value_or("") : "");
  };
  const auto answer = [&](const std::string& id, std::size_t length) {
    return post_legacy(server, session,
                       R"({"jsonrpc":"2.0","id":")" + id +
                           R"(","result":{"action":"accept","content":{"name":")" +
                           std::string(length, 'n') + R"("}}})")
        .status;
  };
  const std::string first = id_of_question();
  EXPECT_EQ(answer(first, 20'000), 202);
  const std::string second = id_of_question();
  EXPECT_NE(second, first);
  EXPECT_EQ(answer(second, 3), 202);
  const auto end = call->next();
  ASSERT_TRUE(end && end->reply);
  EXPECT_NE(end->reply->body.find("hello nnn"), std::string::npos) << end->reply->body;
}

TEST(busy, a_long_line_of_several_messages_is_answered_to_each_id_that_is_seen) {
  std::unique_ptr<wire::pipe_endpoint> pipe;
  fixture_server server;
  pipe = server.pipe(std::make_shared<test_outlet>(server.context()));
  const std::string reply = pipe->refuse_long(
      R"([{"jsonrpc":"2.0","id":1,"method":"m"},{"jsonrpc":"2.0","id":2,"method":"m","params":{"a":"xx)");
  json::elements each(view(reply));
  ASSERT_TRUE(each.next()) << reply;
  EXPECT_EQ(each.value()["id"].raw(), "1");
  ASSERT_TRUE(each.next()) << reply;
  EXPECT_EQ(each.value()["id"].raw(), "2");
  EXPECT_EQ(pipe->refuse_long(R"({"jsonrpc":"2.0","method":"m","params":{"a":"xx)"), "");
}

// Time is asked for where no error is expected: here it stands for any allocation that fails.
class clock_without_memory final : public clock_source {
 public:
  timestamp now() const override { throw std::bad_alloc(); }
  monotonic_time monotonic() const override { throw std::bad_alloc(); }
};

TEST(busy, no_memory_is_told_as_busy_to_the_id) {
  const clock_without_memory clock;
  std::unique_ptr<wire::http_endpoint> http;  // these outlive what the server's thread still runs
  std::unique_ptr<wire::pipe_endpoint> pipe;
  fixture_server server;
  wire::endpoint_options options = server.endpoint_options();
  options.clock = &clock;
  http = wire::make_http_endpoint(server.dispatcher(), options);
  const auto post = [&](const std::string& body, header_list headers) {
    return send_http_to(server, *http, std::move(headers), body)->next()->reply.value();
  };
  const header_list session = {{"Mcp-Session-Id", "any"}};
  const auto reply = post(R"({"jsonrpc":"2.0","id":"x","method":"ping"})", session);
  EXPECT_EQ(reply.status, 200);
  expect_busy(reply.body, R"("x")");
  const auto told = post(R"({"jsonrpc":"2.0","method":"notifications/x"})", session);
  EXPECT_EQ(told.status, 503);
  EXPECT_EQ(told.body, "");
  const auto answer = post(R"({"jsonrpc":"2.0","id":"q","result":{"action":"cancel"}})", session);
  EXPECT_EQ(answer.status, 503) << "an answer is lost, and its sender is not to believe otherwise";
  const auto batch = post(R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", session);
  json::elements first(view(batch.body));
  ASSERT_TRUE(first.next()) << batch.body;
  expect_busy(std::string(first.value().raw()), "1");

  const auto out = std::make_shared<test_outlet>(server.context());
  pipe = wire::make_pipe_endpoint(server.dispatcher(), options, out);
  const std::string call =
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"work","arguments":{"door":"open"},)" +
      modern_meta(tasks_declared) + "}}";
  server.door.open("open");
  send_line(server, *pipe, call);
  expect_busy(out->next()->text, "7");
}

}  // namespace
}  // namespace longhaul::test
