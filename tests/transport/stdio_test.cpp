// SPDX-License-Identifier: Apache-2.0
// One host over pipes, socket pairs and files.
#include "transport/stdio.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <csignal>
#include <cstdio>
#include <future>
#include <stdexcept>
#include <thread>

#include "support/seed.hpp"
#include "transport/http_kit.hpp"  // events, gate

namespace longhaul::transport {
namespace {

using namespace std::chrono_literals;
using outlet = std::shared_ptr<wire::outlet>;

class scripted_pipe final : public wire::pipe_endpoint {
 public:
  using script = std::function<wire::awaitable<void>(std::string, outlet)>;
  scripted_pipe(const script& run, outlet out, test::events& seen)
      : run_(run), out_(std::move(out)), seen_(seen) {}
  wire::awaitable<void> handle(std::string line) override {
    seen_.note("line");
    return run_(std::move(line), out_);
  }
  void shut_down() override { seen_.note("shut down"); }

 private:
  const script& run_;
  const outlet out_;
  test::events& seen_;
};

class stdio : public ::testing::Test {
 protected:
  stdio() {
    std::signal(SIGPIPE, SIG_IGN);
    // Answers each line with itself in brackets.
    run = [](std::string line, outlet out) -> wire::awaitable<void> {
      out->send_reply("[" + line + "]");
      co_return;
    };
  }
  ~stdio() override {
    if (server) server->stop();
    if (thread.joinable()) thread.join();
    server.reset();
    for (const int fd : {to_server, from_server, options.input, options.output}) {
      if (fd > 2) ::close(fd);
    }
  }

  void open_pipes() {
    int in[2], out[2];
    ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
    options.input = in[0];
    to_server = in[1];
    from_server = out[0];
    options.output = out[1];
  }
  void start() {
    if (options.input == 0) open_pipes();
    server = std::make_unique<stdio_server>(options, [this](const outlet& out) {
      held = out;
      return std::make_unique<scripted_pipe>(run, out, seen);
    });
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
  void end_input() { ::close(std::exchange(to_server, -1)); }
  bool more() {
    pollfd ready{from_server, POLLIN, 0};
    if (::poll(&ready, 1, 30'000) <= 0) throw std::runtime_error("nothing comes");
    char bytes[65536];
    const ssize_t got = ::read(from_server, bytes, sizeof bytes);
    if (got > 0) input.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }
  std::string line() {
    std::size_t at = 0;
    while ((at = input.find('\n')) == std::string::npos) {
      if (!more()) return "(end)";
    }
    const std::string result = input.substr(0, at);
    input.erase(0, at + 1);
    return result;
  }
  // Waits for the end of `run`; then what it wrote that was not read so far.
  std::string rest() {
    thread.join();
    ::close(std::exchange(options.output, -1));
    while (more()) {
    }
    return std::exchange(input, {});
  }

  stdio_options options;
  scripted_pipe::script run;
  int to_server = -1, from_server = -1;
  std::string input;
  test::events seen;
  test::gate gate;
  outlet held;
  std::unique_ptr<stdio_server> server;
  std::thread thread;
};

TEST_F(stdio, answers_lines_until_the_input_ends) {
  start();
  ASSERT_TRUE(send("one\ntwo\r\n\n  \nthree"));
  EXPECT_EQ(line(), "[one]");
  EXPECT_EQ(line(), "[two]");
  end_input();
  EXPECT_EQ(rest(), "[three]\n");
  EXPECT_EQ(seen.count("shut down"), 1);
}

TEST_F(stdio, one_socket_serves_as_both_ends) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  options.input = pair[0];
  options.output = ::dup(pair[0]);
  to_server = pair[1];
  from_server = ::dup(pair[1]);
  start();
  ASSERT_TRUE(send("one\n"));
  EXPECT_EQ(line(), "[one]");
  ASSERT_TRUE(send("two"));
  ::shutdown(to_server, SHUT_WR);
  EXPECT_EQ(line(), "[two]");
  EXPECT_TRUE(seen.wait("ended"));
}

TEST_F(stdio, files_work_as_input_and_output) {
  std::FILE* in = std::tmpfile();
  std::FILE* out = std::tmpfile();
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    std::fprintf(in, "%d\n", i);
    expected += "[" + std::to_string(i) + "]\n";
  }
  std::rewind(in);
  options.input = ::dup(::fileno(in));
  options.output = ::dup(::fileno(out));
  start();
  thread.join();
  std::rewind(out);
  std::string got(expected.size() + 1, '\0');
  got.resize(std::fread(got.data(), 1, got.size(), out));
  EXPECT_EQ(got, expected);
  std::fclose(in);
  std::fclose(out);
}

TEST_F(stdio, descriptors_that_do_not_block_work) {
  open_pipes();
  ::fcntl(options.input, F_SETFL, O_NONBLOCK);
  ::fcntl(options.output, F_SETFL, O_NONBLOCK);
  start();
  const std::string large(300'000, 'x');
  std::thread sender([&] { EXPECT_TRUE(send(large + "\n")); });
  EXPECT_EQ(line(), "[" + large + "]");
  sender.join();
}

// Fault 27: a malformed line or a byte order mark closed stdio.
TEST_F(stdio, bytes_that_are_no_utf8_reach_the_endpoint_and_a_byte_order_mark_does_not) {
  start();
  ASSERT_TRUE(send("\xEF\xBB\xBF{}\n\xFF\xFE\xC3\n{]\n"));
  EXPECT_EQ(line(), "[{}]");
  EXPECT_EQ(line(), "[\xFF\xFE\xC3]");
  EXPECT_EQ(line(), "[{]]");
}

// Faults 26 and 27: an unbounded line; an error that invents an id.
TEST_F(stdio, an_overlong_line_is_answered_once_without_an_id_and_the_next_is_served) {
  options.max_message = 100;
  start();
  ASSERT_TRUE(send(std::string(250'000, 'x')));  // answered although its end has not come
  const std::string answer = line();
  EXPECT_NE(answer.find("-32600"), std::string::npos);
  EXPECT_EQ(answer.find("\"id\""), std::string::npos);
  ASSERT_TRUE(send(std::string(250'000, 'x') + "\nnext\n"));
  EXPECT_EQ(line(), "[next]");
}

// Fault 23: the read loop awaited the handler, so that one slow tool blocked its own cancel.
TEST_F(stdio, a_slow_message_delays_nothing) {
  run = [this](std::string text, outlet out) -> wire::awaitable<void> {
    if (text == "slow") co_await gate.wait();
    if (text == "cancel") gate.open();
    out->send_reply(text);
  };
  start();
  ASSERT_TRUE(send("slow\nquick\n"));
  EXPECT_EQ(line(), "quick");
  ASSERT_TRUE(send("cancel\n"));
  EXPECT_EQ(line(), "cancel");
  EXPECT_EQ(line(), "slow");
}

// Fault 25: a notification overtook the request before it.
TEST_F(stdio, messages_start_in_the_order_they_came) {
  start();
  std::string all;
  for (int i = 0; i < 20'000; ++i) all += std::to_string(i) + "\n";
  std::thread sender([&] { EXPECT_TRUE(send(all)); });
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(line(), "[" + std::to_string(i) + "]");
  sender.join();
}

TEST_F(stdio, the_end_of_input_waits_for_what_runs_and_hands_the_replies_over) {
  options.grace = std::chrono::hours(1);
  test::events ends;
  options.on_end = [&] { ends.note("input"); };
  run = [this](std::string text, outlet out) -> wire::awaitable<void> {
    co_await gate.wait();
    out->send_reply(text + std::string(500'000, 'x'));
  };
  start();
  ASSERT_TRUE(send("a\nb\n"));
  ASSERT_TRUE(seen.wait("line", 2));
  end_input();
  ASSERT_TRUE(ends.wait("input"));
  EXPECT_TRUE(seen.wait("shut down"));
  gate.open();
  EXPECT_EQ(line().size(), 500'001u);
  EXPECT_EQ(line().size(), 500'001u);
  EXPECT_EQ(rest(), "");
  EXPECT_EQ(ends.count("input"), 1);
}

TEST_F(stdio, an_exchange_that_hangs_holds_the_end_no_longer_than_the_grace) {
  options.grace = 20ms;
  run = [this](std::string, outlet out) -> wire::awaitable<void> {
    co_await gate.wait();
    out->send_reply("too late");
  };
  start();
  ASSERT_TRUE(send("a\n"));
  ASSERT_TRUE(seen.wait("line"));
  end_input();
  EXPECT_EQ(rest(), "");
  EXPECT_FALSE(held->send("too late"));
  gate.open();  // it ends after all: nothing of it is left behind
}

TEST_F(stdio, stop_from_another_thread_ends_run_while_nothing_comes) {
  start();
  ASSERT_TRUE(send("one\nhalf a li"));
  EXPECT_EQ(line(), "[one]");
  server->stop();
  server->stop();
  EXPECT_EQ(rest(), "");
}

TEST_F(stdio, stop_before_run_ends_it) {
  open_pipes();
  stdio_server early(options, [this](const outlet& out) {
    return std::make_unique<scripted_pipe>(run, out, seen);
  });
  early.stop();
  early.run();
  EXPECT_EQ(seen.count("shut down"), 1);
}

TEST_F(stdio, stop_from_on_end_is_harmless) {
  options.on_end = [this] { server->stop(); };
  start();
  end_input();
  EXPECT_TRUE(seen.wait("ended"));
}

TEST_F(stdio, a_message_that_cannot_be_begun_is_logged_and_the_next_is_served) {
  test::events logged;
  options.answer_time = options.grace = 20ms;
  options.log = logger([&](const log_record& what) {
    logged.note(std::string(what.event) + ": " + std::string(what.text));
  });
  run = [answer = run](std::string text, outlet out) -> wire::awaitable<void> {
    if (text.size() > 3) throw std::runtime_error("no memory");  // no coroutine
    return answer(std::move(text), std::move(out));
  };
  start();
  ASSERT_TRUE(send("too much\none\n"));
  EXPECT_EQ(line(), "[one]");
  EXPECT_EQ(logged.count("callback.failed: no memory"), 1);
  end_input();
  EXPECT_EQ(rest(), "");
}

// What is thrown for want of memory, for instance, ended the process; then it was logged, and the
// end never came.
class failing_pipe final : public wire::pipe_endpoint {
 public:
  explicit failing_pipe(std::string where) : where_(std::move(where)) {}
  wire::awaitable<void> handle(std::string) override { co_return; }
  void shut_down() override { fail("shut down"); }
  void leave(std::chrono::milliseconds age) override {
    fail(age.count() == 0 ? "leave all" : "leave old");
  }

 private:
  void fail(const std::string& here) const {
    if (here == where_) throw std::runtime_error("thrown by " + here);
  }
  const std::string where_;
};

TEST_F(stdio, an_endpoint_that_throws_at_the_end_is_logged_and_does_not_put_it_off) {
  for (const auto& [where, stopped] :
       {std::pair("shut down", true), std::pair("shut down", false), std::pair("leave all", true),
        std::pair("leave old", false)}) {
    test::events logged;
    stdio_options own;
    int in[2], out[2];
    ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
    own.input = in[0];
    own.output = out[1];
    own.log = logger([&](const log_record& what) {
      logged.note(std::string(what.event) + ": " + std::string(what.text));
    });
    const std::string at = where;
    stdio_server failing(own, [&](const outlet&) { return std::make_unique<failing_pipe>(at); });
    std::thread runner([&] {
      failing.run();
      logged.note("ended");
    });
    if (stopped) {
      failing.stop();
    } else {
      ::close(std::exchange(in[1], -1));
    }
    EXPECT_TRUE(logged.wait("ended"))
        << where << (stopped ? " after stop" : " at the end of input");
    failing.stop();
    runner.join();
    EXPECT_EQ(logged.count("callback.failed: thrown by " + at), 1);
    for (const int fd : {in[0], in[1], out[0], out[1]}) {
      if (fd >= 0) ::close(fd);
    }
  }
}

TEST_F(stdio, a_server_that_never_ran_ends) {
  open_pipes();
  const stdio_server never(options, [this](const outlet& out) {
    return std::make_unique<scripted_pipe>(run, out, seen);
  });
}

TEST_F(stdio, nobody_reading_any_more_ends_run) {
  std::signal(SIGPIPE, SIG_DFL);  // the server minds it itself
  start();
  ASSERT_TRUE(send("one\n"));
  EXPECT_EQ(line(), "[one]");
  ::close(std::exchange(from_server, -1));
  ASSERT_TRUE(send("two\n"));
  EXPECT_TRUE(seen.wait("ended"));
  EXPECT_FALSE(held->send("more"));
}

// Fault 26: an unbounded queue to a slow reader.
TEST_F(stdio, a_reader_that_stalls_bounds_notifications_and_reading_but_no_reply) {
  options.max_buffered = 200'000;
  options.grace = 20ms;
  run = [](std::string, outlet out) -> wire::awaitable<void> {
    out->send_reply(std::string(1000, 'x'));
    co_return;
  };
  start();
  int accepted = 0;
  while (held->send(std::string(10'000, 'n')) && accepted < 1000) ++accepted;
  EXPECT_LT(accepted, 100);
  // The reader pauses: the pipe to it fills up.
  ::fcntl(to_server, F_SETFL, O_NONBLOCK);
  std::size_t taken = 0;
  const std::string lines = "request\nrequest\n";
  for (int full = 0; full < 1000 && taken < 4u << 20;) {
    const ssize_t put = ::write(to_server, lines.data(), lines.size());
    if (put > 0) {
      taken += static_cast<std::size_t>(put);
    } else {
      ++full;
      std::this_thread::yield();
    }
  }
  EXPECT_LT(taken, 1u << 20);
  server->stop();
  EXPECT_TRUE(seen.wait("ended"));
}

TEST_F(stdio, a_reader_that_comes_back_gets_every_reply) {
  options.max_buffered = 50'000;
  options.max_in_flight = 10;
  start();
  const std::string padding(500, 'x');
  constexpr int count = 3000;
  std::thread sender([&] {
    for (int i = 0; i < count; ++i) EXPECT_TRUE(send(std::to_string(i) + padding + "\n"));
    end_input();
  });
  while (held->send("n")) std::this_thread::yield();  // it has stalled
  int replies = 0;
  for (std::string got = line(); replies < count; got = line()) {
    if (got == "n") continue;
    ASSERT_EQ(got, "[" + std::to_string(replies) + padding + "]");
    if (++replies == count) break;
  }
  sender.join();
}

TEST_F(stdio, messages_in_flight_are_bounded) {
  options.max_in_flight = 16;
  std::atomic<int> running{0}, most{0};
  run = [&](std::string text, outlet out) -> wire::awaitable<void> {
    if (const int now = ++running; now > most) most = now;
    co_await gate.wait();
    --running;
    out->send_reply(text);
  };
  start();
  std::string all;
  for (int i = 0; i < 5000; ++i) all += std::to_string(i) + "\n";
  std::thread sender([&] {
    EXPECT_TRUE(send(all));
    end_input();
  });
  ASSERT_TRUE(seen.wait("line", 16));
  gate.open();
  int lines = 0;
  while (line() != "(end)") {
    if (++lines == 5000) break;
  }
  EXPECT_EQ(lines, 5000);
  EXPECT_EQ(most, 16);
  sender.join();
}

TEST_F(stdio, many_threads_send_while_the_server_ends) {
  for (int round = 0; round < 50 / longhaul::test::slowdown; ++round) {
    stdio_options own;
    int in[2], out[2];
    ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
    own.input = in[0];
    own.output = out[1];
    own.grace = 5ms;
    outlet to;
    auto one = std::make_unique<stdio_server>(own, [&](const outlet& o) {
      to = o;
      return std::make_unique<scripted_pipe>(run, o, seen);
    });
    std::atomic<bool> over{false};
    std::vector<std::thread> senders;
    for (int t = 0; t < 3; ++t) {
      senders.emplace_back([&] {
        while (!over) to->send("message");
      });
    }
    std::thread stopper([&, input_end = in[1]] {
      [[maybe_unused]] const auto written = ::write(input_end, "a\n", 2);
      if (round % 2 == 0) {
        one->stop();
      } else {
        ::close(out[0]);
      }
    });
    one->run();
    stopper.join();
    one.reset();
    over = true;
    for (std::thread& sender : senders) sender.join();
    EXPECT_FALSE(to->send("late"));
    for (const int fd : {in[0], in[1], out[1]}) ::close(fd);
    if (round % 2 == 0) ::close(out[0]);
  }
}

}  // namespace
}  // namespace longhaul::transport
