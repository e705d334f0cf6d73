// SPDX-License-Identifier: Apache-2.0
// Whatever way an answer takes, it passes `engine::answer`; and what an older version stored
// without that check is held against its question before a handler sees it.
#include "longhaul/task_engine.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

elicitation how_many() {
  return elicitation::form(
      "How many?", raw_json::trusted(R"({"type":"object","properties":{"n":{"type":"integer"},)"
                                     R"("why":{"type":"string"}},"required":["n"]})"));
}

std::string shown(const answer& given) {
  return given.accepted() ? std::string(given.content.view()) : "no answer";
}

class unfit_answers : public engine_fixture {};

TEST_F(unfit_answers, change_nothing_and_name_the_member) {
  add({.name = "asks"}, [](task_context& task) {
    const auto both = task.ask_all({{"left", how_many()}, {"right", how_many()}});
    return shown(both[0]) + shown(both[1]);
  });
  start();
  const auto task = await_status(submit(call("asks")), task_status::input_required);
  std::vector<stores::response> given{
      {"left", raw_json::parse(R"({"action":"accept","content":{"n":1}})")},
      {"right", raw_json::parse(R"({"action":"accept","content":{"n":"2"}})")}};
  try {
    tasks::sync(engine->answer("ann", task->id(), given));
    ADD_FAILURE() << "taken";
  } catch (const tasks::unfit_answer& e) {
    EXPECT_EQ(e.key(), "right");
    EXPECT_STREQ(e.what(), "content.n: expected an integer, got \"2\"");
  }
  const auto now = get(task);
  EXPECT_EQ(now->rev, task->rev) << "the fitting one is not applied either";
  given[1].value = raw_json::parse(R"({"action":"accept","content":{"n":2,"why":null,"x":[]}})");
  given.push_back({"up", raw_json::parse(R"({"action":"what"})")});
  EXPECT_EQ(tasks::sync(engine->answer("ann", task->id(), given)).code,
            stores::change_code::applied);
  EXPECT_EQ(text_of(*await_end(task)), R"({"n":1}{"n":2})");
  // Nothing is open any more: there is nothing that it could not fit.
  given[0].value = raw_json::parse("{}");
  EXPECT_EQ(tasks::sync(engine->answer("ann", task->id(), given)).code,
            stores::change_code::already_terminal);
  EXPECT_EQ(tasks::sync(engine->answer("bob", task->id(), given)).code,
            stores::change_code::not_found);
}

TEST_F(unfit_answers, that_are_stored_already_count_as_none) {
  add({.name = "asks"}, [](task_context& task) { return shown(task.ask("n", how_many())); });
  start();
  const auto task = await_status(submit(call("asks")), task_status::input_required);
  // As versions before the check did it.
  const std::vector<stores::response> given{
      {"n", raw_json::parse(R"({"action":"accept","content":{"n":"many"}})")}};
  tasks::sync(engine->store().answer("ann", task->id(), given));
  EXPECT_EQ(text_of(*await_end(task)), "no answer");
}

TEST_F(unfit_answers, of_a_large_size_are_checked_too) {
  add({.name = "asks"}, [](task_context& task) { return shown(task.ask("n", how_many())); });
  start();
  const auto task = await_status(submit(call("asks")), task_status::input_required);
  const std::string many(200'000, 'x');
  EXPECT_THROW(answer(task, "n", R"({"action":"accept","content":{"n":")" + many + "\"}}"),
               tasks::unfit_answer);
  EXPECT_EQ(answer(task, "n", R"({"action":"accept","content":{"n":3,"x":")" + many + "\"}}").code,
            stores::change_code::applied);
  EXPECT_EQ(text_of(*await_end(task)), R"({"n":3})");
}

TEST(task_engine, refuses_an_answer_that_does_not_fit) {
  task_engine engine;
  engine.start();
  const auto task = engine.create_external({.owner = "ann", .tool = "t"});
  engine.ask(task->id(), task->origin->token, {{"n", how_many()}});
  try {
    engine.answer("ann", task->id(),
                  {{"n", raw_json::parse(R"({"action":"accept","content":{}})")}});
    ADD_FAILURE() << "taken";
  } catch (const question_error& e) {
    EXPECT_STREQ(e.what(), "the answer \"n\" does not fit: content: missing member \"n\"");
  }
  EXPECT_EQ(engine
                .answer("ann", task->id(),
                        {{"n", raw_json::parse(R"({"action":"accept","content":{"n":4}})")}})
                .task->status,
            task_status::working);
}

}  // namespace
}  // namespace longhaul::test
