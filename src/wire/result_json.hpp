// SPDX-License-Identifier: Apache-2.0
// The result of a tool as each revision wants it. Bytes that need no change are spliced.
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "json/view.hpp"
#include "json/write.hpp"
#include "wire/revisions.hpp"

namespace longhaul::wire {

/// Appends a result object in that look.
void append_result(std::string& out, std::string_view body, const result_look& look);

/// Appends an object's members to an object being written, but for those named.
void append_members_except(json::object& into, json::value from, std::string_view left_out,
                           std::string_view left_out_too = {});

}  // namespace longhaul::wire
