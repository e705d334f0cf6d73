// SPDX-License-Identifier: Apache-2.0
// What a running task needs of whoever runs it.
//
// Threads: any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "longhaul/tool.hpp"
#include "tasks/follower.hpp"
#include "tasks/hub.hpp"
#include "tasks/pauses.hpp"
#include "tasks/slots.hpp"

namespace longhaul::tasks {

class running_task;

class task_host {
 public:
  virtual ~task_host() = default;

  virtual void tell(const std::string& id, const progress_event& event) = 0;
  virtual void tell(const std::string& id, const log_event& event) = 0;
  virtual void tell(const std::string& id, const question_event& event) = 0;
  virtual void tell(const std::string& id, const close_event& event) = 0;
  virtual hub::subscription follow(const std::string& id, const std::shared_ptr<follower>& who) = 0;
  /// It has something to report: that is written soon.
  virtual void note_report(std::shared_ptr<running_task> run) = 0;
  virtual std::size_t max_checkpoint() const noexcept = 0;
  virtual tasks::slots& slots() noexcept = 0;
  virtual tasks::pauses& pauses() noexcept = 0;
  virtual const work_observers& observers() const noexcept = 0;
  /// A handler waits, and has left its slot to others.
  virtual void slot_was_left() = 0;
  /// Its handler has returned (null: without an outcome). False: its end, or what it reported, has
  /// to be written.
  virtual bool ended_at_once(const std::shared_ptr<running_task>& run,
                             const handler_result& result) = 0;
  /// Writes its end, as `running_task::result` says. If it throws, `end_later` is called.
  virtual boost::asio::awaitable<void> ended(std::shared_ptr<running_task> run) = 0;
  virtual void end_later(const std::shared_ptr<running_task>& run) noexcept = 0;
};

}  // namespace longhaul::tasks
