// SPDX-License-Identifier: Apache-2.0
// A dispatcher over a real engine on a store in memory, with a clock that the test owns, and an
// audience that writes down what it hears.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "json/view.hpp"
#include "server/dispatcher.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {

// NOLINTBEGIN(google-global-names-in-headers): a part of its tests
using namespace std::chrono_literals;
using namespace serving;
// NOLINTEND(google-global-names-in-headers)

class recorder : public audience {
 public:
  bool progress(const tasks::progress_event& event) override {
    progressed.push_back(event.state.done);
    events.push_back(event);
    if (on_progress) on_progress(event);
    return true;
  }
  bool changed(const task_view& view) override {
    if (refuse > 0) return --refuse, false;
    changes.push_back(view.task);
    if (on_change) on_change(view.task);
    return true;
  }
  bool question(const task_record& task, const task_input& input, int round) override {
    if (refuse > 0) return --refuse, false;
    asked.push_back(input.key);
    rounds.push_back(round);
    if (on_question) on_question(task.id(), input.key);
    return true;
  }
  bool log(const tasks::log_event& event) override {
    logged.push_back(event.message);
    return true;
  }
  void waiting() override { ++waits; }

  int refuse = 0, waits = 0;
  std::vector<double> progressed;
  std::vector<std::string> logged;
  std::vector<tasks::progress_event> events;
  std::function<void(const tasks::progress_event&)> on_progress;
  std::vector<task_ptr> changes;
  std::vector<std::string> asked;
  std::vector<int> rounds;
  std::function<void(const std::string& id, const std::string& key)> on_question;
  std::function<void(const task_ptr&)> on_change;
};

class dispatcher_fixture : public testing::Test {
 protected:
  dispatcher_fixture() {
    engine_options.clock = &clock;
    engine_options.manual = true;
    engine_options.store = std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
  }
  ~dispatcher_fixture() override {
    door.open();
    if (engine) engine->stop();
  }
  template <class Handler>
  void add(tool_options options, Handler handler) {
    tools->add(make_tool(std::move(options), std::move(handler)));
  }
  void start() {
    engine_options.tools = tools;
    engine = std::make_unique<tasks::engine>(engine_options);
    engine->start();
    server = std::make_unique<dispatcher>(*tools, *engine, server_options);
  }
  void add_asking(task_policy policy = task_policy::automatic, milliseconds inline_wait = 0ms) {
    add({.name = "paint", .policy = policy, .inline_wait = inline_wait}, [](task_context& task) {
      const auto reply = task.ask(
          "color",
          elicitation::form(
              "Which?",
              raw_json::trusted(R"({"type":"object","properties":{"color":{"type":"string"}}})")));
      return std::string(reply.accepted() ? "accepted" : "declined");
    });
  }
  exchange_ptr open() { return std::make_shared<exchange>(context.get_executor()); }
  static call_request request(std::string tool, call_mode mode = call_mode::wait) {
    call_request what;
    what.tool = std::move(tool);
    what.mode = mode;
    return what;
  }
  /// Begins a call; its reply comes while `context` runs.
  std::shared_ptr<std::optional<call_reply>> begin(call_request what, const exchange_ptr& by) {
    auto reply = std::make_shared<std::optional<call_reply>>();
    auto calling = server->call(who, std::move(what), by, to);
    boost::asio::co_spawn(context, std::move(calling), [reply](std::exception_ptr e, call_reply r) {
      if (e) std::rethrow_exception(e);
      *reply = std::move(r);
    });
    return reply;
  }
  call_reply call(call_request what) {
    const auto reply = begin(std::move(what), open());
    context.restart();
    context.run();
    return std::move(**reply);
  }
  template <class T>
  T wait_for(boost::asio::awaitable<T> work) {
    return tasks::sync(std::move(work));
  }
  static std::optional<refusal> refusal_in(const call_reply& reply) {
    const auto* no = std::get_if<refused>(&reply);
    return no ? std::optional(no->why) : std::nullopt;
  }
  static std::string text_in(const call_reply& reply) {
    const auto* result = std::get_if<outcome>(&reply);
    if (result == nullptr) return "(no outcome)";
    json::elements content(json::value(result->body)["content"]);
    return content.next() ? content.value()["text"].string().value_or("") : "";
  }
  /// Time passes, and whoever waits sees it while `context` runs.
  void advance(milliseconds by) {
    clock.advance(by);
    engine->tick();
  }
  task_ptr stored(const std::string& id) { return tasks::sync(engine->get_any(who.owner, id)); }

  virtual_clock clock;
  tasks::engine_options engine_options;
  dispatcher_options server_options;
  const std::shared_ptr<catalog> tools =
      std::make_shared<catalog>(server_identity{"test", "1", "", ""});
  gate door;
  caller who{"ann", "ann", true};
  recorder to;
  boost::asio::io_context context{1};
  std::unique_ptr<tasks::engine> engine;
  std::unique_ptr<dispatcher> server;
};

}  // namespace longhaul::test
