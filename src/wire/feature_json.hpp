// SPDX-License-Identifier: Apache-2.0
// Prompts, resources and templates as the lists of each revision show them, and what all features
// have in common. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "json/write.hpp"
#include "longhaul/feature.hpp"
#include "server/features.hpp"
#include "wire/revisions.hpp"

namespace longhaul::wire {

void append_icons(json::object& into, const std::vector<icon>& icons, const feature_look& look);

void append_prompt(std::string& out, const serving::prompt_entry& prompt, const feature_look& look);
void append_resource(std::string& out, const serving::resource_entry& resource,
                     const feature_look& look);
void append_resource_template(std::string& out, const serving::resource_entry& family,
                              const feature_look& look);

}  // namespace longhaul::wire
