// SPDX-License-Identifier: Apache-2.0
// Some hosts throw a result away because it has a `resource_link`: for those (`links = false`) a
// tool's results name the address in a text instead. Done where the result is made, so that all
// callers, now and later, see the same.
#pragma once

#include "longhaul/tool.hpp"

namespace longhaul::serving {

/// The same result; each link is a text, `name: address`.
outcome without_links(outcome result);

/// A handler whose results have no links.
void remove_links(tool_definition& tool);

}  // namespace longhaul::serving
