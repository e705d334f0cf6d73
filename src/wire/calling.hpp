// SPDX-License-Identifier: Apache-2.0
// One request that runs a handler: a tool's, a prompt's, a resource's. The call is followed until
// its end with progress, logs and questions on the stream of its request, and answered in its
// dialect.
//
// Threads: coroutines on the executor of their request.
#pragma once

#include <string>
#include <string_view>

#include "server/requests.hpp"
#include "wire/context.hpp"
#include "wire/revisions.hpp"

namespace longhaul::wire {

/// What is particular about the replies of one method.
struct call_kind {
  /// The handler is a tool's: its own errors are results that a model reads, and it may become a
  /// task. Else they are errors of the request.
  bool tool = false;
  /// Arguments that do not fit name something that does not exist: this address.
  std::string_view missing_resource = {};
  /// The result says itself what it is (`resultType`), if it is not a usual one.
  bool names_its_type = false;
  /// Members that the result has beside those of the handler, each with a comma behind it.
  std::string_view lead = {};
};

/// Runs `call` and answers.
awaitable<wire_reply> run_call(context& shared, const incoming& request, serving::call_request call,
                               call_kind kind);

/// Refuses what is no call of anything: `callable` is not there, or not for this caller. Middleware
/// hears of it as of any call, and that it ends by `why`; it may refuse it otherwise, else the
/// answer is `reply`.
wire_reply refuse_unrun(const context& shared, const incoming& request, std::string callable,
                        raw_json arguments, const serving::refused& why, wire_reply reply);

/// The reply for a resource that does not exist, or that this caller may not see.
wire_reply resource_not_found(const incoming& request, std::string_view uri);

}  // namespace longhaul::wire
