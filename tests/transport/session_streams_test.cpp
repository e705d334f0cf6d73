// SPDX-License-Identifier: Apache-2.0
// Streams of sessions over real sockets, down to the engine: connections that die in the middle of
// an event, readers that do not read, streams that are taken up again.
#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

#include "longhaul/store.hpp"
#include "longhaul/typed_tool.hpp"
#include "server/dispatcher.hpp"
#include "stores/memory_store.hpp"
#include "tasks/engine.hpp"
#include "transport/http_kit.hpp"
#include "transport/tls_identity.hpp"
#include "wire/endpoints.hpp"

namespace longhaul::transport {
namespace {

using namespace std::chrono_literals;
using test::client;
using test::post;

// Handlers wait at it until a test lets one go.
class turnstile {
 public:
  void pass(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { open(0); });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return left_ > 0 || stop.stop_requested(); });
    if (left_ > 0) --left_;
  }
  void open(int count = 1) {
    const std::lock_guard lock(mutex_);
    left_ += count;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int left_ = 0;
};

std::string text_result(std::string_view text) {
  return R"({"content":[{"type":"text","text":")" + std::string(text) + R"("}]})";
}

const std::string large_text(4 << 20, 'y');

class session_over_http : public ::testing::TestWithParam<test::transport> {
 protected:
  session_over_http() {
    options.threads = 2;
    options.sweep_interval = 5ms;
    if (GetParam() == test::transport::tls) {
      options.tls = std::make_shared<tls_identity>(
          tls_files{test::own_certificate().file(), test::own_certificate().key()});
    }
    add("work", [this](task_context& task, const raw_json&) -> outcome {
      gate.pass(task.stop_token());
      return outcome::result(raw_json::trusted(text_result("done")));
    });
    add("large", [](task_context& task, const raw_json&) -> outcome {
      task.progress(1, 2, "soon");
      return outcome::result(raw_json::trusted(text_result(large_text)));
    });
    add("comes_again", [this](task_context& task, const raw_json&) -> outcome {
      task.close_stream(20ms);
      gate.pass(task.stop_token());
      return outcome::result(raw_json::trusted(text_result("done")));
    });
    add("asks", [](task_context& task, const raw_json&) -> outcome {
      const auto schema = raw_json::trusted(R"({"type":"object","properties":{}})");
      task.ask("key", elicitation::form(std::string(200 << 10, 'q'), schema));
      return outcome::result(raw_json::trusted(text_result("asked")));
    });
  }
  ~session_over_http() override {
    gate.open(1000);
    if (server) server->stop(0ms);
    engine->drain(0ms, 10s);
    engine->stop();
  }

  void start() {
    tasks::engine_options with;
    with.store = longhaul::memory_store();
    with.tools = tools;
    engine = std::make_unique<tasks::engine>(with);
    engine->start();
    dispatcher = std::make_unique<serving::dispatcher>(*tools, *engine);
    endpoint = wire::make_http_endpoint(*dispatcher, {});
    server = std::make_unique<http_server>(options, *endpoint);
    server->start();
    client peer = connect();
    peer.send(post(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":)"
                   R"("2025-11-25","capabilities":{"elicitation":{}}}})"));
    session = "Mcp-Session-Id: " + peer.read_reply().header("mcp-session-id") + "\r\n";
    peer.send(post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", session));
    EXPECT_EQ(peer.read_reply().status, 202);
  }
  template <class Handler>
  void add(std::string name, Handler handler) {
    tool_options named;
    named.name = std::move(name);
    named.input_schema = raw_json::trusted(R"({"type":"object"})");
    tools->add(make_tool(std::move(named), std::move(handler)));
  }
  client connect(int receive_buffer = 0) {
    return client(server->port(), GetParam(), "127.0.0.1", receive_buffer);
  }
  std::string call(const std::string& tool, const std::string& more = "") const {
    return post(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":")" + tool +
                    R"(","_meta":{"progressToken":1})" + more + "}}",
                session);
  }
  std::string get(const std::string& last_event = {}) const {
    return "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" + session +
           (last_event.empty() ? "" : "Last-Event-ID: " + last_event + "\r\n") + "\r\n";
  }

  http_options options;
  turnstile gate;
  const std::shared_ptr<serving::catalog> tools = std::make_shared<serving::catalog>(
      serving::server_identity{"streams", "1", "", ""}, serving::catalog_options{.changes = true});
  std::unique_ptr<tasks::engine> engine;
  std::unique_ptr<serving::dispatcher> dispatcher;
  std::unique_ptr<wire::http_endpoint> endpoint;
  std::unique_ptr<http_server> server;
  std::string session;
};

const std::string reply_event =
    R"({"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"done"}]}})";

TEST_P(session_over_http, a_connection_that_dies_in_the_middle_of_an_event_loses_nothing) {
  start();
  {
    client peer = connect(4096);
    ASSERT_TRUE(peer.send(call("large")));
    peer.read_until("id: 1-1\ndata: \n\n");
    peer.read_until("yyyyyyyy");
    peer.reset();
  }
  client again = connect();
  ASSERT_TRUE(again.send(get("1-1")));
  const auto got = again.read_reply();
  EXPECT_EQ(got.header("content-type"), "text/event-stream");
  const auto reply_at = got.body.find("\ndata: {\"jsonrpc\":\"2.0\",\"id\":7,");
  ASSERT_NE(reply_at, std::string::npos);
  EXPECT_NE(got.body.find(large_text, reply_at), std::string::npos);
  EXPECT_TRUE(got.body.ends_with("yyy\"}]}}\n\n"));
  // The connection goes on, and the stream can be read once more.
  ASSERT_TRUE(again.send(get("1-1")));
  EXPECT_EQ(again.read_reply().body, got.body);
}

TEST_P(session_over_http, the_reply_to_a_client_that_left_waits_for_it) {
  start();
  {
    client peer = connect();
    ASSERT_TRUE(peer.send(call("work")));
    peer.read_until("id: 1-1\ndata: \n\n");
    peer.reset();
  }
  gate.open();
  client again = connect();
  ASSERT_TRUE(again.send(get("1-1")));
  again.read_until("id: 1-2\ndata: " + reply_event + "\n\n\r\n0\r\n\r\n");
}

TEST_P(session_over_http, a_handler_lets_its_connection_go) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(call("comes_again")));
  const auto first = peer.read_reply();
  EXPECT_EQ(first.body, "id: 1-1\ndata: \n\nid: 1-2\nretry: 20\ndata: \n\n");
  EXPECT_TRUE(peer.closed_by_peer());
  client again = connect();
  ASSERT_TRUE(again.send(get("1-2")));
  again.read_until("\r\n\r\n");
  gate.open();
  again.read_until("id: 1-3\ndata: " + reply_event + "\n\n\r\n0\r\n\r\n");
}

TEST_P(session_over_http, of_two_that_listen_one_hears) {
  start();
  client older = connect(), newer = connect();
  ASSERT_TRUE(older.send(get()));
  older.read_until("id: 1-1\ndata: \n\n");
  ASSERT_TRUE(newer.send(get()));
  newer.read_until("id: 2-1\ndata: \n\n\r\n");
  ASSERT_TRUE(tools->remove_tool("asks"));
  newer.read_until("notifications/tools/list_changed\"}\n\n\r\n");
  older.read_until("\r\n");  // of the event before
  EXPECT_TRUE(older.silent());
}

TEST_P(session_over_http, a_reader_that_does_not_read_misses_nothing_that_counts) {
  options.write_stall_time = 100ms;
  start();
  client slow = connect(4096), other = connect();
  ASSERT_TRUE(slow.send(get()));
  slow.read_until("id: 1-1\ndata: \n\n");
  constexpr int questions = 30;  // more than the kernel holds
  for (int i = 0; i < questions; ++i) {
    ASSERT_TRUE(other.send(call("asks", R"(,"task":{})")));
    ASSERT_EQ(other.read_reply().status, 200);
  }
  const auto limit = std::chrono::steady_clock::now() + test::hang;
  while (server->connections() > 1 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();
  }
  ASSERT_EQ(server->connections(), 1u) << "who takes nothing is given up";
  client again = connect();
  ASSERT_TRUE(again.send(get("1-1")));
  for (int i = 0; i < questions; ++i) again.read_until("\"method\":\"elicitation/create\"");
}

TEST_P(session_over_http, what_is_no_event_of_the_session_is_refused) {
  start();
  client peer = connect();
  ASSERT_TRUE(peer.send(call("work")));
  peer.read_until("id: 1-1\ndata: \n\n");
  client hostile = connect();
  for (const std::string& id :
       {std::string("2-1"), std::string("1-2"), std::string("0-0"), std::string("-1"),
        std::string("1-1,1-1"), std::string("../../1-1"), std::string("1-\xff\xfe"),
        std::string("18446744073709551615-18446744073709551615"), std::string(8 << 10, '9'),
        std::string("NaN"), std::string("1-1%00")}) {
    ASSERT_TRUE(hostile.send(get(id)));
    const auto got = hostile.read_reply();
    EXPECT_EQ(got.status, 400) << id;
    EXPECT_NE(got.body.find("Last-Event-ID"), std::string::npos) << id;
  }
  gate.open();
  peer.read_until("id: 1-2\ndata: " + reply_event + "\n\n\r\n0\r\n\r\n");
}

TEST_P(session_over_http, nothing_is_taken_up_once_the_session_has_ended) {
  start();
  client listens = connect(), peer = connect();
  ASSERT_TRUE(listens.send(get()));
  listens.read_until("id: 1-1\ndata: \n\n\r\n");
  ASSERT_TRUE(peer.send("DELETE /mcp HTTP/1.1\r\nHost: localhost\r\n" + session + "\r\n"));
  EXPECT_EQ(peer.read_reply(false).status, 204);
  listens.read_until("0\r\n\r\n");
  ASSERT_TRUE(listens.send(get("1-1")));
  EXPECT_EQ(listens.read_reply().status, 404);
}

TEST_P(session_over_http, the_end_of_the_server_ends_those_that_listen) {
  start();
  client listens = connect();
  ASSERT_TRUE(listens.send(get()));
  listens.read_until("id: 1-1\ndata: \n\n\r\n");
  std::thread stopping([&] { server->stop(10s); });
  listens.read_until("id: 1-2\nretry: 1000\ndata: \n\n\r\n0\r\n\r\n");
  EXPECT_TRUE(listens.closed_by_peer());
  stopping.join();
}

INSTANTIATE_TEST_SUITE_P(over, session_over_http, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
