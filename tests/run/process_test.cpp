// SPDX-License-Identifier: Apache-2.0
// The server as users start it: a process with arguments, signals and an exit code.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>

#include "run/child.hpp"
#include "run/service.hpp"
#include "support/process_census.hpp"

namespace longhaul::test {
namespace {

const std::string server_path = LONGHAUL_SERVER;

constexpr const char* slow_task = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{)"
                                  R"("name":"slow_compute","arguments":{"seconds":3600},"_meta":{)"
                                  R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                                  R"("io.modelcontextprotocol/clientCapabilities":{"extensions":{)"
                                  R"("io.modelcontextprotocol/tasks":{}}}}}})";
constexpr const char* greeting =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"greet",)"
    R"("arguments":{"name":"pipe"},"_meta":{)"
    R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{}}}})";

constexpr const char* nap =
    R"({"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"nap","arguments":{},"_meta":{)"
    R"("progressToken":1,"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{}}}})";

// The port in "listening on http://127.0.0.1:PORT/mcp".
std::string port_of(const std::string& line) {
  const auto colon = line.rfind(':');
  return line.substr(colon + 1, line.rfind('/') - colon - 1);
}

// The reply to a POST, head and body.
std::string exchange(const std::string& port, const std::string& method, const std::string& name,
                     const std::string& body) {
  namespace asio = boost::asio;
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  asio::connect(socket, asio::ip::tcp::resolver(context).resolve("127.0.0.1", port));
  asio::write(socket, asio::buffer("POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                   "Content-Type: application/json\r\n"
                                   "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " +
                                   method + "\r\nMcp-Name: " + name + "\r\nContent-Length: " +
                                   std::to_string(body.size()) + "\r\n\r\n" + body));
  std::string reply;
  boost::system::error_code end;
  asio::read(socket, asio::dynamic_buffer(reply), end);
  return reply;
}

// Status line of the reply to a POST of a tools/call.
std::string status_line_of_call(const std::string& port, const std::string& tool,
                                const std::string& body) {
  const std::string reply = exchange(port, "tools/call", tool, body);
  return reply.substr(0, reply.find('\n'));
}

constexpr const char* tasks_meta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{"elicitation":{},)"
    R"("extensions":{"io.modelcontextprotocol/tasks":{}}}})";

// Starts a task and waits until it runs: until it asks its question.
void start_a_task(const std::string& port) {
  const std::string made =
      exchange(port, "tools/call", "confirm_delete",
               std::string(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":)"
                           R"("confirm_delete","arguments":{"filename":"x"},)") +
                   tasks_meta + "}}");
  const auto at = made.find("\"taskId\":\"");
  ASSERT_NE(at, std::string::npos) << made;
  const std::string id = made.substr(at + 10, made.find('"', at + 10) - at - 10);
  const std::string get = R"({"jsonrpc":"2.0","id":2,"method":"tasks/get","params":{"taskId":")" +
                          id + R"(",)" + tasks_meta + "}}";
  ASSERT_TRUE(wait_until([&] {
    return exchange(port, "tasks/get", id, get).find("input_required") != std::string::npos;
  }));
}

TEST(process, help_and_version_exit_with_0) {
  child help({server_path, "--help"});
  EXPECT_EQ(help.wait(), 0);
  EXPECT_NE(help.output_line().find("longhaul-conformance"), std::string::npos);
  child version({server_path, "--version"});
  EXPECT_EQ(version.wait(), 0);
}

TEST(process, wrong_use_exits_with_2_and_says_what_to_write) {
  for (const auto& [arguments, advice] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{server_path, "--htp", "127.0.0.1:0"}, "--htp"},
           {{server_path, "--http", "nowhere"}, "HOST:PORT"},
           {{server_path, "--http", "example.org:80"}, "IP address"},
           {{server_path, "--http", "127.0.0.1:0", "--allow-origin", "*"}, "every site"},
           {{server_path, "--http", "127.0.0.1:0", "--allow-origin", "a.example"}, "a scheme"},
           {{server_path, "--store", "oracle:x"}, "memory:"},
           {{server_path, "--stdio", "--http", "127.0.0.1:0"}, "--http"}}) {
    child wrong(arguments);
    EXPECT_EQ(wrong.wait(), 2) << advice;
    EXPECT_NE(wrong.all_errors().find(advice), std::string::npos) << advice;
  }
}

TEST(process, tasks_are_kept_in_a_file_of_the_servers_name_unless_somebody_says_otherwise) {
  const temporary_folder state;
  const std::string file = state.file("longhaul/longhaul-conformance.db");
  {
    child server({server_path, "--http", "127.0.0.1:0"}, state.path());
    EXPECT_FALSE(port_of(server.error_line()).empty());
    EXPECT_TRUE(std::filesystem::exists(file));
    child second({server_path, "--http", "127.0.0.1:0"}, state.path());
    EXPECT_NE(second.all_errors().find("is in use by process " + std::to_string(server.pid())),
              std::string::npos);
    EXPECT_EQ(second.wait(), 1);
    // Every host over stdio starts its own server.
    child host({server_path, "--stdio"}, state.path());
    host.error_line();
    EXPECT_NE(host.error_line().find("longhaul-conformance-2.db"), std::string::npos);
    host.close_input();
    EXPECT_EQ(host.wait(), 0);
  }
  const temporary_folder other;
  child memory({server_path, "--http", "127.0.0.1:0", "--store", "memory:"}, other.path());
  EXPECT_FALSE(port_of(memory.error_line()).empty());
  EXPECT_TRUE(std::filesystem::is_empty(other.path()));
}

TEST(process, a_port_that_is_taken_exits_with_1) {
  child first({server_path, "--http", "127.0.0.1:0"});
  const std::string port = port_of(first.error_line());
  child second({server_path, "--http", "127.0.0.1:" + port});
  EXPECT_EQ(second.wait(), 1);
}

TEST(process, the_end_of_input_drains_and_exits_with_0) {
  child server({server_path, "--stdio"});
  server.write(std::string(greeting) + "\n" + slow_task + "\n");
  server.close_input();
  const std::string one = server.output_line(), two = server.output_line();
  EXPECT_NE((one + two).find("Hello, pipe!"), std::string::npos);
  EXPECT_NE((one + two).find("\"taskId\""), std::string::npos);
  EXPECT_EQ(server.output_line(), "");
  EXPECT_EQ(server.wait(), 0) << "although a task was running";
}

// It waits on the thread that reads the pipe, which ends with the pipe.
TEST(process, the_end_of_input_ends_a_quick_call_that_waits) {
  child server({server_path, "--stdio"});
  server.write(std::string(nap) + "\n");
  EXPECT_NE(server.output_line().find("notifications/progress"), std::string::npos);
  server.close_input();
  EXPECT_EQ(server.all_errors().find("have not ended"), std::string::npos);
  EXPECT_EQ(server.wait(), 0);
}

TEST(process, a_quick_call_that_waits_is_stopped_with_its_server) {
  namespace asio = boost::asio;
  child server({server_path, "--http", "127.0.0.1:0"});
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  const std::string port = port_of(server.error_line());
  asio::connect(socket, asio::ip::tcp::resolver(context).resolve("127.0.0.1", port));
  asio::write(socket,
              asio::buffer("POST /mcp HTTP/1.1\r\nHost: localhost\r\n"
                           "Content-Type: application/json\r\n"
                           "Accept: application/json, text/event-stream\r\n"
                           "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n"
                           "Mcp-Name: nap\r\nContent-Length: " +
                           std::to_string(std::string_view(nap).size()) + "\r\n\r\n" + nap));
  std::string begun;
  asio::read_until(socket, asio::dynamic_buffer(begun), "notifications/progress");
  server.signal(SIGTERM);
  EXPECT_NE(server.error_line_with("stopping"), "");
  server.signal(SIGTERM);
  EXPECT_EQ(server.all_errors().find("have not ended"), std::string::npos);
  EXPECT_EQ(server.wait(), 0);
}

TEST(process, sigterm_of_an_idle_server_exits_with_0) {
  child server({server_path, "--http", "127.0.0.1:0"});
  server.error_line();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

TEST(process, sigterm_on_stdio_exits_with_0_although_the_input_is_open) {
  child server({server_path, "--stdio"});
  server.write(std::string(greeting) + "\n");
  EXPECT_NE(server.output_line().find("Hello"), std::string::npos);
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

// The first signal gives running work its grace (callers are still served), the second one ends it.
TEST(process, a_second_sigterm_hurries) {
  child server({server_path, "--http", "127.0.0.1:0"});
  const std::string port = port_of(server.error_line());
  start_a_task(port);
  server.signal(SIGTERM);
  EXPECT_NE(server.error_line_with("stopping"), "");
  EXPECT_EQ(status_line_of_call(port, "nothing", slow_task), "HTTP/1.1 400 Bad Request\r")
      << "still answers";
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

TEST(process, a_reader_that_goes_away_ends_the_pipe_server) {
  auto server = std::make_unique<child>(std::vector<std::string>{server_path, "--stdio"});
  server->write(std::string(greeting) + "\n");
  server->output_line();
  server->close_output();
  server->write(std::string(greeting) + "\n");
  EXPECT_EQ(server->wait(), 0);
}

TEST(http_address, what_is_accepted) {
  EXPECT_EQ(parse_http_address("127.0.0.1:80").port, 80);
  EXPECT_EQ(parse_http_address("127.0.0.1:80").host, "127.0.0.1");
  EXPECT_EQ(parse_http_address("[::1]:8080").host, "::1");
  EXPECT_EQ(parse_http_address("localhost:0").host, "127.0.0.1");
  EXPECT_EQ(parse_http_address("8080").host, "127.0.0.1");
}

TEST(http_address, what_is_refused) {
  for (const char* text :
       {"", ":", "host:", ":80", "1.2.3.4:99999", "1.2.3.4:-1", "1.2.3.4:8o", "::1:80", "a:b:c"}) {
    EXPECT_THROW(parse_http_address(text), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace longhaul::test
