// SPDX-License-Identifier: Apache-2.0
// Fills free slots with tasks that wait in the lanes.
//
//   idle ──wanted──► claiming ──(nothing left, nobody asked again)──► idle
//                      │   ▲
//                      └───┘ somebody asked meanwhile: look once more
//
// Invariants: one claims at a time. Whoever changes what could be claimed (a slot comes back, a
// task is created) asks, and is seen: a claim under way has cleared the backlog and looks again for
// whoever asked meanwhile. A slot is reserved before its claim, and used or given back after it,
// whatever fails.
//
// Threads: any.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <vector>

#include "tasks/engine_core.hpp"

namespace longhaul::tasks {

class claimer {
 public:
  /// Begins the handler of a task that was claimed, with its slot. False: it was handed back.
  using starter = std::function<boost::asio::awaitable<bool>(lane&, task_ptr, tool_ptr)>;
  /// True: this process may claim from the lane now.
  using permission = std::function<bool(const lane&)>;

  /// `keeper`: where claims run that nobody awaits.
  claimer(engine_core& core, boost::asio::any_io_executor keeper, permission may_claim,
          starter start);

  bool may_claim(const lane& home) const { return may_claim_(home); }
  /// True: there may be work to claim, and the caller has to await `claim_all`.
  bool wanted();
  boost::asio::awaitable<void> claim_all();
  /// A claim is under way.
  bool claiming() const noexcept { return claiming_; }
  /// The same, awaited by nobody.
  void claim_soon();

  /// Hands a claimed task back if it may run again, else fails it.
  boost::asio::awaitable<void> give_up(lane& home, task_ptr task, stores::writer::stage handler);

 private:
  class turn;

  /// True: look again at once. False: nothing was there, or nothing of it could be started.
  boost::asio::awaitable<bool> claim_from(lane& home);
  /// What a lane is asked for, and whether a bound cuts that short.
  struct wish {
    stores::claim_request request;
    bool cut = false;
  };
  wish wish_for(const slots::reservation& room, const lane& home) const;
  /// Plain calls that were looked up before their tool was removed are claimed all the same.
  void wish_for_waiting(wish& wanted) const;
  /// Ends those that cannot be.
  boost::asio::awaitable<void> end_removed();
  boost::asio::awaitable<void> end_removed(const waiting_calls::call& waiting);
  boost::asio::awaitable<bool> begin(lane& home, std::vector<task_ptr> claimed,
                                     slots::reservation room);
  /// The tool of a task that was claimed, and a slot for it; null: it cannot begin.
  tool_ptr seat(const task_record& task, slots::reservation& room) const;
  /// Puts a task back into the queue whose handler never began.
  boost::asio::awaitable<void> hand_back(lane& home, task_ptr task);

  engine_core& core_;
  const boost::asio::any_io_executor keeper_;
  const permission may_claim_;
  const starter start_;
  std::atomic<bool> claiming_{false}, again_{false};
};

}  // namespace longhaul::tasks
