// SPDX-License-Identifier: Apache-2.0
// Questions of every kind in the middle of a task, those that are settled before it begins, and
// both after a restart.
#include "longhaul/task_engine.hpp"
#include "sqlite/sqlite_store.hpp"
#include "support/temporary_folder.hpp"
#include "tasks/engine_fixture.hpp"
#include "tasks/preflight.hpp"

namespace longhaul::test {
namespace {

constexpr const char* said_paris =
    R"({"role":"assistant","content":{"type":"text","text":"Paris"},"model":"m1"})";

elicitation name_form() {
  return elicitation::form(
      "Who?",
      raw_json::trusted(
          R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"]})"));
}

std::string name_in(const answer& given) {
  return given.accepted() ? json::value(given.content)["name"].string().value_or("?") : "nobody";
}

class question_kinds : public engine_fixture {
 protected:
  // Another process, which finds the file.
  void restart() {
    if (engine) engine->drain(milliseconds(0), std::chrono::hours(1));
    engine.reset();
    options.store.reset();
    sqlite::sqlite_options file;
    file.path = folder_.file("tasks.db");
    file.clock = &clock;
    options.store = std::make_shared<sqlite::sqlite_store>(file);
    start();
  }

 private:
  temporary_folder folder_;
};

TEST_F(question_kinds, answers_of_all_kinds_are_there_after_a_restart) {
  gate& door = new_gate();
  std::atomic<int> asked = 0;
  add({.name = "everything", .on_crash = on_crash::rerun, .retry_backoff = milliseconds(0)},
      [&](task_context& task) {
        ++asked;
        const auto all = task.ask_all({{"who", name_form()},
                                       {"capital", sampling_request("Capital?", 10)},
                                       {"roots", roots_request()},
                                       {"again", sampling_request("Again?", 10)}});
        door.pass(task.stop_token());
        task.throw_if_cancelled();
        EXPECT_TRUE(all[3].refused());
        return name_in(all[0].elicited()) + all[1].sampled().text() + all[2].roots().at(0).uri;
      });
  restart();
  const auto task = await_status(submit(call("everything")), task_status::input_required);
  answer(task, "who", R"({"action":"accept","content":{"name":"Ann"}})");
  answer(task, "roots", R"({"roots":[{"uri":"file:///a"}]})");
  tasks::sync(engine->leave_unanswered("ann", task->id(), "again", -1, "User rejected"));
  answer(task, "capital", said_paris);
  door.await_arrivals(1);
  restart();
  door.open();
  EXPECT_EQ(text_of(*await_end(task)), "AnnParisfile:///a");
  EXPECT_EQ(asked, 2);
}

TEST_F(question_kinds, a_handler_can_tell_a_refusal_from_an_answer) {
  add({.name = "samples"}, [](task_context& task) {
    try {
      return task.sample("q", {"Capital?", 10}).text();
    } catch (const question_refused& why) {
      return std::to_string(why.code()) + " " + why.what();
    }
  });
  start();
  const auto task = await_status(submit(call("samples")), task_status::input_required);
  EXPECT_EQ(tasks::sync(engine->leave_unanswered("bob", task->id(), "q", -1, "no")).code,
            stores::change_code::not_found);
  EXPECT_EQ(tasks::sync(engine->leave_unanswered("ann", task->id(), "other", -1, "no")).code,
            stores::change_code::unchanged);
  tasks::sync(engine->leave_unanswered("ann", task->id(), "q", -1, "no"));
  EXPECT_EQ(text_of(*await_end(task)), "-1 no");
}

TEST_F(question_kinds, what_cannot_be_asked_is_the_handlers_mistake) {
  add({.name = "samples"}, [](task_context& task) { return task.sample("q", {"", 0}).text(); });
  start();
  EXPECT_EQ(await_end(submit(call("samples")))->status, task_status::failed);
}

boost::asio::awaitable<std::string> ask_in_a_coroutine(task_context& task) {
  named_questions all;
  all.emplace_back("capital", sampling_request("Capital?", 10));
  all.emplace_back("roots", roots_request());
  const auto replies = co_await task.async_ask_all(std::move(all));
  std::string key = "more";
  sampling_request wish("More?", 10);
  const auto more = co_await task.async_sample(std::move(key), std::move(wish));
  co_return replies[0].sampled().text() + std::to_string(replies[1].roots().size()) + more.text();
}

TEST_F(question_kinds, coroutines_ask_them_too) {
  add({.name = "samples"}, ask_in_a_coroutine);
  start();
  const auto task = await_status(submit(call("samples")), task_status::input_required);
  answer(task, "capital", said_paris);
  answer(task, "roots", R"({"roots":[]})");
  await(task, [](const task_record& now) { return find_input(now, "more") != nullptr; });
  answer(task, "more", said_paris);
  EXPECT_EQ(text_of(*await_end(task)), "Paris0Paris");
}

// --- settled before it begins

named_questions who_and_color(const raw_json&, const given_answers& so_far) {
  named_questions next;
  next.emplace_back("who", name_form());
  if (so_far.contains("who")) next.emplace_back("color", name_form());
  return next;
}

std::string greet(task_context& task) {
  const std::string who = name_in(task.ask("who", name_form()));
  return who + " " + name_in(task.ask("color", name_form()));
}

boost::asio::awaitable<std::string> greet_later(task_context& task) {
  std::string key = "color";
  elicitation form = name_form();
  const auto color = co_await task.async_ask(std::move(key), std::move(form));
  co_return name_in(color);
}

TEST_F(question_kinds, a_task_asks_before_its_handler_starts) {
  std::atomic<int> began = 0;
  tool_options tool{.name = "greets"};
  tool.preflight = who_and_color;
  add(tool, [&](task_context& task) {
    ++began;
    return greet(task);
  });
  tool.name = "later";
  add(tool, greet_later);
  start();
  for (const char* name : {"greets", "later"}) {
    const auto task = await_status(submit(call(name)), task_status::input_required);
    EXPECT_FALSE(find_input(*task, "color"));
    answer(task, "who", R"({"action":"accept","content":{"name":"Ann"}})");
    await(task, [](const task_record& now) { return find_input(now, "color") != nullptr; });
    EXPECT_EQ(began, name == std::string_view("later") ? 1 : 0);
    answer(task, "color", R"({"action":"accept","content":{"name":"blue"}})");
    const auto done = await_end(task);
    EXPECT_TRUE(text_of(*done).ends_with("blue")) << text_of(*done);
  }
}

TEST_F(question_kinds, what_was_settled_is_never_asked_and_survives_a_restart) {
  gate& door = new_gate();
  tool_options tool{
      .name = "greets", .on_crash = on_crash::rerun, .retry_backoff = milliseconds(0)};
  tool.preflight = who_and_color;
  add(tool, [&](task_context& task) {
    door.pass(task.stop_token());
    task.throw_if_cancelled();
    return greet(task);
  });
  restart();
  const std::vector<stores::response> given{
      {"color", raw_json::parse(R"({"action":"decline"})")},
      {"who", raw_json::parse(R"({"action":"accept","content":{"name":"Ann","x":1}})")},
      {"other", raw_json::parse("{}")}};
  auto settled = tasks::settle(*tools->find("greets"), {}, given, clock.now());
  EXPECT_TRUE(settled.open.empty());
  ASSERT_EQ(settled.answered.size(), 2u);
  auto work = call("greets");
  work.answered = std::make_shared<const task_inputs>(std::move(settled.answered));
  const auto task = submit(work);
  door.await_arrivals(1);
  EXPECT_EQ(get(task)->status, task_status::working);
  restart();
  ASSERT_TRUE(find_input(*get(task), "who"));
  door.open();
  const auto done = await_end(task);
  EXPECT_EQ(text_of(*done), "Ann nobody");
  EXPECT_EQ(done->inputs->size(), 2u);
}

TEST(settle, asks_on_as_long_as_there_are_answers) {
  tool_definition tool;
  tool.options.preflight = who_and_color;
  const auto none = tasks::settle(tool, {}, {}, {});
  ASSERT_EQ(none.open.size(), 1u);
  EXPECT_EQ(none.open[0].key, "who");
  std::vector<stores::response> given{
      {"who", raw_json::parse(R"({"action":"accept","content":{"name":"Ann"}})")}};
  const auto one = tasks::settle(tool, {}, given, {});
  ASSERT_EQ(one.open.size(), 1u);
  EXPECT_EQ(one.open[0].key, "color");
  EXPECT_EQ(one.answered.size(), 1u);
  given.push_back({"color", raw_json::parse("[]")});
  try {
    tasks::settle(tool, {}, given, {});
    ADD_FAILURE() << "taken";
  } catch (const tasks::unfit_answer& e) {
    EXPECT_EQ(e.key(), "color");
  }
}

TEST(settle, a_preflight_without_end_is_stopped) {
  tool_definition tool;
  tool.options.preflight = [](const raw_json&, const given_answers& so_far) {
    named_questions next;
    next.emplace_back(std::to_string(so_far.size()), name_form());
    return next;
  };
  std::vector<stores::response> given;
  for (int i = 0; i < 1000; ++i) {
    given.push_back({std::to_string(i), raw_json::parse(R"({"action":"decline"})")});
  }
  EXPECT_THROW(tasks::settle(tool, {}, given, {}), question_error);
}

struct greet_args {
  std::string greeting;
};
BOOST_DESCRIBE_STRUCT(greet_args, (), (greeting))

TEST_F(question_kinds, a_preflight_reads_the_struct_of_the_arguments) {
  tool_options tool{.name = "greets"};
  tool.preflight = preflight<greet_args>([](const greet_args& args, const given_answers&) {
    named_questions next;
    if (args.greeting.empty()) next.emplace_back("who", name_form());
    return next;
  });
  add(tool, [](task_context&, const greet_args& args) { return args.greeting + "!"; });
  start();
  auto work = call("greets");
  work.arguments = raw_json::parse(R"({"greeting":"Hello"})");
  EXPECT_EQ(text_of(*await_end(submit(work))), "Hello!");
  work.arguments = raw_json::parse(R"({"greeting":""})");
  await_status(submit(work), task_status::input_required);
}

TEST(task_access, asks_every_kind_for_external_work) {
  task_engine engine;
  engine.start();
  const auto task = engine.create_external({.owner = "ann", .tool = "t"});
  const std::string& token = task->origin->token;
  engine.ask(task->id(), token,
             {{"q", sampling_request("Capital?", 10)}, {"roots", roots_request()}});
  EXPECT_THROW(engine.ask(task->id(), token, {{"bad", sampling_request()}}), std::invalid_argument);
  EXPECT_THROW(engine.answer("ann", task->id(), {{"q", raw_json::parse(R"({"action":"accept"})")}}),
               question_error);
  EXPECT_THROW(engine.answer("ann", task->id(), {{"q", raw_json::parse("7")}}), question_error);
  engine.answer(
      "ann", task->id(),
      {{"q", raw_json::parse(said_paris)}, {"roots", raw_json::parse(R"({"roots":[]})")}});
  const auto now = engine.get("ann", task->id());
  EXPECT_EQ(now->status, task_status::working);
  EXPECT_EQ(find_input(*now, "q")->response.view(), said_paris);
}

}  // namespace
}  // namespace longhaul::test
