// SPDX-License-Identifier: Apache-2.0
// What the server offers (`server.hpp` names it), and an engine without bounds that a run would
// meet.
#pragma once

#include "server/catalog.hpp"
#include "tasks/engine.hpp"

namespace longhaul::bench {

void add_features(serving::catalog& catalog);
/// A run creates more unfinished tasks for one caller than a server should allow.
void unbound(tasks::engine_options& options);

}  // namespace longhaul::bench
