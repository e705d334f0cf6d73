// SPDX-License-Identifier: Apache-2.0
// Plain calls without a row, as a server makes them: a mailbox that hears of everything, and a
// context where the caller is.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/process_census.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {

using boost::asio::awaitable;

/// Who called: hears of everything.
class mailbox : public state_waiter {
 public:
  void on_task(const task_ptr& task) override {
    {
      const std::lock_guard lock(mutex_);
      if (task->terminal()) ++ends_;
    }
    state_waiter::on_task(task);
  }
  void on_progress(const std::string&, const tasks::progress_event& event) override {
    const std::lock_guard lock(mutex_);
    progress_.push_back(event.state.done);
  }
  void on_log(const std::string&, const tasks::log_event& event) override {
    const std::lock_guard lock(mutex_);
    logs_.push_back(event.message);
  }
  void on_clock() override {
    const std::lock_guard lock(mutex_);
    ++clocks_;
  }
  std::vector<double> progress() const { return locked(progress_); }
  std::vector<std::string> logs() const { return locked(logs_); }
  int ends() const { return locked(ends_); }
  int clocks() const { return locked(clocks_); }

 private:
  template <class T>
  T locked(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }
  mutable std::mutex mutex_;
  std::vector<double> progress_;
  std::vector<std::string> logs_;
  int ends_ = 0, clocks_ = 0;
};

class direct_fixture : public engine_fixture {
 protected:
  /// Runs a call; null: it needs a row.
  task_ptr try_run(tasks::submission work) {
    work.hidden = true;
    if (work.id.empty()) work.id = engine->new_id(*work.tool);
    return run_on(context, work, caller);
  }
  task_ptr try_run(std::string_view tool) { return try_run(call(tool)); }
  /// Once there is a slot: a claim that is under way has taken them for a moment.
  task_ptr run(std::string_view tool) {
    task_ptr now;
    EXPECT_TRUE(wait_until([&] { return (now = try_run(tool)) != nullptr; }));
    return now;
  }
  /// As a server does: inside the context where the request is.
  task_ptr run_on(boost::asio::io_context& here, const tasks::submission& work,
                  const std::shared_ptr<tasks::follower>& who) {
    task_ptr now;
    boost::asio::post(here, [&] { now = engine->run_directly(work, who, here.get_executor()); });
    here.restart();
    here.poll();  // what is to start is handed over as well
    return now;
  }
  task_ptr end() {
    return caller->await([](const task_record& task) { return task.terminal(); });
  }
  template <class Handler>
  void add_never(std::string name, Handler handler, tool_options tool = {}) {
    tool.name = std::move(name);
    tool.policy = task_policy::never;
    add(std::move(tool), std::move(handler));
  }
  template <class Handler>
  void add_quick(Handler handler, tool_options tool = {}) {
    tool.quick = true;
    add_never("quick", std::move(handler), std::move(tool));
  }
  void expect_nothing_left() {
    EXPECT_TRUE(wait_until([&] { return engine->running() == 0; }));
    EXPECT_EQ(engine->followers(), 0u);
  }

  boost::asio::io_context context{1};
  std::shared_ptr<mailbox> caller = std::make_shared<mailbox>();
};

inline elicitation ask_about(const std::string& message) {
  return elicitation::form(
      message, raw_json::trusted(R"({"type":"object","properties":{"color":{"type":"string"}}})"));
}

inline constexpr const char* accept_blue = R"({"action":"accept","content":{"color":"blue"}})";

inline awaitable<std::string> greet() { co_return "hello"; }

inline awaitable<std::string> sleep_a_day(task_context& task) {
  co_await task.async_sleep_for(std::chrono::hours(24));
  co_return "woke";
}

inline bool is_asking(const task_record& task) {
  return task.status == task_status::input_required;
}

}  // namespace longhaul::test
