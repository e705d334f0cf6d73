// SPDX-License-Identifier: Apache-2.0
// Mistakes that people make, and the one sentence that each must give: scripts/diagnostics.py
// compiles this file and finds as many errors as there are comments `error: …` here, no more.
#include <chrono>
#include <longhaul/longhaul.hpp>
#include <memory>

struct render_args {
  std::string scene;
};
BOOST_DESCRIBE_STRUCT(render_args, (), (scene))

struct not_described {
  int x = 0;
};

struct with_time {
  std::chrono::system_clock::time_point when;
};
BOOST_DESCRIBE_STRUCT(with_time, (), (when))

struct no_default {
  explicit no_default(int) {}
};
struct with_no_default {
  std::vector<no_default> all;
};
BOOST_DESCRIBE_STRUCT(with_no_default, (), (all))

void add_all(longhaul::server& server) {
  // error: the parameters of this handler cannot be told
  server.add_tool({.name = "generic"}, [](auto& task, const auto& args) { return args.scene; });
  // error: a handler takes (task_context&, const Args&)
  server.add_tool({.name = "many"}, [](const render_args&, int) {});
  // error: by value or by reference to const
  server.add_tool({.name = "changes"}, [](render_args&) {});
  // error: one struct described with BOOST_DESCRIBE_STRUCT
  server.add_tool({.name = "plain"}, [](const not_described&) {});
  // error: a handler returns void, text
  server.add_tool({.name = "pointer"}, [] { return std::make_unique<int>(); });
  // error: this type is not read from JSON
  server.add_tool({.name = "time"}, [](const with_time&) {});
  // error: needs a default constructor
  server.add_tool({.name = "default"}, [](const with_no_default&) {});
}

boost::asio::awaitable<std::string> ask(longhaul::task_context& task) {
  const auto question = longhaul::elicitation::url("Sign in", "https://example.org");
  // error: write co_await task.async_ask(key, question)
  co_await task.ask("key", question);
  co_return "asked";
}
