// SPDX-License-Identifier: Apache-2.0
// Who callers over HTTP are, as `server_options` say it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "auth/identify.hpp"
#include "base/digest.hpp"
#include "longhaul/longhaul.hpp"

namespace longhaul::test {
namespace {

std::string hex(const std::string& key) {
  std::string text;
  for (const unsigned byte : sha256(key)) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02X", byte);
    text += digits.data();
  }
  return text;
}

std::string fault(const server_options& options, const std::string& host = "127.0.0.1") {
  try {
    auth::identify_by(options, host);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

auth::identification asked(const auth::identifier& who, const auth::credentials& presented) {
  return who.identify_at_once(presented).value();
}

TEST(callers, with_a_key_are_known_by_its_name_and_others_are_refused) {
  server_options options;
  options.keys = {{"alice", hex("secret")}, {"bob", hex("other")}};
  const auto who = auth::identify_by(options, "0.0.0.0");
  auth::credentials request;
  const auto nobody = asked(*who, request);
  EXPECT_FALSE(nobody.who);
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(nobody.www_authenticate, R"(Bearer realm="longhaul")");
  request.authorization = "Bearer wrong";
  EXPECT_FALSE(asked(*who, request).who);
  request.authorization = "bearer  other";
  const auto bob = asked(*who, request);
  ASSERT_TRUE(bob.who);
  EXPECT_EQ(bob.who->owner, "key:bob");
  EXPECT_EQ(bob.who->quota, "key:bob");
  EXPECT_TRUE(bob.who->identified);
}

TEST(callers, without_keys_are_anonymous_and_counted_by_address) {
  const auto who = auth::identify_by({}, "0.0.0.0");
  auth::credentials request;
  request.peer_address = "192.0.2.1";
  const auto caller = asked(*who, request).who;
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->owner, "anonymous");
  EXPECT_EQ(caller->quota, "anonymous@192.0.2.1");
  EXPECT_FALSE(caller->identified);
}

TEST(callers, of_a_single_user_are_local_unless_they_come_through_a_proxy) {
  server_options options;
  options.single_user = true;
  const auto who = auth::identify_by(options, "127.0.0.1");
  auth::credentials request;
  request.peer_address = "127.0.0.1";
  EXPECT_EQ(asked(*who, request).who->owner, "local");
  EXPECT_EQ(asked(*who, request).who->quota, "local");
  EXPECT_TRUE(asked(*who, request).who->identified);
  request.forwarded = true;
  EXPECT_EQ(asked(*who, request).who->owner, "anonymous");
  EXPECT_FALSE(asked(*who, request).who->identified);
}

TEST(callers, a_single_user_listens_on_loopback_alone_and_has_no_keys) {
  server_options options;
  options.single_user = true;
  for (const char* host : {"127.0.0.1", "127.255.0.9", "::1", "localhost", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(fault(options, host), "") << host;
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "127.0.0.1.example.org",
                           "::ffff:10.0.0.1", "fe80::1", "", "localhost.example.org"}) {
    EXPECT_NE(fault(options, host).find("listen on 127.0.0.1"), std::string::npos) << host;
  }
  options.keys = {{"alice", hex("secret")}};
  EXPECT_NE(fault(options).find("without keys"), std::string::npos);
}

TEST(callers, faults_of_keys_say_which_and_what_to_do) {
  const auto of = [](std::vector<api_key> keys) {
    server_options options;
    options.keys = std::move(keys);
    return fault(options);
  };
  EXPECT_EQ(of({{"a b", hex("x")}}),
            "the key named \"a b\": a name has 1 to 64 characters of A-Z a-z 0-9 _ . -");
  EXPECT_NE(of({{"", hex("x")}}), "");
  EXPECT_NE(of({{std::string(65, 'a'), hex("x")}}), "");
  const std::string wrong = of({{"alice", "hunter2"}});
  EXPECT_NE(wrong.find("sha256sum"), std::string::npos);
  EXPECT_EQ(wrong.find("hunter2"), std::string::npos) << "it may be the key itself";
  EXPECT_NE(of({{"alice", hex("x") + "0"}}), "");
  EXPECT_NE(of({{"alice", hex("x")}, {"alice", hex("y")}}).find("two keys"), std::string::npos);
  EXPECT_NE(of({{"alice", hex("x")}, {"bob", hex("x")}}).find("another key"), std::string::npos);
}

// What `longhaul::run` says on standard error, line by line, and its exit code. `run` belongs to a
// process of its own.
class running_server {
 public:
  explicit running_server(const server_options& options) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) throw std::runtime_error("pipe");
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(pipe[1], 2);
      ::close(pipe[0]);
      server made{options};
      made.add_tool({.name = "hello", .description = "Says hello"}, [] { return text("hello"); });
      std::array<char*, 5> argv = {const_cast<char*>("test"), const_cast<char*>("--http"),
                                   const_cast<char*>("127.0.0.1:0"),
                                   const_cast<char*>("--store=memory:"), nullptr};
      std::_Exit(run(made, 4, argv.data()));
    }
    ::close(pipe[1]);
    errors_.reset(::fdopen(pipe[0], "r"));
  }
  ~running_server() {
    if (child_ > 0) stop();
  }
  running_server(const running_server&) = delete;
  running_server& operator=(const running_server&) = delete;

  std::string line() {
    std::array<char, 4096> text{};
    return std::fgets(text.data(), text.size(), errors_.get()) != nullptr ? text.data() : "";
  }
  int stop() {
    ::kill(child_, SIGTERM);
    return wait();
  }
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(child_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  struct closer {
    void operator()(FILE* file) const { std::fclose(file); }
  };
  pid_t child_ = -1;
  std::unique_ptr<FILE, closer> errors_;
};

std::string port_of(running_server& server) {
  for (std::string line = server.line(); !line.empty(); line = server.line()) {
    const auto at = line.find("http://127.0.0.1:");
    if (at != std::string::npos) return line.substr(at + 17, line.find('/', at + 17) - at - 17);
  }
  throw std::runtime_error("it does not listen");
}

std::string post(const std::string& port, const std::string& headers, const std::string& body) {
  namespace asio = boost::asio;
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  asio::connect(socket, asio::ip::tcp::resolver(context).resolve("127.0.0.1", port));
  asio::write(socket, asio::buffer("POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                   "Content-Type: application/json\r\n" +
                                   headers + "Content-Length: " + std::to_string(body.size()) +
                                   "\r\n\r\n" + body));
  std::string reply;
  boost::system::error_code end;
  asio::read(socket, asio::dynamic_buffer(reply), end);
  return reply;
}

const std::string initialize =
    R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}})";

TEST(callers, of_a_cpp_server_with_keys_need_one) {
  server_options options;
  options.keys = {{"alice", hex("secret")}};
  running_server server(options);
  const std::string port = port_of(server);
  EXPECT_TRUE(post(port, "", initialize).starts_with("HTTP/1.1 401 "));
  EXPECT_TRUE(
      post(port, "Authorization: Bearer wrong\r\n", initialize).starts_with("HTTP/1.1 401 "));
  const std::string reply = post(port, "Authorization: Bearer secret\r\n", initialize);
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 ")) << reply;
  EXPECT_NE(reply.find(R"("list":{})"), std::string::npos) << "who has a key may list tasks";
  EXPECT_EQ(server.stop(), 0);
}

TEST(callers, of_a_single_user_server_may_list_tasks_but_for_those_behind_a_proxy) {
  server_options options;
  options.single_user = true;
  running_server server(options);
  const std::string port = port_of(server);
  EXPECT_NE(post(port, "", initialize).find(R"("list":{})"), std::string::npos);
  for (const std::string header :
       {"Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1", "x-forwarded-proto: https",
        "X-Forwarded-Host: a", "Via: 1.1 proxy", "X-Real-IP: 192.0.2.1", "FORWARDED:"}) {
    const std::string reply = post(port, header + "\r\n", initialize);
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 ")) << header;
    EXPECT_EQ(reply.find(R"("list":{})"), std::string::npos) << header;
  }
  EXPECT_EQ(server.stop(), 0);
}

TEST(callers, a_server_whose_keys_are_wrong_is_not_started) {
  server_options options;
  options.keys = {{"alice", "secret"}};
  running_server server(options);
  EXPECT_NE(server.line().find("the key named \"alice\""), std::string::npos);
  EXPECT_EQ(server.wait(), 2);
}

}  // namespace
}  // namespace longhaul::test
