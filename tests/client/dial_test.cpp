// SPDX-License-Identifier: Apache-2.0
// Which of a server's addresses is connected to.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "client/dial.hpp"

namespace longhaul::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using remote::dial;

dial::endpoint at(const char* address, unsigned short port = 1) {
  return {asio::ip::make_address(address), port};
}

// Listens; or takes no connection any more, without a word.
class listening {
 public:
  explicit listening(asio::io_context& context, bool full = false) : acceptor_(context) {
    acceptor_.open(tcp::v4());
    acceptor_.bind(at("127.0.0.1", 0));
    acceptor_.listen(full ? 0 : 16);
    if (!full) return;
    for (int i = 0; i < 8; ++i) {
      waiting_.emplace_back(context);
      waiting_.back().async_connect(acceptor_.local_endpoint(), [](auto) {});
    }
  }
  dial::endpoint where() const { return acceptor_.local_endpoint(); }

 private:
  tcp::acceptor acceptor_;
  std::vector<tcp::socket> waiting_;
};

// One that was there a moment ago.
dial::endpoint nobody(asio::io_context& context) { return listening(context).where(); }

class dialing : public testing::Test {
 protected:
  std::optional<tcp::endpoint> connect(std::vector<dial::endpoint> to) {
    const auto one = std::make_shared<dial>(context_);
    std::optional<tcp::endpoint> peer;
    const auto work = [&, one]() -> asio::awaitable<void> {
      const tcp::socket socket = co_await one->run(to, error_);
      if (!error_) peer = socket.remote_endpoint();
      context_.stop();
    };
    asio::co_spawn(context_, work, asio::detached);
    context_.restart();
    context_.run();
    return peer;
  }

  asio::io_context context_;
  boost::system::error_code error_;
};

TEST_F(dialing, one_that_is_silent_is_passed_by) {
  const listening silent(context_, true), there(context_);
  EXPECT_EQ(connect({silent.where(), silent.where(), there.where()}), there.where());
}

TEST_F(dialing, one_that_refuses_is_passed_by) {
  const listening there(context_);
  const auto refuses = nobody(context_);
  EXPECT_EQ(connect({refuses, refuses, refuses, there.where()}), there.where());
}

TEST_F(dialing, all_refuse) {
  const auto refuses = nobody(context_);
  EXPECT_FALSE(connect({refuses, refuses}));
  EXPECT_EQ(error_, asio::error::connection_refused);
}

TEST_F(dialing, there_is_none) {
  EXPECT_FALSE(connect({}));
  EXPECT_TRUE(error_);
}

TEST_F(dialing, it_is_stopped) {
  const listening silent(context_, true);
  const auto one = std::make_shared<dial>(context_);
  bool done = false;
  const auto work = [&, one]() -> asio::awaitable<void> {
    const std::vector<dial::endpoint> to = {silent.where()};
    const tcp::socket socket = co_await one->run(to, error_);
    EXPECT_FALSE(socket.is_open());
    done = true;
    context_.stop();
  };
  asio::co_spawn(context_, work, asio::detached);
  asio::steady_timer later(context_, std::chrono::milliseconds(20));
  later.async_wait([&](auto) { one->stop(); });
  context_.run();
  EXPECT_TRUE(done);
  EXPECT_EQ(error_, asio::error::operation_aborted);
}

TEST_F(dialing, a_name_that_there_is_not) {
  const auto one = std::make_shared<dial>(context_);
  const auto work = [&, one]() -> asio::awaitable<void> {
    const std::string host = "no-such-host.invalid", port = "80";
    co_await one->run(host, port, error_);
    context_.stop();
  };
  asio::co_spawn(context_, work, asio::detached);
  context_.run();
  EXPECT_TRUE(error_);
}

TEST(dial, families_take_turns) {
  const auto four = at("127.0.0.1"), four_too = at("127.0.0.2"), six = at("::1"),
             six_too = at("::2");
  using list = std::vector<dial::endpoint>;
  EXPECT_EQ(remote::by_turns(list{six, six_too, four, four_too}),
            (list{six, four, six_too, four_too}));
  EXPECT_EQ(remote::by_turns(list{four, six, six_too}), (list{four, six, six_too}));
  EXPECT_EQ(remote::by_turns(list{six}), list{six});
  EXPECT_TRUE(remote::by_turns(list{}).empty());
}

}  // namespace
}  // namespace longhaul::test
