// SPDX-License-Identifier: Apache-2.0
// Questions in the middle of a task: asked once, answered once, without holding a slot.
#include "support/process_census.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

constexpr const char* accept_blue = R"({"action":"accept","content":{"color":"blue"}})";
constexpr const char* decline = R"({"action":"decline"})";

elicitation ask_for(const std::string& what) {
  return elicitation::form(
      what, raw_json::trusted(R"({"type":"object","properties":{"color":{"type":"string"}}})"));
}

using questions = engine_fixture;

TEST_F(questions, an_answer_comes_back_to_the_handler) {
  add({.name = "paint"}, [](task_context& task) {
    const auto reply = task.ask("color", ask_for("Which color?"));
    return std::string(reply.content.view());
  });
  start();
  const auto task = await_status(submit(call("paint")), task_status::input_required);
  ASSERT_TRUE(find_input(*task, "color"));
  EXPECT_EQ(answer(task, "color", accept_blue).code, stores::change_code::applied);
  EXPECT_EQ(text_of(*await_end(task)), R"({"color":"blue"})");
}

boost::asio::awaitable<std::string> paint(task_context& task) {
  auto question = ask_for("Which color?");
  auto asking = task.async_ask("color", std::move(question));
  const auto reply = co_await std::move(asking);
  co_return std::string(reply.content.view());
}

TEST_F(questions, coroutine_handlers_ask_too) {
  add({.name = "paint"}, paint);
  start();
  const auto task = await_status(submit(call("paint")), task_status::input_required);
  answer(task, "color", accept_blue);
  EXPECT_EQ(text_of(*await_end(task)), R"({"color":"blue"})");
}

TEST_F(questions, P14_partial_answers_are_kept_and_replays_change_nothing) {
  add({.name = "two"}, [](task_context& task) {
    const auto replies = task.ask_all({{"a", ask_for("A?")}, {"b", ask_for("B?")}});
    return std::string(replies[0].accepted() ? "yes " : "no ") +
           (replies[1].accepted() ? "yes" : "no");
  });
  start();
  const auto task = await_status(submit(call("two")), task_status::input_required);
  for (int i = 0; i < 3; ++i) answer(task, "a", accept_blue);
  answer(task, "a", decline);  // answered already: ignored
  EXPECT_EQ(answer(task, "unknown", accept_blue).code, stores::change_code::unchanged);
  const auto half = get(task);
  EXPECT_EQ(half->status, task_status::input_required);
  EXPECT_TRUE(find_input(*half, "a")->response);
  EXPECT_FALSE(find_input(*half, "b")->response);
  for (int i = 0; i < 3; ++i) answer(task, "b", decline);
  EXPECT_EQ(text_of(*await_end(task)), "yes no");
}

// An update, empty or replayed, once started the tool a second time.
TEST_F(questions, an_update_of_a_working_task_starts_nothing) {
  gate& door = new_gate();
  add({.name = "work"}, [&](task_context&) { door.pass(); });
  start();
  const auto task = submit(call("work"));
  door.await_arrivals(1);
  answer(task, "color", accept_blue);
  tasks::sync(engine->answer("ann", task->id(), {}));
  door.open();
  EXPECT_EQ(await_end(task)->attempt, 1u);
  EXPECT_EQ(door.arrivals(), 1);
}

TEST_F(questions, a_handler_that_waits_gives_its_slot_up) {
  options.max_running = 1;
  add({.name = "paint"}, [](task_context& task) { task.ask("color", ask_for("Which color?")); });
  add({.name = "quick"}, [] { return std::string("done"); });
  start();
  const auto asking = await_status(submit(call("paint")), task_status::input_required);
  EXPECT_EQ(await_end(submit(call("quick")))->status, task_status::completed);
  answer(asking, "color", accept_blue);
  EXPECT_EQ(await_end(asking)->status, task_status::completed);
}

// A program that asks still runs: "one at once" meant two.
TEST_F(questions, a_tool_that_keeps_its_slot_needs_no_place_to_wait) {
  options.max_running = 1;
  options.max_parked = 0;
  add({.name = "paint", .keeps_slot = true},
      [](task_context& task) { task.ask("color", ask_for("Which color?")); });
  add({.name = "quick"}, [] {});
  start();
  const auto asking = await_status(submit(call("paint")), task_status::input_required);
  const auto waiting = submit(call("quick"));
  EXPECT_FALSE(waiting->process) << "a free slot would have been taken at once";
  answer(asking, "color", accept_blue);
  EXPECT_EQ(await_end(asking)->status, task_status::completed);
  EXPECT_EQ(await_end(waiting)->status, task_status::completed);
}

// A cancelled handler stayed, and a drain waited for it, until another one's work was done.
TEST_F(questions, a_cancelled_handler_does_not_wait_for_a_slot) {
  gate& door = new_gate();
  options.max_running = 1;
  add({.name = "paint"}, [](task_context& task) { task.ask("color", ask_for("Which color?")); });
  add({.name = "long"}, [&](task_context&) { door.pass(); });
  start();
  const auto asking = await_status(submit(call("paint")), task_status::input_required);
  const auto working = submit(call("long"));
  door.await_arrivals(1);
  answer(asking, "color", accept_blue);
  cancel(asking);
  EXPECT_TRUE(wait_until([&] { return engine->running() == 1; }));
  door.open();
  EXPECT_EQ(await_end(working)->status, task_status::completed);
  EXPECT_EQ(await_end(submit(call("long")))->status, task_status::completed);
}

TEST_F(questions, too_many_waiting_handlers_are_told_so) {
  options.max_parked = 1;
  add({.name = "paint"}, [](task_context& task) { task.ask("color", ask_for("Which color?")); });
  start();
  const auto first = await_status(submit(call("paint")), task_status::input_required);
  const auto second = await_end(submit(call("paint")));
  EXPECT_EQ(second->status, task_status::failed);
  EXPECT_NE(second->status_message.find("max_parked"), std::string::npos);
  EXPECT_EQ(second->inputs, nullptr) << "nobody is asked what nobody waits for";
  answer(first, "color", accept_blue);
  EXPECT_EQ(await_end(first)->status, task_status::completed);
}

// One who answers nothing kept everybody from asking for as long as questions stay open.
TEST_F(questions, P21_one_caller_leaves_others_places_to_wait) {
  options.max_parked = 2;
  add({.name = "paint"}, [](task_context& task) { task.ask("color", ask_for("Which color?")); });
  start();
  const auto first = await_status(submit(call("paint")), task_status::input_required);
  const auto second = await_end(submit(call("paint")));
  EXPECT_EQ(second->status, task_status::failed);
  EXPECT_NE(second->status_message.find("max_parked"), std::string::npos);
  const auto other = await_status(submit(call("paint", "bob")), task_status::input_required);
  answer(first, "color", accept_blue);
  answer(other, "color", accept_blue);
  EXPECT_EQ(await_end(first)->status, task_status::completed);
  EXPECT_EQ(await_end(other)->status, task_status::completed);
}

TEST_F(questions, a_key_names_one_question_only) {
  add({.name = "twice"}, [](task_context& task) {
    task.ask("color", ask_for("Which color?"));
    task.ask("color", ask_for("Which color again?"));
  });
  start();
  const auto task = await_status(submit(call("twice")), task_status::input_required);
  answer(task, "color", accept_blue);
  const auto done = await_end(task);
  EXPECT_EQ(done->status, task_status::failed);
  EXPECT_NE(done->status_message.find("input key reused"), std::string::npos);
}

TEST_F(questions, the_same_question_question_is_answered_from_the_store) {
  add({.name = "twice"}, [](task_context& task) {
    const auto one = task.ask("color", ask_for("Which color?"));
    const auto two = task.ask("color", ask_for("Which color?"));
    return std::string(one.content == two.content ? "same" : "different");
  });
  start();
  const auto task = await_status(submit(call("twice")), task_status::input_required);
  answer(task, "color", accept_blue);
  EXPECT_EQ(text_of(*await_end(task)), "same");
}

TEST_F(questions, cancel_wakes_a_handler_that_waits_for_an_answer) {
  add({.name = "paint"}, [](task_context& task) { task.ask("color", ask_for("Which color?")); });
  start();
  const auto task = await_status(submit(call("paint")), task_status::input_required);
  cancel(task);
  engine->drain(std::chrono::hours(1), std::chrono::hours(1));
  EXPECT_EQ(engine->running(), 0u);
  EXPECT_EQ(get(task)->status, task_status::cancelled);
}

TEST_F(questions, P13_an_unanswered_question_ends_the_task_and_running_time_pauses_meanwhile) {
  add({.name = "paint",
       .attempt_limit = std::chrono::minutes(1),
       .answer_within = std::chrono::hours(2)},
      [](task_context& task) { task.ask("color", ask_for("Which color?")); });
  start();
  const auto task = await_status(submit(call("paint")), task_status::input_required);
  clock.advance(std::chrono::hours(1));
  engine->tick();
  EXPECT_EQ(get(task)->status, task_status::input_required) << "attempt_limit must pause";
  clock.advance(std::chrono::hours(1));
  engine->tick();
  EXPECT_EQ(get(task)->status, task_status::failed);
}

}  // namespace
}  // namespace longhaul::test
