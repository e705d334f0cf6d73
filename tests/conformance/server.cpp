// SPDX-License-Identifier: Apache-2.0
// The server that the official MCP conformance suite is run against: the tools it expects, in the
// order it expects (its first tool must succeed without arguments).
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/describe.hpp>
#include <longhaul/longhaul.hpp>

#include "conformance/fixtures.hpp"
#include "conformance/media.hpp"

using namespace std::chrono_literals;
using conformance::plain;
using longhaul::task_context;
using longhaul::task_policy;

namespace {

boost::asio::awaitable<void> pause(std::chrono::milliseconds time) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

longhaul::tool_options as_task(std::string name, std::string description, task_policy policy) {
  longhaul::tool_options options = plain(std::move(name), std::move(description));
  options.policy = policy;
  options.poll_interval = 200ms;
  return options;
}

void add_content_tools(longhaul::server& server) {
  server.add_tool(plain("test_simple_text", "Returns a simple text"),
                  [] { return longhaul::text("This is a simple text response for testing."); });
  server.add_tool(plain("test_image_content", "Returns an image"),
                  [] { return longhaul::image(conformance::png(), "image/png"); });
  server.add_tool(plain("test_audio_content", "Returns audio"),
                  [] { return longhaul::audio(conformance::wav(), "audio/wav"); });
  server.add_tool(plain("test_embedded_resource", "Returns an embedded resource"), [] {
    return longhaul::embedded_text("test://embedded-resource", "text/plain",
                                   "This is an embedded resource content.");
  });
  server.add_tool(plain("test_multiple_content_types", "Returns text, image and resource"), [] {
    return longhaul::contents(
        {longhaul::text("Multiple content types test:"),
         longhaul::image(conformance::png(), "image/png"),
         longhaul::embedded_text("test://mixed-content-resource", "application/json",
                                 R"({"test":"data","value":123})")});
  });
  server.add_tool(plain("test_error_handling", "Always fails"), []() -> std::string {
    throw longhaul::tool_error("This tool intentionally returns an error for testing");
  });
}

boost::asio::awaitable<std::string> with_progress(task_context& task) {
  for (const int done : {0, 50, 100}) {
    task.progress(done, 100);
    co_await pause(50ms);
  }
  co_return "done";
}

struct region_args {
  std::string region;
};
BOOST_DESCRIBE_STRUCT(region_args, (), (region))

struct greet_args {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(greet_args, (), (name))

struct slow_args {
  double seconds = 1;
  std::string label = "slow";
};
BOOST_DESCRIBE_STRUCT(slow_args, (), (seconds, label))

boost::asio::awaitable<std::string> slow_compute(task_context& task, slow_args args) {
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::milliseconds(static_cast<std::int64_t>(args.seconds * 1000));
  while (std::chrono::steady_clock::now() < end) {
    task.throw_if_cancelled();
    co_await pause(20ms);
  }
  co_return "computed " + args.label;
}

boost::asio::awaitable<std::string> failing_job() {
  co_await pause(300ms);
  throw longhaul::tool_error("the job failed, as it always does");
}

boost::asio::awaitable<std::string> protocol_error_job() {
  co_await pause(300ms);
  throw longhaul::protocol_error(-32603, "the job broke, as it always does");
}

struct confirm_form {
  bool confirm = false;
};
BOOST_DESCRIBE_STRUCT(confirm_form, (), (confirm))

struct name_form {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(name_form, (), (name))

struct delete_args {
  std::string filename;
};
BOOST_DESCRIBE_STRUCT(delete_args, (), (filename))

std::string confirm_delete(task_context& task, const delete_args& args) {
  const auto reply = task.ask(
      "confirm", longhaul::elicitation::form<confirm_form>("Delete " + args.filename + "?"));
  return reply.accepted() ? "deleted " + args.filename : "kept " + args.filename;
}

std::string multi_input(task_context& task) {
  const auto replies =
      task.ask_all({{"name", longhaul::elicitation::form<name_form>("What is your name?")},
                    {"confirm", longhaul::elicitation::form<confirm_form>("Are you sure?")}});
  return replies[0].accepted() ? "thanks, " + replies[0].as<name_form>().name : "no name";
}

// Lets its connection go before it has a result.
std::string comes_again(longhaul::task_context& task) {
  task.close_stream(100ms);
  task.sleep_for(100ms);
  return "Reconnection test completed";
}

// Waits where its request is read, until somebody stops it.
boost::asio::awaitable<void> nap(longhaul::task_context& task) {
  task.progress(0);
  co_await task.async_sleep_for(1h);
}

void add_task_tools(longhaul::server& server) {
  server.add_tool(plain("greet", "Greets"),
                  [](const greet_args& args) { return "Hello, " + args.name + "!"; });
  auto naps = plain("nap", "Waits for an hour");
  naps.quick = true;
  server.add_tool(std::move(naps), nap);
  server.add_tool(as_task("slow_compute", "Computes for some seconds", task_policy::automatic),
                  slow_compute);
  server.add_tool(as_task("failing_job", "Fails with a tool error", task_policy::always),
                  failing_job);
  server.add_tool(as_task("protocol_error_job", "Fails with a protocol error", task_policy::always),
                  protocol_error_job);
  server.add_tool(as_task("confirm_delete", "Asks before it deletes", task_policy::always),
                  confirm_delete);
  server.add_tool(as_task("multi_input", "Asks two questions at once", task_policy::always),
                  multi_input);
}

}  // namespace

int main(int argc, char** argv) {
  longhaul::server server{{.name = "longhaul-conformance", .version = "0.1.0", .dynamic = true}};
  add_content_tools(server);
  server.add_tool(plain("test_tool_with_progress", "Reports progress"), with_progress);
  server.add_tool(plain("test_reconnection", "Closes the stream before its result"), comes_again);
  auto region = plain("test_header_parameter", "Echoes a region that is mirrored in a header");
  region.fields = {longhaul::field(&region_args::region, "A region").header("Region")};
  server.add_tool(std::move(region), [](const region_args& args) { return args.region; });
  add_task_tools(server);
  conformance::add_questions(server);
  conformance::add_notices(server);
  conformance::add_prompts(server);
  conformance::add_resources(server);
  return longhaul::run(server, argc, argv);
}
