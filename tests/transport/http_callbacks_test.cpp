// SPDX-License-Identifier: Apache-2.0
// Callbacks that throw, and descriptors that run out: none of it may take other connections along.
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <stdexcept>
#include <string>

#include "transport/http_kit.hpp"

namespace longhaul::transport {
namespace {

using namespace std::chrono_literals;
using test::client;
using test::post;
using test::seen_request;
using outlet = std::shared_ptr<wire::outlet>;

class http_callbacks : public test::over_both {
 protected:
  void expect_serving() {
    client peer = connect();
    ASSERT_TRUE(peer.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_EQ(peer.read_reply().status, 200);
  }

  test::gate gate;
};

// Fault 31: a panic ended more than its own call. Here it would have been the whole process.
TEST_P(http_callbacks, a_callback_that_throws_is_logged_and_the_server_goes_on) {
  test::events logged;
  options.log = [&](const log_record&) { logged.note("line"); };
  options.threads = 1;
  endpoint.run = [this](seen_request, outlet out) -> wire::awaitable<wire::http_reply> {
    out->on_gone([this] {
      gate.open();
      throw std::runtime_error("thrown by a callback");
    });
    out->expect_wait();
    endpoint.seen.note("waits");
    co_await gate.wait();
    co_return wire::http_reply();
  };
  start();
  {
    client peer = connect();
    ASSERT_TRUE(peer.send(post("a")));
    ASSERT_TRUE(endpoint.seen.wait("waits"));
  }
  EXPECT_TRUE(logged.wait("line"));
  expect_serving();
}

// The next sweep was asked for at the end of one, where what threw never came: no time-out was
// looked at any more.
TEST_P(http_callbacks, a_callback_that_throws_in_a_sweep_does_not_end_the_sweeps) {
  test::events logged;
  options.log = [&](const log_record& what) { logged.note(std::string(what.event)); };
  options.threads = 1;
  options.write_stall_time = 20ms;
  options.idle_time = 20ms;
  options.stream_buffer = 64 << 20;
  endpoint.run = [this](seen_request, outlet out) -> wire::awaitable<wire::http_reply> {
    out->on_gone([this] {
      gate.open();
      throw std::runtime_error("thrown by a callback");
    });
    out->expect_wait();
    EXPECT_TRUE(out->send(std::string(32 << 20, 'x')));  // more than the kernel takes
    auto waiting = gate.wait();
    co_await std::move(waiting);
    co_return wire::http_reply();
  };
  start();
  client stalled(server->port(), over, "127.0.0.1", 4096);
  ASSERT_TRUE(stalled.send(post("a")));
  ASSERT_TRUE(logged.wait("callback.failed"));
  client idle = connect();
  EXPECT_TRUE(idle.closed_by_peer());
}

TEST_P(http_callbacks, a_readiness_check_that_throws_is_not_ready) {
  test::events logged;
  options.log = [&](const log_record& what) {
    if (what.text.find("secret") != std::string::npos) logged.note("cause");
  };
  options.not_ready = []() -> std::string { throw std::runtime_error("secret"); };
  start();
  client peer = connect();
  const std::string ready = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_TRUE(peer.send(ready + ready));
  const test::reply first = peer.read_reply();
  EXPECT_EQ(first.status, 503);
  EXPECT_EQ(first.body, "the readiness check failed\n");
  EXPECT_EQ(peer.read_reply().status, 503);
  EXPECT_EQ(logged.count("cause"), 1) << "once an episode";
}

// Lowers the limit of descriptors to those in use, and puts it back.
class no_more_descriptors {
 public:
  no_more_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::dup(0);
    ::close(lowest_free);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(lowest_free);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~no_more_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  no_more_descriptors(const no_more_descriptors&) = delete;
  no_more_descriptors& operator=(const no_more_descriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_P(http_callbacks, when_descriptors_run_out_connections_wait_and_are_served_later) {
  test::events logged;
  options.log = [&](const log_record& what) {
    logged.note(what.level == log_level::error ? "line" : "over");
  };
  start();
  // UBSan looks at memory through a pipe, once for each class: there is none later.
  EXPECT_FALSE(
      boost::system::error_code(EMFILE, boost::system::system_category()).message().empty());
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_GE(fd, 0);
  {
    const no_more_descriptors none;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server->port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    EXPECT_TRUE(logged.wait("line"));
  }
  client waited(client::connected{fd}, over);
  ASSERT_TRUE(waited.send(post("later", "Connection: close\r\n")));
  EXPECT_EQ(waited.read_reply().status, 200);
  EXPECT_EQ(logged.count("line"), 1) << "once, however often it was tried";
  // A try may have failed once more just after that one: the next that is accepted tells.
  client next = connect();
  ASSERT_TRUE(next.send(post("next")));
  EXPECT_EQ(next.read_reply().status, 200);
  EXPECT_TRUE(logged.wait("over"));
}

INSTANTIATE_TEST_SUITE_P(over, http_callbacks, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
