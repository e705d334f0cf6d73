// SPDX-License-Identifier: Apache-2.0
// What an engine tells those who count and measure.
#include "tasks/work_observer.hpp"

#include <algorithm>

#include "tasks/direct_fixture.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
using tasks::attempt_end;

class recorder final : public tasks::work_observer {
 public:
  void changed(const task_record& task) noexcept override {
    if (task.ends) add("ended " + std::string(to_string(task.status)));
  }
  void created(const task_record& task) noexcept override { add("created " + task.tool()); }
  void began(const task_record& begun, milliseconds waited) noexcept override {
    add("began " + std::to_string(begun.attempt) + " after " + std::to_string(waited.count()));
  }
  void returned(const task_record& begun, const stretch& ran, attempt_end how) noexcept override {
    EXPECT_GE(ran.length.count(), 0);
    add("returned " + std::to_string(begun.attempt) + " " + std::string(to_string(how)));
  }
  void asked(const task_record& begun, const stretch& waited, std::size_t questions,
             bool answered) noexcept override {
    EXPECT_GE(waited.length.count(), 0);
    add("asked " + std::to_string(questions) + " in " + std::to_string(begun.attempt) +
        (answered ? ", answered" : ", given up"));
  }
  void wrote(const task_origin&, tasks::write_kind kind, const stretch& took) noexcept override {
    EXPECT_GE(took.length.count(), 0);
    constexpr std::array names = {"create", "finish", "retry"};
    add("wrote " + std::string(names.at(static_cast<std::size_t>(kind))));
  }
  void refused(std::string_view tool, std::string_view bound) noexcept override {
    add("refused " + std::string(tool) + " " + std::string(bound));
  }
  std::string traceparent_of(const task_record& begun) const override {
    return parent.empty() ? "" : parent + std::to_string(begun.attempt);
  }

  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }
  /// Of this kind.
  std::vector<std::string> all(std::string_view begin) const {
    std::vector<std::string> some = all();
    std::erase_if(some, [&](const std::string& one) { return !one.starts_with(begin); });
    return some;
  }
  bool has(const std::string& one) const {
    const auto now = all();
    return std::ranges::find(now, one) != now.end();
  }

  std::string parent;

 private:
  void add(std::string one) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(one));
  }
  mutable std::mutex mutex_;
  std::vector<std::string> all_;
};

class work_observers : public direct_fixture {
 protected:
  work_observers() { options.observers = {seen}; }
  using told = std::vector<std::string>;
  bool comes_to(const std::string& one) const {
    return wait_until([&] { return seen->has(one); });
  }

  const std::shared_ptr<recorder> seen = std::make_shared<recorder>();
};

TEST_F(work_observers, a_task_from_its_creation_to_its_end) {
  add({.name = "paint", .retry_on = retry_on::error, .retry_backoff = 5s},
      [](task_context& task) -> std::string {
        if (task.attempt() == 1) throw tool_error("no brush");
        return std::string(
            task.ask("color",
                     elicitation::form("Which?",
                                       raw_json::trusted(R"({"type":"object","properties":{}})")))
                .content.view());
      });
  start();
  const auto task = submit(call("paint"));
  ASSERT_TRUE(comes_to("wrote retry"));
  clock.advance(6s);
  engine->tick();
  await_status(task, task_status::input_required);
  answer(task, "color", R"({"action":"accept","content":{}})");
  await_end(task);
  ASSERT_TRUE(comes_to("wrote finish"));
  told all = seen->all();
  for (std::string& one : all) one.resize(std::min(one.find(" after "), one.size()));
  EXPECT_EQ(all, (told{"wrote create", "created paint", "began 1", "returned 1 retry",
                       "wrote retry", "began 2", "asked 1 in 2, answered", "returned 2 completed",
                       "ended completed", "wrote finish"}));
}

TEST_F(work_observers, what_waited_says_how_long) {
  options.max_running = 1;
  gate& door = new_gate();
  add({.name = "slow"}, [&](task_context&) {
    door.pass();
    return std::string("done");
  });
  start();
  const auto first = submit(call("slow"));
  door.await_arrivals(1);
  const auto second = submit(call("slow"));
  clock.advance(7s);
  door.open();
  await_end(first);
  await_end(second);
  ASSERT_TRUE(comes_to("began 1 after 7000"));
  EXPECT_EQ(seen->all("began"), (told{"began 1 after 0", "began 1 after 7000"}));
}

TEST_F(work_observers, what_was_cancelled_was_stopped) {
  gate& door = new_gate();
  add({.name = "slow"}, [&](task_context& task) {
    door.pass(task.stop_token());
    return std::string("done");
  });
  start();
  const auto task = submit(call("slow"));
  door.await_arrivals(1);
  cancel(task);
  ASSERT_TRUE(comes_to("returned 1 stopped"));
  EXPECT_EQ(seen->all("ended"), (told{"ended cancelled"}));
  EXPECT_TRUE(seen->all("wrote finish").empty()) << "there was nothing to write";
}

TEST_F(work_observers, results_say_what_they_are) {
  add({.name = "error"}, [](task_context&) -> std::string { throw tool_error("no"); });
  add({.name = "failed"}, [](task_context&) -> std::string { throw std::runtime_error("no"); });
  start();
  await_end(submit(call("error")));
  ASSERT_TRUE(comes_to("wrote finish"));
  await_end(submit(call("failed")));
  EXPECT_TRUE(comes_to("returned 1 failed"));
  EXPECT_TRUE(seen->has("returned 1 error"));
}

TEST_F(work_observers, a_bound_that_refuses_is_told) {
  options.bounds.open_per_quota = 1;
  options.limits.max_arguments = 10;
  gate& door = new_gate();
  add({.name = "slow"}, [&](task_context&) {
    door.pass();
    return std::string("done");
  });
  start();
  submit(call("slow"));
  submit(call("slow"));
  auto large = call("slow");
  large.arguments = call_arguments(raw_json::trusted(R"({"text":"longer than that"})"));
  submit(large);
  const auto refused = seen->all("refused");
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[0], "refused slow max_open_per_owner");
  EXPECT_EQ(refused[1], "refused slow max_arguments");
}

TEST_F(work_observers, a_handler_hands_on_what_an_observer_says) {
  seen->parent = "00-trace-";
  add({.name = "trace"}, [](task_context& task) { return task.trace().traceparent; });
  start();
  EXPECT_EQ(text_of(*await_end(submit(call("trace")))), "00-trace-1");
}

TEST_F(work_observers, a_creation_that_finds_another_task_wrote_nothing) {
  gate& door = new_gate();
  add({.name = "slow"}, [&](task_context&) {
    door.pass();
    return std::string("done");
  });
  start();
  auto keyed = call("slow");
  keyed.idempotency_key = "once";
  submit(keyed);
  submit(keyed);
  EXPECT_EQ(seen->all("wrote create").size(), 1U);
  EXPECT_EQ(seen->all("created").size(), 1U);
}

TEST_F(work_observers, a_call_without_a_row_is_told_as_well) {
  add({.name = "quick", .policy = task_policy::never},
      [](task_context&) { return std::string("done"); });
  start();
  run("quick");
  ASSERT_TRUE(comes_to("ended completed"));
  EXPECT_EQ(seen->all(),
            (told{"created quick", "began 1 after 0", "returned 1 completed", "ended completed"}));
}

}  // namespace
}  // namespace longhaul::test
