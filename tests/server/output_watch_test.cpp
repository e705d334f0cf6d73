// SPDX-License-Identifier: Apache-2.0
// Who is told that captured output has grown, and when nobody looks at it any more. The test looks;
// outputs are numbers.
#include "server/output_watch.hpp"

#include <map>
#include <set>

#include "server/dispatcher_fixture.hpp"

namespace longhaul::test {
namespace {

class numbers final : public output_source {
 public:
  std::optional<part> read(std::string_view, std::string_view, std::uint64_t,
                           std::size_t) override {
    return std::nullopt;
  }
  std::optional<part> tail(std::string_view, std::string_view, std::size_t) override {
    return part{"some", 0, 4};
  }
  std::optional<extent> look(std::string_view task, std::string_view stream) override {
    ++looks;
    if (broken) throw std::runtime_error("a damaged file");
    const auto found = printed.find(std::string(task) + "/" + std::string(stream));
    return found == printed.end() ? std::nullopt : std::optional(found->second);
  }
  bool in_use(std::string_view task) const override { return running.contains(task); }

  int looks = 0;
  bool broken = false;
  std::map<std::string, extent> printed;
  std::set<std::string, std::less<>> running;
};

class ear final : public update_listener {
 public:
  void on_resource_updated(const std::string& uri) override { heard.push_back(uri); }
  std::vector<std::string> take() { return std::exchange(heard, {}); }
  std::vector<std::string> heard;
};

using strings = std::vector<std::string>;

class output_watch_test : public dispatcher_fixture {
 protected:
  output_watch_test() {
    add({.name = "work"}, [this](task_context& task) {
      door.pass(task.stop_token());
      return std::string("done");
    });
    engine_options.max_running = 1;
  }
  void begin_server() {
    start();
    watch = std::make_unique<output_watch>(outputs, *engine, tools->watch());
  }
  ~output_watch_test() override {
    door.open();
    watch.reset();
  }
  std::string run() {
    return std::get<created_task>(call(request("work", call_mode::as_task))).task->id();
  }
  static std::string uri_of(const std::string& task) {
    return "longhaul://tasks/" + task + "/stdout";
  }
  resource_hold_ptr held(const std::string& uri) { return wait_for(watch->hold(who, uri)); }
  // As the wire does it.
  resource_hold_ptr listen(const std::string& uri, const std::shared_ptr<ear>& listener) {
    auto hold = held(uri);
    if (!hold) return hold;
    tools->watch().watch(uri, listener);
    hold->begin();
    return hold;
  }
  strings looked() {
    watch->look();
    return who_hears->take();
  }
  void await_end(const std::string& id) {
    const auto waiter = std::make_shared<state_waiter>();
    const auto following = engine->follow(id, waiter);
    waiter->on_task(stored(id));
    waiter->await([](const task_record& task) { return task.terminal(); });
  }
  void print(const std::string& task, std::uint64_t total, std::int64_t at = 0) {
    outputs.printed[task + "/stdout"] = {total, at};
  }

  numbers outputs;
  std::unique_ptr<output_watch> watch;
  const std::shared_ptr<ear> who_hears = std::make_shared<ear>();
};

TEST_F(output_watch_test, tells_of_growth_once_a_look_and_of_nothing_else) {
  begin_server();
  const std::string task = run(), uri = uri_of(task);
  const auto hold = listen(uri, who_hears);
  ASSERT_TRUE(hold);
  EXPECT_EQ(looked(), strings{}) << "there is nothing yet";
  print(task, 5);
  EXPECT_EQ(looked(), strings{uri});
  EXPECT_EQ(looked(), strings{});
  print(task, 6);
  EXPECT_EQ(looked(), strings{uri});
  outputs.printed[task + "/stderr"] = {9, 0};
  EXPECT_EQ(looked(), strings{}) << "the other stream";
  print(task, 6, 1);
  EXPECT_EQ(looked(), strings{uri}) << "another attempt that printed as much";
  outputs.printed.clear();
  EXPECT_EQ(looked(), strings{uri}) << "another attempt that printed nothing yet";
  EXPECT_EQ(looked(), strings{});
}

TEST_F(output_watch_test, what_is_there_at_a_subscription_is_news) {
  begin_server();
  const std::string task = run(), uri = uri_of(task);
  print(task, 5);
  const auto hold = listen(uri, who_hears);
  EXPECT_EQ(looked(), strings{uri}) << "it may have been printed since it was read";
  EXPECT_EQ(looked(), strings{});
  const auto other_ear = std::make_shared<ear>();
  const auto other = listen(uri, other_ear);
  EXPECT_EQ(looked(), strings{uri});
  EXPECT_EQ(other_ear->take(), strings{uri});
}

TEST_F(output_watch_test, tells_the_end_once_and_forgets) {
  begin_server();
  const std::string task = run(), uri = uri_of(task);
  const auto hold = listen(uri, who_hears);
  print(task, 5);
  EXPECT_EQ(looked(), strings{uri});
  door.open();
  await_end(task);
  EXPECT_EQ(looked(), strings{uri}) << "although nothing was printed since";
  const int looks = outputs.looks;
  print(task, 6);
  EXPECT_EQ(looked(), strings{});
  EXPECT_EQ(outputs.looks, looks) << "nobody looks any more";
  hold->begin();
  EXPECT_EQ(looked(), strings{uri}) << "who subscribes once more hears the end once more";
  EXPECT_EQ(looked(), strings{});
}

TEST_F(output_watch_test, goes_on_until_the_program_of_a_cancelled_task_is_gone) {
  begin_server();
  const std::string task = run(), uri = uri_of(task);
  const auto hold = listen(uri, who_hears);
  outputs.running.insert(task);
  wait_for(server->cancel(who, task, ""));
  EXPECT_EQ(looked(), strings{});
  print(task, 4);
  EXPECT_EQ(looked(), strings{uri}) << "its last words";
  EXPECT_EQ(looked(), strings{});
  outputs.running.clear();
  EXPECT_EQ(looked(), strings{uri});
  EXPECT_EQ(looked(), strings{});
}

TEST_F(output_watch_test, follows_a_task_that_waits_until_it_runs) {
  begin_server();
  run();
  const std::string waiting = run(), uri = uri_of(waiting);
  EXPECT_FALSE(stored(waiting)->terminal());
  const auto hold = listen(uri, who_hears);
  EXPECT_EQ(looked(), strings{});
  EXPECT_EQ(looked(), strings{}) << "and is not forgotten meanwhile";
  print(waiting, 1);
  EXPECT_EQ(looked(), strings{uri});
}

TEST_F(output_watch_test, tells_who_comes_after_the_end) {
  begin_server();
  const std::string task = run(), uri = uri_of(task);
  door.open();
  await_end(task);
  const auto hold = listen(uri, who_hears);
  EXPECT_EQ(looked(), strings{uri});
  EXPECT_EQ(looked(), strings{});
}

TEST_F(output_watch_test, looks_at_nothing_that_nobody_listens_to) {
  begin_server();
  const std::string task = run(), uri = uri_of(task);
  print(task, 1);
  watch->look();
  EXPECT_EQ(outputs.looks, 0);
  auto first = listen(uri, who_hears), second = listen(uri, who_hears);
  watch->look();
  EXPECT_EQ(outputs.looks, 1) << "one look for all who listen to it";
  first.reset();
  watch->look();
  EXPECT_EQ(outputs.looks, 2);
  second.reset();
  watch->look();
  EXPECT_EQ(outputs.looks, 2);
  EXPECT_EQ(engine->followers(), 0U);
  const auto unused = held(uri);
  watch->look();
  EXPECT_EQ(outputs.looks, 2) << "what was not begun";
}

TEST_F(output_watch_test, an_output_that_cannot_be_read_is_looked_at_again) {
  begin_server();
  const std::string task = run(), uri = uri_of(task);
  const auto hold = listen(uri, who_hears);
  print(task, 1);
  outputs.broken = true;
  EXPECT_EQ(looked(), strings{});
  outputs.broken = false;
  EXPECT_EQ(looked(), strings{uri});
  outputs.broken = true;
  door.open();
  await_end(task);
  EXPECT_EQ(looked(), strings{uri}) << "the end is told all the same";
}

TEST_F(output_watch_test, unknown_and_foreign_tasks_are_the_same_answer) {
  server_options.outputs = &outputs;
  begin_server();
  const std::string task = run();
  const auto answer = [&](const std::string& uri) {
    return wait_for(server->hold_resource(who, uri));
  };
  EXPECT_TRUE(std::holds_alternative<resource_hold_ptr>(answer(uri_of(task))));
  EXPECT_EQ(std::get<refused>(answer(uri_of(task) + "?offset=1")).why, refusal::invalid_arguments);
  EXPECT_EQ(std::get<refused>(answer(uri_of(task) + "?x")).why, refusal::invalid_arguments);
  const auto unknown = std::get<refused>(answer(uri_of(task + "x")));
  who = {"eve", "eve", true};
  const auto foreign = std::get<refused>(answer(uri_of(task)));
  EXPECT_EQ(unknown.why, refusal::unknown_resource);
  EXPECT_EQ(foreign.why, unknown.why);
  EXPECT_EQ(foreign.message, unknown.message);
  EXPECT_EQ(std::get<refused>(answer("notes://nowhere")).why, refusal::unknown_resource);
  EXPECT_EQ(engine->followers(), 0U);
}

TEST_F(output_watch_test, what_is_read_says_whether_it_is_all) {
  server_options.outputs = &outputs;
  begin_server();
  const std::string task = run();
  const auto ended = [&] {
    return std::get<resource_contents>(wait_for(server->read_resource(who, uri_of(task)))).ended;
  };
  EXPECT_FALSE(ended());
  outputs.running.insert(task);
  wait_for(server->cancel(who, task, ""));
  EXPECT_FALSE(ended()) << "its program may say something yet";
  outputs.running.clear();
  EXPECT_TRUE(ended());
}

}  // namespace
}  // namespace longhaul::test
