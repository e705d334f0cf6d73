// SPDX-License-Identifier: Apache-2.0
// From 1,024 open calls on, or with 8 MiB of replies unread, a pipe was not read any more: no ping
// was answered, no cancel heard, and the death of the host was not seen. Now reading goes on. Who
// leaves much unread gets his calls refused (`crowded`, the endpoint's part), and who does nothing
// but send is cut off.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <thread>

#include "transport/http_kit.hpp"  // events, gate
#include "transport/stdio.hpp"

namespace longhaul::transport {
namespace {

using outlet = std::shared_ptr<wire::outlet>;

// Calls ("call …") wait for a gate; everything else is answered at once with a large reply.
class pipe_is_always_read : public ::testing::Test {
 protected:
  class scripted final : public wire::pipe_endpoint {
   public:
    scripted(pipe_is_always_read& in, outlet out) : in_(in), out_(std::move(out)) {}
    wire::awaitable<void> handle(std::string line) override {
      in_.seen.note(line.substr(0, 4));
      if (out_->crowded()) in_.seen.note("crowded");
      if (line.starts_with("call")) {
        auto waiting = in_.gate.wait();
        co_await std::move(waiting);
      }
      out_->send_reply(line.starts_with("call") ? line : in_.answer);
    }
    void shut_down() override { in_.seen.note("shut down"); }
    void leave(std::chrono::milliseconds age) override {
      in_.seen.note(age.count() == 0 ? "leave all" : "leave old");
      if (age.count() == 0) in_.gate.open();
    }

   private:
    pipe_is_always_read& in_;
    const outlet out_;
  };

  pipe_is_always_read() {
    std::array<int, 2> in{}, out{};
    EXPECT_EQ(::pipe2(in.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
    options.input = in[0];
    to_server = in[1];
    from_server = out[0];
    options.output = out[1];
  }
  ~pipe_is_always_read() override {
    if (server) server->stop();
    if (thread.joinable()) thread.join();
    server.reset();
    for (const int fd : {to_server, from_server, options.input, options.output}) {
      if (fd >= 0) ::close(fd);
    }
  }
  void start() {
    server = std::make_unique<stdio_server>(
        options, [this](const outlet& out) { return std::make_unique<scripted>(*this, out); });
    thread = std::thread([this] {
      server->run();
      seen.note("ended");
    });
  }
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t put = ::write(to_server, bytes.data(), bytes.size());
      if (put < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }

  stdio_options options;
  std::string answer = "pong";
  test::events seen;
  test::gate gate;
  int to_server = -1, from_server = -1;
  std::unique_ptr<stdio_server> server;
  std::thread thread;
};

TEST_F(pipe_is_always_read, many_open_calls_hide_no_ping_and_no_end) {
  start();
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(send("call\n"));
  ASSERT_TRUE(send("ping\n"));
  EXPECT_TRUE(seen.wait("ping"));
  ::close(std::exchange(to_server, -1));
  EXPECT_TRUE(seen.wait("leave all")) << "the calls are left, and end";
  EXPECT_TRUE(seen.wait("ended"));
}

TEST_F(pipe_is_always_read, unread_replies_hide_no_ping_and_no_end_and_crowd_the_pipe) {
  options.max_buffered = 200'000;
  answer = std::string(100'000, 'x');
  start();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(send("more\n"));
  ASSERT_TRUE(seen.wait("more", 10));
  ASSERT_TRUE(send("last\n"));
  EXPECT_TRUE(seen.wait("last"));
  EXPECT_TRUE(seen.wait("crowded"));
  ::close(std::exchange(to_server, -1));
  EXPECT_TRUE(seen.wait("ended")) << "although nobody reads";
}

TEST_F(pipe_is_always_read, who_sends_and_never_reads_is_cut_off) {
  options.max_buffered = 100'000;
  options.max_overrun = 500'000;
  answer = std::string(10'000, 'x');
  std::atomic<int> told{0};
  options.log = logger([&](const log_record& what) {
    if (what.event == "pipe.overrun") ++told;
  });
  start();
  std::thread sender([this] {
    std::signal(SIGPIPE, SIG_IGN);
    ::fcntl(to_server, F_SETFL, O_NONBLOCK);
    while (seen.count("ended") == 0) {
      if (::write(to_server, "more\n", 5) < 0) std::this_thread::yield();
    }
  });
  EXPECT_TRUE(seen.wait("ended"));
  sender.join();
  EXPECT_EQ(told, 1);
}

TEST_F(pipe_is_always_read, messages_that_are_dealt_with_crowd_it_by_their_bytes) {
  options.max_in_flight_bytes = 100'000;
  start();
  ASSERT_TRUE(send("call" + std::string(60'000, 'x') + "\n"));
  ASSERT_TRUE(seen.wait("call"));
  EXPECT_EQ(seen.count("crowded"), 0);
  ASSERT_TRUE(send("call" + std::string(60'000, 'x') + "\n"));
  EXPECT_TRUE(seen.wait("crowded"));
  ASSERT_TRUE(send("ping\n"));
  EXPECT_TRUE(seen.wait("ping"));
}

TEST_F(pipe_is_always_read, an_output_that_nobody_holds_any_more_ends_it_without_a_write) {
  start();
  ASSERT_TRUE(send("call\n"));
  ASSERT_TRUE(seen.wait("call"));
  ::close(std::exchange(from_server, -1));
  EXPECT_TRUE(seen.wait("leave all"));
  EXPECT_TRUE(seen.wait("ended"));
}

}  // namespace
}  // namespace longhaul::transport
