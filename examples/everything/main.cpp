// SPDX-License-Identifier: Apache-2.0
// One server that shows every feature once: tools of every policy, structured output, every type of
// content, failures, progress, logs, questions of every kind, resources, prompts, completion, tools
// that come and go, an extension. Point a host at it, to see what that host makes of each.
//   longhaul-everything --stdio
//   longhaul-everything --http 127.0.0.1:8080
#include <boost/describe.hpp>
#include <longhaul/longhaul.hpp>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using longhaul::client_capability;
using longhaul::field;
using longhaul::task_policy;

namespace {

constexpr std::string_view picture("P5 1 1 255\n\x80");  // one grey dot
constexpr std::string_view silence("RIFF\x24\0\0\0WAVE", 12);

// --- tools of every policy

struct text_args {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(text_args, (), (text))

struct wait_args {
  int steps = 5;
  int step_ms = 1000;
};
BOOST_DESCRIBE_STRUCT(wait_args, (), (steps, step_ms))

boost::asio::awaitable<std::string> wait_a_while(longhaul::task_context& task, wait_args args) {
  for (int step = 1; step <= args.steps; ++step) {
    co_await task.async_sleep_for(std::chrono::milliseconds(args.step_ms));
    task.log(longhaul::log_level::info, "step " + std::to_string(step) + " is done");
    task.progress(step, args.steps, "step " + std::to_string(step));
  }
  co_return "waited " + std::to_string(args.steps) + " steps";
}

std::vector<longhaul::field_options> wait_fields() {
  return {field(&wait_args::steps, "How many").range(1, 1000),
          field(&wait_args::step_ms, "Milliseconds each").range(0, 60'000)};
}

void add_policies(longhaul::server& server) {
  server.add_tool({.name = "echo",
                   .title = "Echo",
                   .description = "Says what it is told; never makes a task",
                   .policy = task_policy::never,
                   .annotations = {.read_only = true, .idempotent = true, .open_world = false}},
                  [](const text_args& args) { return args.text; });
  server.add_tool({.name = "wait",
                   .description = "Takes its time, with progress and logs; a task where the caller "
                                  "knows tasks",
                   .fields = wait_fields()},
                  wait_a_while);
  server.add_tool({.name = "wait_as_task",
                   .description = "The same, for callers that know tasks only",
                   .policy = task_policy::always,
                   .fields = wait_fields()},
                  wait_a_while);
  server.add_tool({.name = "wait_or_answer",
                   .description = "The same; answers directly if it takes less than a second",
                   .inline_wait = 1s,
                   .fields = wait_fields()},
                  wait_a_while);
}

// --- results of every kind

enum class sky { clear, cloudy, rain };
BOOST_DESCRIBE_ENUM(sky, clear, cloudy, rain)

struct weather_args {
  std::string city;
  int days = 2;
};
BOOST_DESCRIBE_STRUCT(weather_args, (), (city, days))

struct day {
  sky what = sky::clear;
  double degrees = 20;
};
BOOST_DESCRIBE_STRUCT(day, (), (what, degrees))

struct weather {
  std::string city;
  std::vector<day> days = {};
};
BOOST_DESCRIBE_STRUCT(weather, (), (city, days))

void add_results(longhaul::server& server) {
  server.add_tool(
      {.name = "weather",
       .description = "Structured output, with a schema",
       .policy = task_policy::never,
       .fields = {field(&weather_args::city, "Name of the city").length(1, 100),
                  field(&weather_args::days, "How many days").range(1, 10)}},
      [](const weather_args& args) {
        weather all{.city = args.city};
        for (int at = 0; at < args.days; ++at) {
          all.days.push_back({.what = at % 2 ? sky::rain : sky::clear, .degrees = 20.5 + at});
        }
        return all;
      });
  server.add_tool({.name = "contents",
                   .description = "One item of every type of content",
                   .policy = task_policy::never},
                  [] {
                    return longhaul::contents(
                        longhaul::text("words"),
                        longhaul::image(picture, "image/x-portable-graymap"),
                        longhaul::audio(silence, "audio/wav"),
                        longhaul::embedded_text("every://about", "text/plain", "embedded"),
                        longhaul::resource_link("every://about", "about"));
                  });
  server.add_tool({.name = "fail",
                   .description = "Fails in a way that a model can read",
                   .policy = task_policy::never},
                  []() -> std::string { throw longhaul::tool_error("it failed, as it should"); });
}

// --- questions of every kind

enum class drink { none, water, tea };
BOOST_DESCRIBE_ENUM(drink, none, water, tea)

struct order_form {
  std::string dish;
  drink with = drink::water;  // may be left out, as every member whose default says something
  bool dessert = false;
};
BOOST_DESCRIBE_STRUCT(order_form, (), (dish, with, dessert))

std::string ask_form(longhaul::task_context& task) {
  const auto question = longhaul::elicitation::form<order_form>("What would you like?");
  const longhaul::answer given = task.ask("order", question);
  if (!given.accepted()) return "Nothing was ordered.";
  const auto order = given.as<order_form>();
  return "Ordered: " + order.dish + (order.with == drink::none ? "" : ", with a drink") +
         (order.dessert ? ", and a dessert" : "");
}

std::string ask_page(longhaul::task_context& task) {
  const auto page = longhaul::elicitation::url("Please log in", "https://example.org/login");
  const bool went = task.ask("login", page).accepted();
  if (went) task.url_done("login");
  return went ? "Logged in." : "Not logged in.";
}

std::string ask_model(longhaul::task_context& task, const text_args& args) {
  return "The model says: " + task.sample("prompt", {args.text, 200}).text();
}

std::string ask_roots(longhaul::task_context& task) {
  std::string all = "Folders:";
  for (const longhaul::root& folder : task.list_roots()) all += " " + folder.uri;
  return all;
}

void add_questions(longhaul::server& server) {
  server.add_tool({.name = "ask_form",
                   .description = "Asks the user, by a form",
                   .on_crash = longhaul::on_crash::rerun},
                  ask_form);
  server.add_tool({.name = "ask_page", .description = "Sends the user to a page"}, ask_page);
  server.add_tool({.name = "ask_model",
                   .description = "Asks the model of the caller",
                   .requires_capabilities = {client_capability::sampling}},
                  ask_model);
  server.add_tool({.name = "ask_roots",
                   .description = "Asks for the folders of the caller",
                   .requires_capabilities = {client_capability::roots}},
                  ask_roots);
}

// --- what is no tool

struct item_variables {
  int number = 0;
};
BOOST_DESCRIBE_STRUCT(item_variables, (), (number))

struct letter_args {
  std::string to;
};
BOOST_DESCRIBE_STRUCT(letter_args, (), (to))

std::vector<longhaul::prompt_message> letter(const letter_args& args) {
  std::vector<longhaul::prompt_message> all;
  all.push_back(longhaul::user("Write a letter to " + args.to + "."));
  all.push_back(longhaul::assistant("Dear " + args.to + ","));
  return all;
}

void add_prompts_and_resources(longhaul::server& server) {
  server.add_resource({.uri = "every://about", .name = "about", .mime_type = "text/plain"},
                      longhaul::resource_content("A server that shows every feature"));
  server.add_resource(
      {.uri = "every://dot", .name = "dot", .mime_type = "image/x-portable-graymap"},
      [] { return longhaul::resource_content::blob(picture); });
  server.add_resource_template(
      {.uri = "every://item/{number}",
       .name = "item",
       .mime_type = "text/plain",
       .complete = {{"number", longhaul::completer::among({"1", "2", "12"})}}},
      [](const item_variables& item) { return "item " + std::to_string(item.number); });
  server.add_prompt({.name = "letter",
                     .description = "Begins a letter",
                     .complete = {{"to", longhaul::completer::among({"Ada", "Alan", "Grace"})}}},
                    letter);
  server.add_tool({.name = "touch",
                   .description = "Says that every://dot has changed, to those who subscribed",
                   .policy = task_policy::never},
                  [&server] { server.resource_updated("every://dot"); });
  server.add_tool({.name = "toggle",
                   .description = "Adds the tool `toggled`, or removes it",
                   .policy = task_policy::never},
                  [&server] {
                    if (server.remove_tool("toggled")) return "it is gone";
                    server.add_tool({.name = "toggled", .description = "Comes and goes"},
                                    [] { return "here I am"; });
                    return "it is there";
                  });
}

void add_extension(longhaul::server& server) {
  longhaul::extension mirror("com.example/mirror");
  mirror.add_method({.name = "mirror/reflect"}, [&server](const text_args& given) {
    const text_args reversed{std::string(given.text.rbegin(), given.text.rend())};
    server.notify("notifications/mirror/used", longhaul::to_json(reversed));
    return reversed;
  });
  mirror.add_notification({.name = "notifications/mirror/used", .member = "mirrorUsed"});
  server.add_extension(mirror);
}

}  // namespace

int main(int argc, char** argv) {
  longhaul::server server{{.name = "everything",
                           .version = "0.1.0",
                           .title = "Everything",
                           .instructions = "Every tool here only shows a feature.",
                           .dynamic = true}};
  server.use(longhaul::limit_rates({.calls_per_caller = longhaul::rate{1000, 1min}}));
  add_policies(server);
  add_results(server);
  add_questions(server);
  add_prompts_and_resources(server);
  add_extension(server);
  return longhaul::run(server, argc, argv);
}
