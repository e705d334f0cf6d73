// SPDX-License-Identifier: Apache-2.0
// What an engine does, as spans:
//
//   tools/call NAME            from its creation to its end; child of the caller's span
//     ├ store.create           this process asked the store for it
//     ├ queue                  it was ready to begin, and waited
//     ├ attempt 1              its handler; what the handler and its programs trace are children
//     │   └ question           until it was answered
//     ├ store.retry │ store.finish
//     └ …
//
// Each process tells what it did itself; the ids are such that all of it is one trace
// (span_ids.hpp). The span of the call is told by whoever has written its end. Nothing is
// remembered here.
//
// Threads: any. A span that cannot be noted is dropped and counted.
#pragma once

#include <memory>
#include <string>

#include "tasks/work_observer.hpp"
#include "telemetry/sampler.hpp"
#include "telemetry/span_queue.hpp"

namespace longhaul::telemetry {

class work_spans final : public tasks::work_observer {
 public:
  work_spans(std::shared_ptr<span_queue> queue, const sampler& sampled);

  void changed(const task_record& task) noexcept override;
  void began(const task_record& begun, milliseconds waited) noexcept override;
  void returned(const task_record& begun, const stretch& ran,
                tasks::attempt_end how) noexcept override;
  void asked(const task_record& begun, const stretch& waited, std::size_t questions,
             bool answered) noexcept override;
  void wrote(const task_origin& task, tasks::write_kind kind,
             const stretch& took) noexcept override;
  /// The attempt as the parent, marked as recorded. Of a trace that is not recorded: empty if the
  /// caller sent one (what follows is a child of its span then), else one that says so.
  std::string traceparent_of(const task_record& begun) const override;

 private:
  // Calls `fill` with a new span of the task, and queues it, if the task's trace is recorded.
  template <class Fill>
  void note(const task_origin& task, Fill fill) noexcept;

  const std::shared_ptr<span_queue> queue_;
  const sampler sampled_;
};

}  // namespace longhaul::telemetry
