// SPDX-License-Identifier: Apache-2.0
#include "fixture_server.hpp"

#include "feature_fixtures.hpp"
#include "json/view.hpp"
#include "longhaul/typed_tool.hpp"
#include "question_tools.hpp"
#include "tasks/sync.hpp"

namespace longhaul::test {
namespace {

std::string door_of(const raw_json& arguments) {
  return json::value(arguments)["door"].string().value_or("open");
}

tool_options options_of(std::string name, task_policy policy) {
  tool_options options;
  options.name = std::move(name);
  options.description = "For tests";
  options.policy = policy;
  options.input_schema = raw_json::trusted(R"({"type":"object"})");
  return options;
}

raw_json text_result(std::string_view text, bool is_error = false) {
  std::string body = R"({"content":[{"type":"text","text":")";
  body += text;
  body += is_error ? R"("}],"isError":true})" : R"("}]})";
  return raw_json::trusted(std::move(body));
}

outcome done(std::string_view text) { return outcome::result(text_result(text)); }

elicitation question(const std::string& message) {
  return elicitation::form(
      message, raw_json::trusted(R"({"type":"object","properties":{"name":{"type":"string"}}})"));
}

std::string name_in(const answer& given) {
  if (!given.accepted()) return "nobody";
  return json::value(given.content)["name"].string().value_or("?");
}

}  // namespace

fixture_server::fixture_server(fixture_options options)
    : options_(std::move(options)),
      tools_(std::make_shared<serving::catalog>(
          serving::server_identity{"fixture", "1.2", "Fixture", "Use it for tests."},
          serving::catalog_options{.changes = options_.dynamic})),
      work_(boost::asio::make_work_guard(context_)) {
  add_fixture_tools(*tools_, door);
  if (options_.features) add_features(*tools_);
  tasks::engine_options with;
  with.store = std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
  with.clock = &clock;
  with.manual = true;
  with.bounds = options_.bounds;
  with.limits = options_.limits;
  with.tools = tools_;
  engine_ = std::make_unique<tasks::engine>(with);
  engine_->start();
  dispatcher_ = std::make_unique<serving::dispatcher>(*tools_, *engine_);
  http_ = wire::make_http_endpoint(*dispatcher_, endpoint_options());
  thread_ = std::thread([this] { context_.run(); });
}

fixture_server::~fixture_server() {
  door.open_all();
  engine_->stop();
  work_.reset();
  context_.stop();
  thread_.join();
}

wire::endpoint_options fixture_server::endpoint_options() const {
  wire::endpoint_options options;
  options.clock = &clock;
  options.secrets = options_.secrets;
  options.max_sessions = options_.max_sessions;
  return options;
}

std::unique_ptr<wire::pipe_endpoint> fixture_server::pipe(std::shared_ptr<wire::outlet> out) {
  return wire::make_pipe_endpoint(*dispatcher_, endpoint_options(), std::move(out));
}

void fixture_server::advance(milliseconds by) {
  clock.advance(by);
  engine_->tick();
}

namespace {

class status_watch final : public tasks::follower {
 public:
  void on_task(const task_ptr& task) override {
    const std::lock_guard lock(mutex_);
    if (!newest_ || newest_->rev < task->rev) newest_ = task;
    changed_.notify_all();
  }
  bool await(std::string_view status) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, doors::patience,
                             [&] { return newest_ && to_string(newest_->status) == status; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  task_ptr newest_;
};

}  // namespace

bool fixture_server::await_status(const std::string& id, std::string_view status) {
  const auto watch = std::make_shared<status_watch>();
  const auto following = engine_->follow(id, watch);
  for (const auto* owner : {"anonymous", "local", "key:ann"}) {
    if (const auto now = tasks::sync(engine_->get_any(owner, id))) watch->on_task(now);
  }
  return watch->await(status);
}

void fixture_server::replace_http() {
  retired_ = std::move(http_);
  http_ = wire::make_http_endpoint(*dispatcher_, endpoint_options());
}

void add_fixture_tool(serving::catalog& into, const std::string& name, const std::string& owner) {
  tool_options options = options_of(name, task_policy::never);
  if (!owner.empty()) {
    options.visible_to = [owner](std::string_view who) { return who == owner; };
  }
  into.add(make_tool(std::move(options), [](const raw_json&) -> outcome { return done("done"); }));
}

void add_fixture_tools(serving::catalog& into, doors& door) {
  const auto add = [&into](tool_options options, auto handler) {
    into.add(make_tool(std::move(options), std::move(handler)));
  };
  const auto work = [&door](task_context& task, const raw_json& arguments) -> outcome {
    door.pass(door_of(arguments), task.stop_token());
    return done("done");
  };

  tool_options echo = options_of("echo", task_policy::never);
  echo.title = "Echo";
  echo.annotations.read_only = true;
  echo.input_schema = raw_json::trusted(
      R"({"type":"object","properties":{"text":{"type":"string"}},"required":["text"]})");
  add(std::move(echo), [](const raw_json& arguments) -> outcome {
    return done(json::value(arguments)["text"].string().value_or("nothing"));
  });
  tool_definition strict;
  strict.options = options_of("strict", task_policy::automatic);
  strict.accept = [](const raw_json& arguments, const argument_leniency&) {
    if (!json::value(arguments)["n"].integer()) {
      throw std::invalid_argument("n: an integer, please");
    }
    return call_arguments(arguments);
  };
  strict.handler = blocking_handler(
      [](task_context&, const raw_json&) -> handler_result { return done("fine"); });
  into.add(std::move(strict));

  add(options_of("work", task_policy::automatic), work);
  add(options_of("must", task_policy::always), work);
  add(options_of("fails", task_policy::automatic),
      [](const raw_json&) -> outcome { throw tool_error("it broke"); });
  add(options_of("breaks", task_policy::automatic), [](const raw_json&) -> outcome {
    throw protocol_error(31999, "not today", raw_json::trusted(R"({"why":"rain"})"));
  });
  add(options_of("steps", task_policy::automatic),
      [&door](task_context& task, const raw_json& arguments) -> outcome {
        door.pass(door_of(arguments), task.stop_token());
        task.progress(1, 2, "one");
        task.progress(1, 2, "again");
        task.log(log_level::debug, "half way");
        task.log(log_level::warning, "nearly");
        task.progress(2, 2);
        return done("done");
      });
  add(options_of("comes_again", task_policy::automatic),
      [&door](task_context& task, const raw_json& arguments) -> outcome {
        task.progress(1, 2, "soon");
        task.close_stream(std::chrono::milliseconds(500));
        door.pass(door_of(arguments), task.stop_token());
        return done("done");
      });
  add(options_of("asks", task_policy::automatic),
      [](task_context& task, const raw_json&) -> outcome {
        return done("hello " + name_in(task.ask("name", question("Who?"))));
      });
  add(options_of("asks_twice", task_policy::automatic),
      [](task_context& task, const raw_json&) -> outcome {
        const std::string first = name_in(task.ask("first", question("Who?")));
        return done(first + " and " + name_in(task.ask("second", question("Who else?"))));
      });
  add(options_of("asks_both", task_policy::automatic),
      [](task_context& task, const raw_json&) -> outcome {
        const auto both =
            task.ask_all({{"left", question("Left?")}, {"right", question("Right?")}});
        return done(name_in(both[0]) + name_in(both[1]));
      });
  add(options_of("sends", task_policy::automatic),
      [](task_context& task, const raw_json&) -> outcome {
        const auto given =
            task.ask("page", elicitation::url("Log in", "https://example.org/login"));
        return done(given.accepted() ? "went" : "stayed");
      });
  tool_options region = options_of("region", task_policy::never);
  region.input_schema = raw_json::trusted(
      R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},)"
      R"("count":{"type":"integer","x-mcp-header":"Count"}}})");
  add(std::move(region), [](const raw_json&) -> outcome { return done("here"); });
  tool_options list = options_of("list", task_policy::never);
  list.output_schema = raw_json::trusted(R"({"type":"array","items":{"type":"integer"}})");
  tool_definition shaped;
  shaped.options = list;
  shaped.output_schema = list.output_schema;
  shaped.handler = blocking_handler([](task_context&, const raw_json&) -> handler_result {
    return outcome::result(raw_json::trusted(
        R"({"content":[{"type":"text","text":"[1]"},{"type":"resource_link","uri":"a:b","name":"b"}],)"
        R"("structuredContent":[1],"_meta":{"org.example/x":1}})"));
  });
  into.add(std::move(shaped));
  add_question_tools(into);
  tool_options mostly_fast = options_of("mostly_fast", task_policy::automatic);
  mostly_fast.inline_wait = std::chrono::hours(1);
  add(std::move(mostly_fast), work);
}

}  // namespace longhaul::test
