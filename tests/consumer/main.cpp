// SPDX-License-Identifier: Apache-2.0
// A server as a user of the installed package writes it: one coroutine tool over a described
// struct. Built with g++ and AddressSanitizer, so that what g++ 12 makes of coroutines is seen.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/describe.hpp>
#include <chrono>
#include <longhaul/longhaul.hpp>
#include <string>
#include <vector>

struct join_args {
  std::vector<std::string> words;
  std::string separator = " ";
};
BOOST_DESCRIBE_STRUCT(join_args, (), (words, separator))

struct joined {
  std::string text;
  int words = 0;
};
BOOST_DESCRIBE_STRUCT(joined, (), (text, words))

boost::asio::awaitable<joined> join(longhaul::task_context& task, join_args args) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  joined result;
  for (const std::string& word : args.words) {
    task.progress(result.words, static_cast<double>(args.words.size()), word);
    timer.expires_after(std::chrono::milliseconds(1));
    co_await timer.async_wait(boost::asio::use_awaitable);
    if (result.words++ > 0) result.text += args.separator;
    result.text += word;
  }
  co_return result;
}

int main(int argc, char** argv) {
  longhaul::server server{{.name = "consumer", .version = "1.0.0"}};
  server.add_tool({.name = "join", .description = "Joins words."}, join);
  return longhaul::run(server, argc, argv);
}
