// SPDX-License-Identifier: Apache-2.0
#include "operator/audit_trail.hpp"

#include <algorithm>
#include <utility>

#include "longhaul/stores/task_id.hpp"
#include "operator/tunables.hpp"

namespace longhaul::operating {

// The log has no whole ids: whoever reads it could use them.
void audit_trail::note(action done) {
  done.on.resize(std::min(done.on.size(), tunables::longest_subject));
  const std::string_view on = is_task_id(done.on) ? shown_id(done.on) : std::string_view(done.on);
  log_(log_level::notice, "operator.acted", {},
       {{"who", done.who}, {"action", done.verb}, {"on", on}, {"outcome", done.outcome}});
  const guard lock(mutex_);
  actions_.push_back(std::move(done));
  if (actions_.size() > tunables::actions_kept) actions_.pop_front();
}

std::vector<action> audit_trail::all() const {
  const guard lock(mutex_);
  return {actions_.rbegin(), actions_.rend()};
}

}  // namespace longhaul::operating
