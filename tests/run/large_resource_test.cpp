// SPDX-License-Identifier: Apache-2.0
// A large resource is held once for those who read it slowly: as the message on its way.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "longhaul/longhaul.hpp"
#include "support/seed.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t bytes = std::size_t{10} << 20;
constexpr std::size_t message = bytes / 3 * 4;

std::size_t used_memory() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::string read_of(const std::string& uri) {
  const std::string body =
      R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":")" + uri +
      R"(","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
  return "POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
         "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
         "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: resources/read\r\nMcp-Name: " +
         uri + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// What one reader of `uri`, who takes nothing of the reply for now, makes the server hold.
void expect_one_message_a_reader(std::uint16_t port, const std::string& uri) {
  constexpr std::size_t readers = 4, slack = std::size_t{1} << 20;
  const std::size_t before = used_memory();
  asio::io_context context;
  std::vector<tcp::socket> all;
  for (std::size_t i = 0; i < readers; ++i) {
    tcp::socket& one = all.emplace_back(context);
    one.connect({asio::ip::address_v4::loopback(), port});
    asio::write(one, asio::buffer(read_of(uri)));
  }
  const auto each = [&] { return (used_memory() - std::min(before, used_memory())) / readers; };
  // All of them are there once so much is held; what was needed to make them goes.
  const auto limit = std::chrono::steady_clock::now() + 30s;
  const auto held = [&] { return each() >= message - slack && each() <= message + slack; };
  while (!held() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  EXPECT_GE(each(), message - slack) << uri;
  EXPECT_LE(each(), message + slack) << uri;
  for (tcp::socket& one : all) {
    std::string reply;
    boost::system::error_code end;
    asio::read(one, asio::dynamic_buffer(reply), end);
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply.substr(0, 400);
    EXPECT_GE(reply.size(), message);
  }
}

TEST(large_resource, slow_readers_hold_one_message_each) {
  if (slowdown > 1 || used_memory() == 0) GTEST_SKIP() << "this allocator does not count";
  server made{{.name = "large", .log = log_detail::off}};
  const std::string content(bytes, '\xA5');
  made.add_resource({.uri = "data:///fixed"}, resource_content::blob(content));
  made.add_resource({.uri = "data:///made"}, [&] { return resource_content::blob(content); });
  hosted_server host(made, {.store = "memory:"});
  host.start();
  const std::string url = host.url();
  const auto from = url.rfind(':') + 1;
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(from, url.find('/', from))));
  expect_one_message_a_reader(port, "data:///fixed");
  expect_one_message_a_reader(port, "data:///made");
  host.stop();
}

}  // namespace
}  // namespace longhaul::test
