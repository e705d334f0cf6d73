// SPDX-License-Identifier: Apache-2.0
// Middleware that writes down who called what, and how it ended: a record for each call that came,
// for each request about a task, and for each end.
//
//   audit.call  kind=tool name=resize caller=key:ci
//   audit.end   kind=tool name=resize caller=key:ci id=01jc… outcome=completed ms=5321
//   audit.task  name=get caller=key:ci id=01jc…
#pragma once

#include <memory>

#include "longhaul/log.hpp"
#include "longhaul/middleware.hpp"

namespace longhaul {

struct audit_options {
  log_sink to = {};           ///< null: the log of the server, at level `notice`
  bool arguments = false;     ///< with the arguments of calls: they may hold secrets
  bool task_requests = true;  ///< with requests about tasks
};

std::shared_ptr<middleware> audit_log(audit_options options = {});

}  // namespace longhaul
