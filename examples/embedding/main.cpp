// SPDX-License-Identifier: Apache-2.0
// A server inside a program that is built on Asio and has work of its own: here a sensor that is
// read every 100 ms. The tool's handler waits on the program's own executor, and SIGINT, which is
// the program's to handle, ends both.
//   longhaul-embedding [ADDRESS:PORT]
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/describe.hpp>
#include <csignal>
#include <iostream>
#include <longhaul/longhaul.hpp>

namespace asio = boost::asio;
using namespace std::chrono_literals;

// What the program is about. It belongs to its one thread.
class sensor {
 public:
  explicit sensor(asio::io_context& context) : timer_(context) {}

  asio::awaitable<void> run() {
    while (true) {
      timer_.expires_after(100ms);
      co_await timer_.async_wait(asio::use_awaitable);
      degrees_ = 20 + (++readings_ % 5);
    }
  }
  asio::awaitable<int> highest_of(int readings) {
    asio::steady_timer pause(timer_.get_executor());
    int highest = degrees_;
    for (const int last = readings_ + readings; readings_ < last;) {
      pause.expires_after(20ms);
      co_await pause.async_wait(asio::use_awaitable);
      highest = std::max(highest, degrees_);
    }
    co_return highest;
  }

 private:
  asio::steady_timer timer_;
  int degrees_ = 20, readings_ = 0;
};

struct watch_args {
  int readings = 10;
};
BOOST_DESCRIBE_STRUCT(watch_args, (), (readings))

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context context(1);
  sensor kitchen(context);
  asio::co_spawn(context, kitchen.run(), asio::detached);

  longhaul::server tools{{.name = "embedding", .version = "1.0"}};
  tools.add_tool({.name = "highest_temperature",
                  .description = "Watches the sensor and returns its highest reading"},
                 [&](const watch_args& args) -> asio::awaitable<int> {
                   // The sensor is the program's: its coroutine runs there, and is awaited here.
                   auto watching = kitchen.highest_of(args.readings);
                   co_return co_await asio::co_spawn(context, std::move(watching),
                                                     asio::use_awaitable);
                 });

  longhaul::hosted_server host(tools,
                               {.http = argc > 1 ? argv[1] : "127.0.0.1:0", .store = "memory:"});
  host.start();
  std::cout << "listening on " << host.url() << std::endl;

  // `stop` waits for handlers, which need the context: it has a thread of its own.
  asio::thread_pool ending(1);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](boost::system::error_code, int) {
    asio::post(ending, [&] {
      host.stop(1s);
      context.stop();
    });
  });
  context.run();
  ending.join();
  std::cout << "the program goes on, and ends by itself" << std::endl;
}
