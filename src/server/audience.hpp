// SPDX-License-Identifier: Apache-2.0
// What a dialect does with what happens while a request is open: the wire implements it, once for
// each kind of stream.
//
// Threads: called on the exchange's executor.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "server/extensions.hpp"
#include "server/feature_set.hpp"
#include "server/requests.hpp"
#include "tasks/follower.hpp"

namespace longhaul::serving {

/// Functions that return false did not take it (the peer is too slow): it is tried again later.
class audience {
 public:
  virtual ~audience() = default;
  /// True: the caller asked for progress.
  virtual bool wants_progress() const { return true; }
  /// The highest figure that was sent for the token of this request, in whatever stream, where
  /// several share one; null: this stream alone counts.
  virtual std::optional<double> told() const { return std::nullopt; }
  virtual bool progress(const tasks::progress_event&) { return true; }
  virtual bool log(const tasks::log_event&) { return true; }
  /// The task's state changed; the last state is never lost.
  virtual bool changed(const task_view&) { return true; }
  /// A list is not what it was.
  virtual bool list_changed(list_kind) { return true; }
  /// A resource holds something else.
  virtual bool resource_updated(const std::string& /*uri*/) { return true; }
  /// What an extension says to those who asked for it.
  virtual bool notice(const extension_notice&) { return true; }
  /// A question opened (round 0), or is put again because its answer did not fit. Called once for
  /// each round (again only if it was not taken).
  virtual bool question(const task_record&, const task_input&, int /*round*/) { return true; }
  /// What the user was sent to by this question, which this audience took, is done.
  virtual bool url_done(const task_record&, std::string_view /*key*/) { return true; }
  /// The handler lets the connection go: the client is to come again after this.
  virtual void close_stream(std::chrono::milliseconds /*retry*/) {}
  /// The request will wait; called at most once.
  virtual void waiting() {}
};

}  // namespace longhaul::serving
