// SPDX-License-Identifier: Apache-2.0
// The frame of the store contract suite (`longhaul/testing/store_contract.hpp`): what whoever
// writes a store hands over, and what the tests themselves say often. No test is in here.
//
// Threads: the suite calls the store from several; fixture and frame belong to the test's own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/store.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/task.hpp"
#include "longhaul/testing/clock.hpp"
#include "longhaul/testing/run.hpp"
#include "longhaul/testing/seed.hpp"

namespace longhaul::testkit {

/// A store with time that the test owns. Derive from it, make a store that is empty and takes its
/// time from `clock_` (a member of the derived class: the clock outlives it), and return it. A
/// store that takes its time from somewhere else overrides the functions of time, all of them.
class store_fixture {
 public:
  virtual ~store_fixture() = default;
  /// The store; the same one until `reopen`.
  virtual stores::store& tested() = 0;
  /// Closes the store and opens it again, as at the end of a process and the start of the next one;
  /// no time passes, and the tasks are still there. False: it cannot, which is right for stores
  /// that are not `durable()` only.
  virtual bool reopen() { return false; }

  /// Time passes on both clocks.
  virtual void advance(milliseconds by) { clock_.advance(by); }
  /// Somebody sets the wall clock of the store; negative: back.
  virtual void skew_wall(milliseconds by) { clock_.skew_wall(by); }
  /// The wall clock of the store.
  virtual timestamp now() const { return clock_.now(); }
  /// For so long the store keeps what a plain call brought, once that has ended.
  virtual milliseconds hidden_result_kept() const { return stores::rules::hidden_result_kept; }

 protected:
  manual_clock clock_;
};

/// A kind of store for the suite. It is made anew, and empty, for every test.
struct store_maker {
  std::string name;  ///< letters, digits, underscores: a part of the tests' names
  std::function<std::unique_ptr<store_fixture>()> make;
  /// Operations may be repeated beneath the suite (`faulty_fixture.hpp`): `unchanged` instead of
  /// `applied` is right then.
  bool repeats = false;
  /// Divides the size of long tests, the longest of which makes a million tasks: 1 for a store in
  /// memory, 10 where each write is a commit, 100 where each operation looks at all tasks.
  int slower = 1;
};
inline void PrintTo(const store_maker& maker, std::ostream* out) { *out << maker.name; }

namespace contract {

using namespace std::chrono_literals;
using stores::change_code;
using stores::create_code;

inline std::string maker_name(const testing::TestParamInfo<store_maker>& info) {
  return info.param.name;
}

/// Not SHA-256: a store compares digests, and never makes one.
inline digest digest_of(std::string_view text) {
  digest made{};
  std::uint64_t hash = 14'695'981'039'346'656'037U;  // FNV-1a, again and again
  for (auto& byte : made) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
    hash = (hash ^ 1U) * 1'099'511'628'211U;
    byte = static_cast<std::uint8_t>(hash >> 32U);
  }
  return made;
}
inline process_id new_process() {
  std::random_device source;
  process_id made;
  for (auto& byte : made.bytes) byte = static_cast<std::uint8_t>(source());
  return made;
}

inline stores::writer epoch(std::uint64_t number) { return stores::writer{number, {}}; }
inline outcome text_result(const std::string& text) {
  return outcome::result(
      raw_json::trusted(R"({"content":[{"type":"text","text":")" + text + R"("}]})"));
}
inline stores::question ask_for(const std::string& key, const std::string& message = "how many?") {
  stores::question asked;
  asked.key = key;
  asked.request = raw_json::trusted(R"({"method":"elicitation/create","params":{"message":")" +
                                    message + R"("}})");
  asked.request_hash = digest_of(asked.request.view());
  return asked;
}
inline stores::response reply(const std::string& key, const std::string& value) {
  return {key, raw_json::trusted(R"({"action":"accept","content":{"v":")" + value + R"("}})")};
}

/// All that may never change once a task is terminal.
inline std::string final_part(const task_record& task) {
  std::string text =
      task.id() + " " + std::string(to_string(task.status)) + " '" + task.status_message +
      "' epoch=" + std::to_string(task.epoch) + " attempt=" + std::to_string(task.attempt) +
      " at=" + iso8601(task.updated_at) + " result=" + std::string(task.result.body.view()) +
      (task.result.is_error ? " is_error" : "") +
      (task.result.is_protocol_error ? " protocol" : "") + " reason=" + task.cancel_reason +
      (task.process ? " claimed" : "");
  if (task.progress) text += " done=" + std::to_string(task.progress->done);
  if (task.inputs) {
    for (const auto& input : *task.inputs) {
      text += " " + input.key + "=" + std::string(input.response.view());
    }
  }
  return text;
}
inline std::string describe(const task_record& task) {
  return final_part(task) + " rev=" + std::to_string(task.rev) +
         " retention=" + (task.retention ? std::to_string(task.retention->count()) : "null");
}

/// The fixture of every test of the suite.
class store_contract : public testing::TestWithParam<store_maker> {
 protected:
  store_contract() : fixture_(GetParam().make()) { begin(); }

  stores::store& store() { return fixture_->tested(); }
  /// The store as the next process finds it, which is `process_` from now on. False: it cannot.
  bool reopen() {
    if (!fixture_->reopen()) return false;
    process_ = new_process();
    begin();
    return true;
  }

  std::shared_ptr<task_origin> origin(const std::string& owner = "alice",
                                      const std::string& tool = "render") const {
    auto made = std::make_shared<task_origin>();
    made->created_at = fixture_->now();
    made->id = new_task_id(made->created_at);
    made->owner = owner;
    made->quota = owner;
    made->tool = tool;
    made->arguments = raw_json::trusted(R"({"n":1})");
    made->arguments_hash = digest_of(made->arguments.view());
    return made;
  }
  /// Creates it, for `process` if given; must succeed.
  task_ptr create(std::shared_ptr<task_origin> source,
                  std::optional<process_id> process = std::nullopt,
                  std::optional<milliseconds> retention = 1h) {
    stores::new_task task;
    task.origin = std::move(source);
    task.claim_for = process;
    task.retention = retention;
    const auto made = run(store().create(task));
    EXPECT_EQ(made.code, create_code::created);
    return made.task;
  }
  task_ptr create_claimed(const std::string& owner = "alice") {
    return create(origin(owner), process_);
  }
  task_ptr get(const task_ptr& task) { return run(store().get(task->owner(), task->id())); }
  std::vector<task_ptr> claim(process_id process, std::size_t count,
                              std::set<std::string, std::less<>> tools = {"render"},
                              std::set<std::string, std::less<>> saturated = {}) {
    stores::claim_request request;
    request.process = process;
    request.count = count;
    for (const std::string& tool : tools) request.tools.emplace(tool, count);
    request.saturated = std::move(saturated);
    return run(store().claim(request));
  }
  stores::change_result ask(const task_ptr& task, std::uint64_t by,
                            const std::vector<stores::question>& questions) {
    return run(store().ask(task->id(), epoch(by), questions));
  }
  stores::change_result answer(const task_ptr& task, const std::vector<stores::response>& given) {
    return run(store().answer(task->owner(), task->id(), given));
  }
  stores::change_result finish(const task_ptr& task, std::uint64_t by, const std::string& text) {
    const outcome result = text_result(text);
    return run(store().finish(task->id(), epoch(by), result, "done"));
  }
  stores::change_result report(const task_ptr& task, std::uint64_t by, double done,
                               std::optional<std::string> message = std::nullopt) {
    stores::report_change change;
    change.progress = progress_state{done, 100.0};
    change.status_message = std::move(message);
    return run(store().report(task->id(), epoch(by), change));
  }
  stores::change_result retry(const task_ptr& task, std::uint64_t by, std::string_view why,
                              milliseconds after = milliseconds(0)) {
    return run(store().retry(task->id(), epoch(by), why, store().now().mono + after));
  }
  std::size_t stored() {
    const auto now = run(store().stats());
    return now.working + now.input_required + now.completed + now.failed + now.cancelled;
  }
  /// What the observer was told so far.
  std::vector<task_ptr> observed() const {
    const std::lock_guard lock(observations_->mutex);
    return observations_->all;
  }
  int slower() const { return std::max(GetParam().slower, slowdown); }
  /// For what takes long by its number alone: a sanitizer finds in a part what it finds in all.
  int much_slower() const { return slowdown > 1 ? 5 * slower() : slower(); }

  /// `result` says that the change was made (now, or by the same operation before).
  testing::AssertionResult applied(const stores::change_result& result) const {
    if (result.code == change_code::applied) return testing::AssertionSuccess();
    if (GetParam().repeats) {
      if (result.code == change_code::unchanged) return testing::AssertionSuccess();
      if (result.code == change_code::already_terminal &&
          result.task->status == task_status::cancelled) {
        return testing::AssertionSuccess();
      }
    }
    return testing::AssertionFailure() << "code " << static_cast<int>(result.code);
  }

  struct observations {
    std::mutex mutex;
    std::vector<task_ptr> all;
  };
  const std::shared_ptr<observations> observations_ = std::make_shared<observations>();
  const std::unique_ptr<store_fixture> fixture_;
  process_id process_ = new_process();  ///< has a lease of an hour

 private:
  void begin() {
    store().watch([into = observations_](const task_ptr& task) {
      const std::lock_guard lock(into->mutex);
      into->all.push_back(task);
    });
    EXPECT_TRUE(run(store().renew(process_, 1h)).alive);
  }
};

}  // namespace contract
}  // namespace longhaul::testkit
