// SPDX-License-Identifier: Apache-2.0
// Makes the two endpoints that a transport drives (`endpoint.hpp`). Both speak every revision.
//
// Threads: the HTTP endpoint takes requests on any number of executors at once; a pipe endpoint
// takes lines from one thread at a time, and its coroutines may end on any executor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "longhaul/clock.hpp"
#include "longhaul/limits.hpp"
#include "server/dispatcher.hpp"
#include "wire/endpoint.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {

struct endpoint_options {
  const clock_source* clock = &system_clock();
  /// Secrets shared by all processes of one service, the current one first: they sign the ids of
  /// questions and seal the state of calls that wait for answers. None: random ones, which a
  /// restart forgets.
  std::vector<std::string> secrets = {};
  std::size_t max_sessions = defaults::max_sessions;
  /// Of one caller; beyond it the caller's own idle session that was unused the longest goes.
  std::size_t max_sessions_per_caller = defaults::max_sessions_per_caller;
  milliseconds session_idle = tunables::session_idle;
  /// Who was refused, and what went wrong inside.
  logger log = {};
};

/// `server` must outlive the endpoint, and the endpoint every request it was given.
std::unique_ptr<http_endpoint> make_http_endpoint(serving::dispatcher& server,
                                                  const endpoint_options& options);
/// Everything is sent to `out`; the caller is `local`.
std::unique_ptr<pipe_endpoint> make_pipe_endpoint(serving::dispatcher& server,
                                                  const endpoint_options& options,
                                                  std::shared_ptr<outlet> out);

}  // namespace longhaul::wire
