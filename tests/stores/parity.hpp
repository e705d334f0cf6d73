// SPDX-License-Identifier: Apache-2.0
// The frame of the parity suite: one set of tests that every store must pass. A store takes part
// with one line in a file of its own:
//
//   INSTANTIATE_TEST_SUITE_P(memory, store_parity, testing::Values(store_maker{…}), maker_name);
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>

#include "base/random.hpp"
#include "stores/store.hpp"
#include "stores/task_id.hpp"
#include "support/run.hpp"
#include "support/seed.hpp"

namespace longhaul::test {

using namespace std::chrono_literals;
using stores::change_code;
using stores::create_code;

/// A store with time that the test owns.
class store_fixture {
 public:
  virtual ~store_fixture() = default;
  virtual stores::store& tested() = 0;
  virtual void advance(milliseconds by) = 0;
  virtual void skew_wall(milliseconds by) = 0;
  virtual timestamp now() const = 0;
};

struct store_maker {
  std::string name;
  std::function<std::unique_ptr<store_fixture>()> make;
  /// Operations may be repeated beneath the suite: `unchanged` instead of `applied` is right then.
  bool repeats = false;
  /// Divides the size of long tests.
  int slower = 1;
};
inline void PrintTo(const store_maker& maker, std::ostream* out) { *out << maker.name; }
inline std::string maker_name(const testing::TestParamInfo<store_maker>& info) {
  return info.param.name;
}

inline stores::writer epoch(std::uint64_t number) { return stores::writer{number, {}}; }
inline outcome text_result(const std::string& text) {
  return outcome::result(
      raw_json::trusted(R"({"content":[{"type":"text","text":")" + text + R"("}]})"));
}
stores::question ask_for(const std::string& key, const std::string& message = "how many?");
stores::response reply(const std::string& key, const std::string& value);

class store_parity : public testing::TestWithParam<store_maker> {
 protected:
  store_parity();

  std::shared_ptr<task_origin> origin(const std::string& owner = "alice",
                                      const std::string& tool = "render") const;
  /// Creates it, for `process` if given; must succeed.
  task_ptr create(std::shared_ptr<task_origin> what,
                  std::optional<process_id> process = std::nullopt,
                  std::optional<milliseconds> retention = 1h);
  task_ptr create_claimed(const std::string& owner = "alice") {
    return create(origin(owner), process_);
  }
  task_ptr get(const task_ptr& task) { return run(store_.get(task->owner(), task->id())); }
  std::vector<task_ptr> claim(process_id process, std::size_t count,
                              std::set<std::string, std::less<>> tools = {"render"},
                              std::set<std::string, std::less<>> saturated = {});
  stores::change_result ask(const task_ptr& task, std::uint64_t by,
                            const std::vector<stores::question>& questions);
  stores::change_result answer(const task_ptr& task, const std::vector<stores::response>& given);
  stores::change_result finish(const task_ptr& task, std::uint64_t by, const std::string& text);
  stores::change_result report(const task_ptr& task, std::uint64_t by, double done,
                               std::optional<std::string> message = std::nullopt);
  std::size_t stored();
  /// What the observer was told so far.
  std::vector<task_ptr> observed() const;
  int slower() const { return std::max(GetParam().slower, slowdown); }
  /// For what takes long by its number alone: a sanitizer finds in a part what it finds in all.
  int much_slower() const { return slowdown > 1 ? 5 * slower() : slower(); }

  /// `result` says that the change was made (now, or by the same operation before).
  testing::AssertionResult applied(const stores::change_result& result) const;

  struct observations {
    std::mutex mutex;
    std::vector<task_ptr> all;
  };
  const std::shared_ptr<observations> observations_ = std::make_shared<observations>();
  const std::unique_ptr<store_fixture> fixture_;
  stores::store& store_;
  const process_id process_ = new_process_id();  ///< has a lease of an hour
};

std::string describe(const task_record& task);
/// All that may never change once a task is terminal.
std::string final_part(const task_record& task);

}  // namespace longhaul::test
