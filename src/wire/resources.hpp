// SPDX-License-Identifier: Apache-2.0
// The form of resources, the same in every revision: contents, templates, and "not found". Which
// resources there are: `server/outputs.hpp`. Server features "Resources".
#pragma once

#include <string>
#include <string_view>

#include "json/write.hpp"
#include "server/outputs.hpp"

namespace longhaul::wire {

/// Writes the member `contents`: one block, whose `_meta` says which bytes of how many these are:
/// `longhaul.dev/offset`, `longhaul.dev/nextOffset`, `longhaul.dev/total`.
void append_contents(json::object& into, std::string_view uri,
                     const serving::resource_contents& what);

/// The value of `resourceTemplates`.
std::string_view resource_templates_json() noexcept;

/// `data` of the error for a resource that does not exist.
std::string not_found_data(std::string_view uri);

}  // namespace longhaul::wire
