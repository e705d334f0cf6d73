// SPDX-License-Identifier: Apache-2.0
// `initialize`: the envelope begins the session, this reads and answers it.
#pragma once

#include <string>
#include <vector>

#include "server/questions.hpp"
#include "wire/context.hpp"
#include "wire/fault.hpp"

namespace longhaul::wire {

/// What `initialize` asks for.
struct initialization {
  const revision_look* look = nullptr;
  serving::question_modes modes = {};
  std::vector<std::string> extensions = {};  ///< that the client declared, and this server has
};
result<initialization> read_initialize(json::value params, const serving::catalog& features);
/// The reply to `initialize`.
wire_reply initialize_reply(const context& shared, json::value id, const revision_look& look,
                            const serving::caller& who);

}  // namespace longhaul::wire
