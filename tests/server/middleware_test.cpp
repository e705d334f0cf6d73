// SPDX-License-Identifier: Apache-2.0
// Middleware: what it hears, what it may change, and how it refuses.
#include <future>
#include <mutex>

#include "longhaul/audit_log.hpp"
#include "longhaul/prompt.hpp"
#include "longhaul/rate_limit.hpp"
#include "server/dispatcher_fixture.hpp"

namespace longhaul::test {
namespace {

// Writes down what it hears, in one line each; does what a test says.
class witness final : public middleware {
 public:
  explicit witness(std::string name = {}) : name_(std::move(name)) {}

  void on_call(arriving_call& call) override {
    add("call " + of(call) + " by " + call.caller.owner);
    if (at_call) at_call(call);
  }
  void on_result(const answered_call& call, outcome& result) override {
    add("result " + of(call));
    if (at_result) at_result(call, result);
  }
  void on_end(const ended_call& call) override {
    std::string line = "end " + of(call) + " " + std::string(to_string(call.end));
    if (!call.words.empty()) line += ": " + std::string(call.words);
    add(line);
    if (at_end) at_end(call);
  }

  std::vector<std::string> heard() {
    const std::lock_guard lock(mutex_);
    return std::exchange(heard_, {});
  }

  std::function<void(arriving_call&)> at_call;
  std::function<void(const answered_call&, outcome&)> at_result;
  std::function<void(const ended_call&)> at_end;

 private:
  static std::string of(const called_feature& call) {
    std::string text = std::string(to_string(call.kind)) + " " + std::string(call.name);
    if (!call.subject.empty() && call.kind != call_kind::task) {
      text += " (" + std::string(call.subject) + ")";
    }
    return text;
  }
  void add(const std::string& line) {
    const std::lock_guard lock(mutex_);
    heard_.push_back(name_ + line);
  }

  const std::string name_;
  std::mutex mutex_;
  std::vector<std::string> heard_;
};

using lines = std::vector<std::string>;

class middleware_test : public dispatcher_fixture {
 protected:
  void start_with(std::vector<std::shared_ptr<middleware>> all) {
    const auto chain = std::make_shared<middleware_chain>(std::move(all), logger());
    engine_options.hooks = chain;
    server_options.middleware = chain;
    start();
  }
  void start_observed() { start_with({hooks}); }
  void add_quick() {
    add({.name = "quick", .policy = task_policy::never, .quick = true},
        []() -> boost::asio::awaitable<std::string> { co_return "done"; });
  }
  std::string run_task(const std::string& tool, raw_json arguments = {}) {
    auto what = request(tool, call_mode::as_task);
    what.arguments = std::move(arguments);
    const auto reply = call(std::move(what));
    return std::get<created_task>(reply).task->id();
  }
  void await_end(const std::string& id) {
    for (task_ptr now = stored(id); now && !now->terminal(); now = stored(id)) engine->tick();
  }

  const std::shared_ptr<witness> hooks = std::make_shared<witness>();
};

TEST_F(middleware_test, hears_of_a_call_its_result_and_its_end_wherever_it_runs) {
  add({.name = "plain", .policy = task_policy::never}, [] { return std::string("done"); });
  add({.name = "row"}, [] { return std::string("done"); });
  add_quick();
  start_observed();
  for (const std::string tool : {"plain", "row", "quick"}) {
    EXPECT_EQ(text_in(call(request(tool))), "done");
    EXPECT_EQ(hooks->heard(), (lines{"call tool " + tool + " by ann", "result tool " + tool,
                                     "end tool " + tool + " completed"}));
  }
}

TEST_F(middleware_test, hears_how_it_ended) {
  add({.name = "sad"}, []() -> std::string { throw tool_error("no paper"); });
  add({.name = "broken"}, []() -> std::string { throw protocol_error(7, "no printer"); });
  add({.name = "slow"}, [this](task_context& task) {
    door.pass(task.stop_token());
    return std::string();
  });
  start_observed();
  call(request("sad"));
  call(request("broken"));
  EXPECT_EQ(hooks->heard(), (lines{"call tool sad by ann", "result tool sad",
                                   "end tool sad tool_error: no paper", "call tool broken by ann",
                                   "result tool broken", "end tool broken failed: no printer"}));
  const std::string id = run_task("slow");
  wait_for(server->cancel(who, id, "enough"));
  EXPECT_EQ(hooks->heard(), (lines{"call tool slow by ann", "call task cancel by ann",
                                   "end tool slow cancelled: enough"}));
}

TEST_F(middleware_test, hears_of_what_is_refused_by_others) {
  add({.name = "never", .policy = task_policy::never}, [] { return std::string(); });
  start_observed();
  call(request("nobody"));
  call(request("never", call_mode::as_task));
  EXPECT_EQ(
      hooks->heard(),
      (lines{"call tool nobody by ann", "end tool nobody refused: unknown tool: nobody",
             "call tool never by ann", "end tool never refused: this tool never runs as a task"}));
}

// One that goes on is not over, and work that has an end of its own is not refused as well.
TEST_F(middleware_test, hears_of_one_end_of_a_call_whose_answers_are_refused) {
  add_asking();
  start_observed();
  auto what = request("paint");
  what.ask = asking::by_reply;
  what.modes.add(client_capability::elicitation_form);
  const stores::response unfit{"color", raw_json::trusted(R"({"action":"accept","content":[]})")};

  const auto first = call(what);
  EXPECT_EQ(hooks->heard(), lines{"call tool paint by ann"});
  auto again = what;
  again.resume = std::get<needs_input>(first).task->id();
  again.answers = {unfit};
  EXPECT_EQ(refusal_in(call(again)), refusal::bad_answer);
  EXPECT_EQ(hooks->heard(), lines{});
  again.answers = {{"color", raw_json::trusted(R"({"action":"decline"})")}};
  EXPECT_EQ(text_in(call(again)), "declined");
  EXPECT_EQ(hooks->heard(), (lines{"result tool paint", "end tool paint completed"}));
  again.resume = "gone";
  EXPECT_EQ(refusal_in(call(again)), refusal::bad_resume);
  EXPECT_EQ(hooks->heard(), lines{});

  auto in_advance = what;
  in_advance.answers = {unfit};
  EXPECT_EQ(refusal_in(call(in_advance)), refusal::bad_answer);
  EXPECT_EQ(hooks->heard(),
            (lines{"call tool paint by ann", "end tool paint cancelled: its answers are refused"}));
}

TEST_F(middleware_test, refuses_in_four_ways_and_nothing_is_created) {
  add({.name = "work"}, [] { return std::string("done"); });
  start_observed();
  hooks->at_call = [](arriving_call&) { throw busy_error("later", 1500ms); };
  auto why = std::get<refused>(call(request("work", call_mode::as_task)));
  EXPECT_EQ(why.why, refusal::busy);
  EXPECT_EQ(why.message, "later");
  EXPECT_EQ(why.retry_after, 1500ms);

  hooks->at_call = [](arriving_call&) { throw tool_error("not on Sundays"); };
  why = std::get<refused>(call(request("work")));
  EXPECT_EQ(why.why, refusal::declined);
  EXPECT_EQ(why.code, 0);
  EXPECT_EQ(why.message, "not on Sundays");

  hooks->at_call = [](arriving_call&) {
    throw protocol_error(77, "no", raw_json::trusted(R"({"a":1})"));
  };
  why = std::get<refused>(call(request("work")));
  EXPECT_EQ(why.code, 77);
  EXPECT_EQ(why.data.view(), R"({"a":1})");

  hooks->at_call = [](arriving_call&) { throw std::runtime_error("/etc/secret"); };
  why = std::get<refused>(call(request("work")));
  EXPECT_EQ(why.why, refusal::internal);
  EXPECT_EQ(why.message.find("secret"), std::string::npos);
  hooks->at_call = [](arriving_call&) { throw 7; };
  EXPECT_EQ(refusal_in(call(request("work"))), refusal::internal);
  EXPECT_EQ(hooks->heard().at(1), "end tool work refused: later");

  hooks->at_call = {};
  const auto listed = wait_for(server->list(who, {}));
  EXPECT_TRUE(std::get<task_page>(listed).tasks.empty());
}

TEST_F(middleware_test, reads_and_sets_the_meta_that_handlers_see) {
  std::string seen;
  add({.name = "look"}, [&](task_context& task) {
    seen = std::string(task.request_meta().view());
    return std::string();
  });
  start_observed();
  std::string read;
  hooks->at_call = [&](arriving_call& call) {
    read = std::string(call.meta("com.example/who").view());
    call.set_meta("traceparent", raw_json::trusted(R"("t2")"));
    call.set_meta("com.example/team", raw_json::trusted(R"({"id":7})"));
    call.set_meta("com.example/none", call.meta("com.example/none"));  // which is not there
    call.set_meta("com.example/team2", raw_json::trusted("1"));
    call.set_meta("com.example/team2", {});
  };
  auto what = request("look");
  what.meta = raw_json::trusted(R"({"progressToken":1,"traceparent":"t1"})");
  what.whole_meta = json::value(std::string_view(R"({"com.example/who":"eve"})"));
  call(std::move(what));
  EXPECT_EQ(read, R"("eve")");
  EXPECT_EQ(seen, R"({"progressToken":1,"traceparent":"t2","com.example/team":{"id":7}})");

  hooks->at_call = [](arriving_call& call) {
    std::string large(20'000, 'x');
    call.set_meta("large", raw_json::trusted("\"" + large + "\""));
  };
  EXPECT_EQ(refusal_in(call(request("look"))), refusal::internal);
}

TEST_F(middleware_test, changes_results_the_last_one_first) {
  add({.name = "work"}, [] { return std::string("done"); });
  const auto first = std::make_shared<witness>("1 "), second = std::make_shared<witness>("2 ");
  first->at_result = [](const answered_call& call, outcome& result) {
    const json::value meta = json::value(result.body)["_meta"];
    EXPECT_EQ(meta["b"].integer(), 2);  // what the second one set
    EXPECT_FALSE(call.context.id().empty());
    set_result_meta(result, "a", raw_json::trusted("1"));
    set_result_meta(result, "c", {});
  };
  second->at_result = [](const answered_call&, outcome& result) {
    set_result_meta(result, "b", raw_json::trusted("2"));
  };
  start_with({first, second});
  const auto reply = call(request("work"));
  EXPECT_EQ(json::value(std::get<outcome>(reply).body)["_meta"].raw(), R"({"b":2,"a":1})");
}

TEST_F(middleware_test, that_throws_at_a_result_fails_the_call) {
  add({.name = "work"}, [] { return std::string("done"); });
  start_observed();
  hooks->at_result = [](const answered_call&, outcome&) { throw tool_error("unfit to print"); };
  EXPECT_EQ(text_in(call(request("work"))), "unfit to print");
  EXPECT_EQ(hooks->heard().back(), "end tool work tool_error: unfit to print");
}

TEST_F(middleware_test, that_throws_at_an_end_harms_nobody) {
  add({.name = "work"}, [] { return std::string("done"); });
  const auto other = std::make_shared<witness>();
  start_with({hooks, other});
  hooks->at_end = [](const ended_call&) { throw std::runtime_error("no disk"); };
  EXPECT_EQ(text_in(call(request("work"))), "done");
  EXPECT_EQ(other->heard().back(), "end tool work completed");
}

TEST_F(middleware_test, hears_of_requests_about_tasks_and_may_refuse_them) {
  add({.name = "work"}, [] { return std::string("done"); });
  start_observed();
  std::promise<void> over;  // a state is read before its hooks are told
  hooks->at_end = [&](const ended_call&) { over.set_value(); };
  const std::string id = run_task("work");
  over.get_future().wait();
  hooks->heard();
  std::string subject;
  hooks->at_call = [&](arriving_call& call) { subject = std::string(call.subject); };
  wait_for(server->get(who, id));
  EXPECT_EQ(subject, id);
  wait_for(server->list(who, {}));
  wait_for(server->update(who, id, {}));
  EXPECT_EQ(hooks->heard(),
            (lines{"call task get by ann", "call task list by ann", "call task answer by ann"}));
  hooks->at_call = [](arriving_call&) { throw tool_error("no"); };
  EXPECT_TRUE(std::holds_alternative<task_view>(wait_for(server->get(who, id, {}))))
      << "what no caller asked for is not theirs to refuse";
  const auto no = wait_for(server->get(who, id));
  EXPECT_EQ(std::get<refused>(no).why, refusal::declined);
}

TEST_F(middleware_test, hears_of_prompts_resources_and_completions) {
  prompt_options greeting;
  greeting.name = "greeting";
  greeting.arguments = {{.name = "who"}};
  greeting.complete = {
      {"who", [](const completion_request&) { return std::vector<std::string>{"Ann"}; }}};
  tools->add(
      make_prompt(std::move(greeting), [](const raw_json&) { return std::string("Hello"); }));
  tools->add(make_resource({.uri = "memo:///fixed"}, resource_content("always")));
  start_observed();
  const auto prompt = tools->find_prompt_for(who, "greeting");
  ASSERT_TRUE(prompt);
  auto get = request(prompt->run->name());
  get.entry = prompt->run;
  call(std::move(get));
  auto complete = request(prompt->completers.at("who")->name());
  complete.entry = prompt->completers.at("who");
  complete.arguments = raw_json::trusted(R"({"argument":"who","value":"A","arguments":{}})");
  call(std::move(complete));
  auto found = tools->find_resource_for(who, "memo:///fixed");
  ASSERT_TRUE(found);
  auto read = request(found->resource->run->name());
  read.entry = found->resource->run;
  read.arguments = found->call;
  const auto reply = call(std::move(read));
  EXPECT_NE(std::get<outcome>(reply).body.view().find("always"), std::string_view::npos);
  EXPECT_EQ(hooks->heard(),
            (lines{"call prompt greeting by ann", "result prompt greeting",
                   "end prompt greeting completed", "call completion prompts/greeting (who) by ann",
                   "result completion prompts/greeting (who)",
                   "end completion prompts/greeting (who) completed",
                   "call resource memo:///fixed (memo:///fixed) by ann",
                   "result resource memo:///fixed (memo:///fixed)",
                   "end resource memo:///fixed (memo:///fixed) completed"}));
}

// --- rates

TEST_F(middleware_test, of_rates_counts_each_caller_and_forgives_with_time) {
  add({.name = "work", .policy = task_policy::never}, [] { return std::string("done"); });
  add_quick();
  start_with(
      {limit_rates({.calls_per_caller = rate{2, 10s}, .tools = {{"quick", rate{1, 60s}}}}, clock)});
  EXPECT_EQ(refusal_in(call(request("work"))), std::nullopt);
  EXPECT_EQ(refusal_in(call(request("work"))), std::nullopt);
  const auto third = std::get<refused>(call(request("work")));
  EXPECT_EQ(third.why, refusal::busy);
  EXPECT_EQ(third.retry_after, 5s);
  EXPECT_EQ(third.message, "too many calls: try again later");
  clock.advance(4999ms);
  EXPECT_EQ(refusal_in(call(request("work"))), refusal::busy);
  clock.advance(1ms);
  EXPECT_EQ(refusal_in(call(request("work"))), std::nullopt);

  who = {"bob", "bob", true};
  EXPECT_EQ(refusal_in(call(request("quick"))), std::nullopt);
  who = {"eve", "eve", true};  // the tool is for all of them together
  EXPECT_EQ(refusal_in(call(request("quick"))), refusal::busy);
  EXPECT_EQ(refusal_in(call(request("work"))), std::nullopt);
}

// Calls that the tool's rate refused were charged to their caller all the same: one who asked a
// crowded tool again and again could soon call nothing at all.
TEST_F(middleware_test, of_rates_a_call_that_one_refuses_counts_against_none) {
  add({.name = "work", .policy = task_policy::never}, [] { return std::string("done"); });
  add_quick();
  start_with({limit_rates({.calls_per_caller = rate{3, 60s},
                           .calls = rate{4, 60s},
                           .tools = {{"quick", rate{1, 3600s}}}},
                          clock)});
  EXPECT_EQ(refusal_in(call(request("quick"))), std::nullopt);
  for (int i = 0; i < 5; ++i) {
    const auto why = std::get<refused>(call(request("quick")));
    EXPECT_EQ(why.message, "too many calls of this tool: try again later");
    EXPECT_EQ(why.retry_after, 3600s);
  }
  EXPECT_EQ(refusal_in(call(request("work"))), std::nullopt);
  EXPECT_EQ(refusal_in(call(request("work"))), std::nullopt);
  EXPECT_EQ(std::get<refused>(call(request("work"))).message, "too many calls: try again later");
  EXPECT_EQ(std::get<refused>(call(request("quick"))).retry_after, 3600s) << "the longest of all";
  who = {"bob", "bob", true};
  EXPECT_EQ(refusal_in(call(request("work"))), std::nullopt) << "the fourth of all callers";
  EXPECT_EQ(std::get<refused>(call(request("work"))).message,
            "too many calls of all callers: try again later");
}

TEST_F(middleware_test, of_rates_counts_requests_about_tasks_apart) {
  start_with({limit_rates({.task_requests_per_caller = rate{1, 1s}}, clock)});
  EXPECT_EQ(std::get<refused>(wait_for(server->get(who, "x"))).why, refusal::unknown_task);
  EXPECT_EQ(std::get<refused>(wait_for(server->get(who, "x"))).why, refusal::busy);
}

TEST_F(middleware_test, of_rates_remembers_a_bounded_number_of_callers) {
  add({.name = "work", .policy = task_policy::never}, [] { return std::string("done"); });
  const auto rates = limit_rates({.calls_per_caller = rate{1, 3600s}}, clock);
  start_with({rates});
  const raw_json none;
  for (int i = 0; i < 40'000; ++i) {
    struct one final : arriving_call {
      explicit one(const raw_json& given) : arriving_call(given) {}
      raw_json meta(std::string_view) const override { return {}; }
      void set_meta(std::string_view, raw_json) override {}
    } call(none);
    const std::string name = std::to_string(i);
    call.quota = name;
    rates->on_call(call);
  }
  EXPECT_EQ(refusal_in(call(request("work"))), std::nullopt);
  EXPECT_EQ(refusal_in(call(request("work"))), refusal::busy);
}

TEST(rates, that_say_nothing_are_refused) {
  EXPECT_THROW(limit_rates({.calls = rate{0, 1s}}), std::invalid_argument);
  EXPECT_THROW(limit_rates({.calls = rate{1, 0s}}), std::invalid_argument);
  EXPECT_THROW(limit_rates({.tools = {{"t", rate{1, milliseconds::max()}}}}),
               std::invalid_argument);
}

// --- audits

TEST_F(middleware_test, of_audits_writes_who_called_what_and_how_it_ended) {
  add({.name = "work"}, [](const raw_json&) { return std::string("done"); });
  lines written;
  std::mutex mutex;
  const log_sink sink = [&](const log_record& record) {
    std::string line(record.event);
    for (const log_field& field : record.fields) {
      if (field.name == "id") continue;
      line.append(" ").append(field.name).append("=");
      line += field.type == log_field::kind::number ? std::to_string(field.number)
                                                    : std::string(field.text);
    }
    const std::lock_guard lock(mutex);
    written.push_back(std::move(line));
  };
  start_with({audit_log({.to = sink, .arguments = true})});
  const std::string id = run_task("work", raw_json::trusted(R"({"a":1})"));
  await_end(id);
  const auto has_told_the_end = [&] {  // the state can be read a moment before
    const std::lock_guard lock(mutex);
    return written.size() == 2;
  };
  while (!has_told_the_end()) std::this_thread::yield();
  wait_for(server->get(who, id));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(written, (lines{R"(audit.call kind=tool name=work caller=ann arguments={"a":1})",
                            "audit.end kind=tool name=work caller=ann outcome=completed ms=0",
                            "audit.task name=get caller=ann"}));
}

// A definition is served again by another server, whose log it is then.
TEST(audits, go_to_the_log_of_the_server_that_runs) {
  const auto audit = audit_log();
  int first = 0, second = 0;
  const ended_call over;
  audit->on_start([&](const log_record&) { ++first; });
  audit->on_end(over);
  audit->on_start([&](const log_record&) { ++second; });
  audit->on_end(over);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

}  // namespace
}  // namespace longhaul::test
