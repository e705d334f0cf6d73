// SPDX-License-Identifier: Apache-2.0
// New tasks: what becomes of a submission.
//
//   submission ──► its origin, retention, lane ──► create
//                                                    ├─ a slot was free: the same write claims it,
//                                                    │  and its handler starts
//                                                    └─ none: it waits in its lane
//
// Invariants: tasks that wait come first, so only an empty backlog lets a new one start at once. A
// handler that only hands its work over runs beyond the slots rather than never, within a bound.
//
// Threads: any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tasks/claimer.hpp"
#include "tasks/engine_core.hpp"
#include "tasks/launcher.hpp"
#include "tasks/runs.hpp"
#include "tasks/submission.hpp"

namespace longhaul::tasks {

class intake {
 public:
  intake(engine_core& core, launcher& starts, runs& begun, claimer& claims)
      : core_(core), launcher_(starts), runs_(begun), claimer_(claims) {}

  boost::asio::awaitable<stores::create_result> submit(const submission& work);
  boost::asio::awaitable<stores::create_result> submit_external(const external_submission& work);

  std::optional<milliseconds> retention_for(const tool_definition& tool, bool wished,
                                            std::optional<milliseconds> wish) const;
  std::optional<milliseconds> within_bounds(std::optional<milliseconds> retention) const;
  /// But for its places in the queue, which only `submit` knows.
  std::shared_ptr<task_origin> origin_for(const submission& work) const;

  /// As `engine::keys_kept_by`.
  std::string keys_kept_by() const;

 private:
  /// What a new handler runs on, for the time of its creation: given back unless it is used.
  class place;

  std::string store_name() const;
  std::optional<milliseconds> retention_of(const submission& work, const lane& home) const;
  bool may_be_forgotten(const submission& work, const lane& home,
                        std::optional<milliseconds> retention) const;
  boost::asio::awaitable<stores::create_result> create(lane& home, const stores::new_task& task);
  boost::asio::awaitable<stores::create_result> create_finished(lane& home, stores::new_task task,
                                                                const outcome& result);
  static void name_for_queue(task_origin& origin, const submission& work);
  stores::create_result refuse(const task_origin& origin, std::string_view bound) const;
  stores::create_result refuse_arguments(const std::string& owner, const std::string& tool) const;
  bool too_large(const raw_json& arguments) const noexcept;

  engine_core& core_;
  launcher& launcher_;
  runs& runs_;
  claimer& claimer_;
  const std::string process_ = random_token();
};

}  // namespace longhaul::tasks
