// SPDX-License-Identifier: Apache-2.0
// A trouble that comes and goes many times a second is told once, and once when it is over. One
// thread.
#pragma once

#include <string>
#include <utility>

#include "longhaul/log.hpp"
#include "transport/tunables.hpp"

namespace longhaul::transport {

class episode {
 public:
  /// An empty text: there is nothing to tell.
  struct told {
    log_level level = log_level::info;
    std::string text = {};
  };

  episode(std::string begins, std::string ends)
      : begins_(std::move(begins)), ends_(std::move(ends)) {}

  /// It happened.
  told trouble(const std::string& why) {
    calm_ = 0;
    fine_ = false;
    if (std::exchange(on_, true)) return {};
    return {log_level::error, begins_ + why};
  }
  /// It worked.
  void fine() noexcept { fine_ = true; }
  /// To be called once a sweep: over is what worked since, and did not happen for
  /// `tunables::calm_sweeps`.
  told sweep() {
    if (!on_ || !fine_ || ++calm_ < tunables::calm_sweeps) return {};
    on_ = false;
    return {log_level::info, ends_};
  }

 private:
  const std::string begins_, ends_;
  bool on_ = false, fine_ = false;
  int calm_ = 0;
};

}  // namespace longhaul::transport
