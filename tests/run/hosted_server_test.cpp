// SPDX-License-Identifier: Apache-2.0
// A server inside a program that goes on before and after it.
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "longhaul/longhaul.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;

server_options quiet() {
  server_options about;
  about.name = "hosted";
  about.log = log_detail::off;
  about.log_to = [](const log_record&) {};
  return about;
}

// The whole reply to a call of `tool`, as a task if `declared` says so.
std::string call(const std::string& url, const std::string& tool,
                 const std::string& declared = "") {
  namespace asio = boost::asio;
  const std::string host = url.substr(7, url.find('/', 7) - 7);
  const std::string body =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + tool +
      R"(","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{)" +
      declared + "}}}}";
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  asio::connect(socket, asio::ip::tcp::resolver(context).resolve("127.0.0.1",
                                                                 host.substr(host.find(':') + 1)));
  asio::write(socket,
              asio::buffer("POST /mcp HTTP/1.1\r\nHost: " + host +
                           "\r\nConnection: close\r\nContent-Type: application/json\r\nAccept: "
                           "application/json, text/event-stream\r\nMCP-Protocol-Version: "
                           "2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: " +
                           tool + "\r\nContent-Length: " + std::to_string(body.size()) +
                           "\r\n\r\n" + body));
  std::string reply;
  boost::system::error_code end;
  asio::read(socket, asio::dynamic_buffer(reply), end);
  return reply;
}

TEST(hosted_server, serves_between_start_and_stop) {
  server made{quiet()};
  made.add_tool({.name = "hello"}, [] { return std::string("hi there"); });
  hosted_server host(made, {.store = "memory:"});
  const std::string url = host.url();
  EXPECT_TRUE(url.starts_with("http://127.0.0.1:"));
  auto early = std::async(std::launch::async, [&] { return call(url, "hello"); });
  host.start();
  EXPECT_NE(early.get().find("hi there"), std::string::npos);
  EXPECT_NE(call(url, "hello").find("hi there"), std::string::npos);
  host.stop();
  host.stop();
  EXPECT_THROW(call(url, "hello"), std::exception);
}

TEST(hosted_server, may_be_served_again_and_never_at_all) {
  server made{quiet()};
  made.add_tool({.name = "hello"}, [] { return std::string("hi there"); });
  for (int round = 0; round < 2; ++round) {
    hosted_server host(made, {.store = "memory:"});
    host.start();
    EXPECT_NE(call(host.url(), "hello").find("hi there"), std::string::npos);
    EXPECT_TRUE(made.tasks().list("nobody").tasks.empty());
    host.stop();
    EXPECT_THROW(made.tasks().list("nobody"), not_running);
    // What somebody adds too late, or twice, is told at once: the next round is not for them.
    EXPECT_THROW(made.add_tool({.name = "hello"}, [] {}), std::invalid_argument);
  }
  const hosted_server unused(made, {.store = "memory:"});
}

// Both served one catalog, and the tasks of `tasks()` were those of the last one.
TEST(hosted_server, is_refused_while_another_serves_the_same_definition) {
  server made{quiet()};
  made.add_tool({.name = "hello"}, [] { return std::string("hi there"); });
  hosted_server host(made, {.store = "memory:"});
  host.start();
  EXPECT_THROW(host.start(), std::logic_error);
  {
    hosted_server second(made, {.store = "memory:"});
    EXPECT_THROW(second.start(), std::logic_error);
    second.stop();
    EXPECT_THROW(second.start(), std::logic_error) << "the first one serves still";
  }
  EXPECT_NE(call(host.url(), "hello").find("hi there"), std::string::npos);
  EXPECT_TRUE(made.tasks().list("nobody").tasks.empty());
  host.stop();
  hosted_server next(made, {.store = "memory:"});
  next.start();
  EXPECT_NE(call(next.url(), "hello").find("hi there"), std::string::npos);
}

TEST(hosted_server, whose_extension_takes_a_name_of_the_protocol_is_not_served) {
  server made{quiet()};
  made.add_extension(extension("a/b").add_method({.name = "tools/call"}, [] {}));
  EXPECT_EQ(made.faults(),
            (std::vector<std::string>{"extension \"a/b\": tools/call is the protocol's own"}));
}

TEST(hosted_server, that_ends_after_the_next_has_begun_takes_nothing_from_it) {
  server made{quiet()};
  made.add_tool({.name = "hello"}, [] { return std::string("hi there"); });
  auto host = std::make_unique<hosted_server>(made, hosting_options{.store = "memory:"});
  host->start();
  host->stop();
  auto next = std::make_unique<hosted_server>(made, hosting_options{.store = "memory:"});
  next->start();
  host = std::move(next);
  EXPECT_TRUE(made.tasks().list("nobody").tasks.empty());
  EXPECT_THROW(made.use(nullptr), std::invalid_argument);
  EXPECT_THROW(made.use(audit_log()), std::logic_error) << "it runs";
}

TEST(hosted_server, tells_handlers_to_stop_and_waits_for_them) {
  server made{quiet()};
  std::promise<void> began;
  std::atomic<bool> ended{false};
  made.add_tool({.name = "long", .policy = task_policy::always}, [&](task_context& task) {
    began.set_value();
    try {
      task.sleep_for(1h);
    } catch (const task_stopped&) {
      ended = true;
    }
    return std::string();
  });
  hosted_server host(made, {.store = "memory:"});
  host.start();
  const std::string created =
      call(host.url(), "long", R"("extensions":{"io.modelcontextprotocol/tasks":{}})");
  EXPECT_NE(created.find("\"resultType\":\"task\""), std::string::npos) << created;
  began.get_future().wait();
  EXPECT_EQ(made.tasks().list("anonymous").tasks.size(), 1U);
  host.stop(0ms);
  EXPECT_TRUE(ended);
  EXPECT_THROW(made.tasks().list("anonymous"), not_running);
}

TEST(hosted_server, that_cannot_serve_says_why) {
  server made{quiet()};
  made.add_tool({.name = "a b"}, [] { return std::string(); });
  EXPECT_THROW(hosted_server(made, {.store = "memory:"}), std::invalid_argument);
  server fine{quiet()};
  EXPECT_THROW(hosted_server(fine, {.http = "nowhere", .store = "memory:"}), std::invalid_argument);
  EXPECT_THROW(hosted_server(fine, {.store = "paper:"}), std::invalid_argument);
  const hosted_server first(fine, {.store = "memory:"});
  const std::string taken = first.url().substr(7, first.url().find("/mcp") - 7);
  EXPECT_THROW(hosted_server(fine, {.http = taken, .store = "memory:"}), std::system_error);
}

}  // namespace
}  // namespace longhaul::test
