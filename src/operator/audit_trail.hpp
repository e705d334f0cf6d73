// SPDX-License-Identifier: Apache-2.0
// What operators did at this server: a line in the log each, and the last of them for whoever asks.
//
// Threads: any.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/mutex.hpp"
#include "longhaul/clock.hpp"

namespace longhaul::operating {

struct action {
  timestamp at{};
  std::string who, verb, on, outcome;
};

class audit_trail {
 public:
  explicit audit_trail(logger log) : log_(std::move(log)) {}

  void note(action done);
  /// The newest first.
  std::vector<action> all() const;

 private:
  const logger log_;
  mutable guarded_mutex mutex_;
  std::deque<action> actions_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::operating
