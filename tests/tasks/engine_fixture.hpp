// SPDX-License-Identifier: Apache-2.0
// An engine on a memory store with a clock that the test owns, and handlers that wait for the test.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <latch>
#include <mutex>
#include <string>

#include "json/view.hpp"
#include "longhaul/typed_tool.hpp"
#include "stores/memory_store.hpp"
#include "support/virtual_clock.hpp"
#include "tasks/engine.hpp"
#include "tasks/sync.hpp"

namespace longhaul::test {

/// A door that the test opens; handlers wait at it.
class gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// Waits until it is open.
  void pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  /// Waits until it is open or stop is requested.
  void pass(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [&] {
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
    });
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_ || stop.stop_requested(); });
  }
  /// Waits until so many handlers came.
  void await_arrivals(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= count; });
  }
  int arrivals() {
    const std::lock_guard lock(mutex_);
    return arrived_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int arrived_ = 0;
};

/// Blocks until the task reaches a state that `enough` accepts; that state.
class state_waiter : public tasks::follower {
 public:
  void on_task(const task_ptr& task) override {
    const std::lock_guard lock(mutex_);
    if (!newest_ || newest_->rev < task->rev) newest_ = task;
    changed_.notify_all();
  }
  task_ptr await(const std::function<bool(const task_record&)>& enough) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return newest_ && enough(*newest_); });
    return newest_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  task_ptr newest_;
};

class engine_fixture : public testing::Test {
 protected:
  engine_fixture() {
    options.clock = &clock;
    options.tools = tools;
  }
  ~engine_fixture() override {
    for (gate& g : gates_) g.open();
    engine.reset();  // waits for the handlers, which use the gates
  }

  /// Call after adding tools and changing `options`.
  tasks::engine& start() {
    if (!options.store) {
      options.store = std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
    }
    options.manual = true;
    engine = std::make_unique<tasks::engine>(options);
    engine->start();
    return *engine;
  }

  template <class Handler>
  void add(tool_options tool, Handler handler) {
    tools->add(
        std::make_shared<const tool_definition>(make_tool(std::move(tool), std::move(handler))));
  }
  /// A gate that is opened at the end of the test, whatever happens.
  gate& new_gate() { return gates_.emplace_back(); }

  tasks::submission call(std::string_view tool, std::string owner = "ann") {
    tasks::submission what;
    what.tool = tools->find(tool);
    what.owner = std::move(owner);
    return what;
  }
  task_ptr submit(const tasks::submission& what) { return tasks::sync(engine->submit(what)).task; }
  task_ptr get(const task_ptr& task) { return tasks::sync(engine->get(task->owner(), task->id())); }

  /// The state of `task` once `enough` accepts it.
  task_ptr await(const task_ptr& task, const std::function<bool(const task_record&)>& enough) {
    const auto waiter = std::make_shared<state_waiter>();
    const auto following = engine->follow(task->id(), waiter);
    if (const auto now = tasks::sync(engine->get_any(task->owner(), task->id()))) {
      waiter->on_task(now);
    }
    return waiter->await(enough);
  }
  task_ptr await_end(const task_ptr& task) {
    return await(task, [](const task_record& t) { return t.terminal(); });
  }
  task_ptr await_status(const task_ptr& task, task_status status) {
    return await(task, [=](const task_record& t) { return t.status == status; });
  }
  stores::change_result cancel(const task_ptr& task) {
    return tasks::sync(engine->cancel(task->owner(), task->id(), "test"));
  }
  stores::change_result answer(const task_ptr& task, std::string key, std::string_view value) {
    std::vector<stores::response> responses;
    responses.push_back({std::move(key), raw_json::parse(value)});
    return tasks::sync(engine->answer(task->owner(), task->id(), responses));
  }
  static std::string text_of(const task_record& task) {
    json::elements content(json::value(task.result.body)["content"]);
    return content.next() ? content.value()["text"].string().value_or("") : "";
  }
  static int error_code_of(const task_record& task) {
    return static_cast<int>(json::value(task.result.body)["code"].integer().value_or(0));
  }

  virtual_clock clock;
  std::shared_ptr<stores::store> beneath;  ///< outlives the engine, for a store around another
  const std::shared_ptr<tasks::tool_list> tools = std::make_shared<tasks::tool_list>();
  tasks::engine_options options;
  std::unique_ptr<tasks::engine> engine;

 private:
  std::deque<gate> gates_;
};

}  // namespace longhaul::test
