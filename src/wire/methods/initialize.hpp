// SPDX-License-Identifier: Apache-2.0
// `initialize`: the envelope begins the session, this reads and answers it.
#pragma once

#include <string_view>

#include "server/questions.hpp"
#include "wire/context.hpp"

namespace longhaul::wire {

/// What `initialize` asks for.
struct initialization {
  const revision_look* look = nullptr;
  serving::question_modes modes = {};
};
/// A fault is returned as its words.
std::string_view read_initialize(json::value params, initialization& into);
/// The reply to `initialize`.
wire_reply initialize_reply(const context& shared, json::value id, const revision_look& look,
                            const serving::caller& who);

}  // namespace longhaul::wire
