// SPDX-License-Identifier: Apache-2.0
// A slot on its way to a handler: whoever takes one gives it back, and fills it, unless the handler
// keeps it.
//
// Threads: the one that made it.
#pragma once

#include <string>

#include "tasks/claimer.hpp"
#include "tasks/engine_core.hpp"

namespace longhaul::tasks {

class slot_hold {
 public:
  /// `quota` and the tool outlive it.
  slot_hold(engine_core& core, claimer& claims, const std::string& quota, tool_use tool)
      : core_(core), claimer_(claims), quota_(quota), tool_(tool) {}
  slot_hold(const slot_hold&) = delete;
  slot_hold& operator=(const slot_hold&) = delete;
  ~slot_hold() {
    if (!held_) return;
    core_.slots.release(quota_, tool_);
    claimer_.claim_soon();  // whoever came meanwhile found no slot
  }

  bool take() { return held_ = core_.slots.try_acquire(quota_, tool_); }
  bool held() const noexcept { return held_; }
  /// From now on somebody else gives it back.
  void keep() noexcept { held_ = false; }

 private:
  engine_core& core_;
  claimer& claimer_;
  const std::string& quota_;
  const tool_use tool_;
  bool held_ = false;
};

}  // namespace longhaul::tasks
