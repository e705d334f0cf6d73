// SPDX-License-Identifier: Apache-2.0
// A client as a user of the installed package writes it: calls a tool of the program that it is
// given, over stdio, on both wires, blocking and from a coroutine. Built with g++ and
// AddressSanitizer.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/describe.hpp>
#include <iostream>
#include <longhaul/client.hpp>
#include <string>
#include <vector>

struct words_args {
  std::vector<std::string> words;
};
BOOST_DESCRIBE_STRUCT(words_args, (), (words))

struct joined {
  std::string text;
  int words = 0;
};
BOOST_DESCRIBE_STRUCT(joined, (), (text, words))

boost::asio::awaitable<joined> from_coroutine(const longhaul::client& server) {
  const longhaul::tool_call call = server.call("join", words_args{{"c", "d"}});
  const longhaul::call_outcome end = co_await call.async_wait();
  co_return end.value().as<joined>();
}

bool works(const std::string& program, const std::string& version) {
  const longhaul::client server({.command = {program, "--stdio", "--store", "memory:"}},
                                {.only_version = version});
  const auto first = server.call("join", words_args{{"a", "b"}}).wait().value().as<joined>();
  boost::asio::io_context context;
  auto second = boost::asio::co_spawn(context, from_coroutine(server), boost::asio::use_future);
  context.run();
  return first.text == "a b" && second.get().words == 2;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (const std::string version : {"2026-07-28", "2025-11-25", "2025-06-18"}) {
    if (works(argv[1], version)) continue;
    std::cerr << "no such call over " << version << std::endl;
    return 1;
  }
}
