// SPDX-License-Identifier: Apache-2.0
// Which tasks a request is about: `status`, `tool`, `owner`, `since`, `until`, `q` and
// `id`, as parameters of an address or as members of an object.
//
// Pure functions; each throws `api_error` (400) for what it cannot read.
#pragma once

#include "json/view.hpp"
#include "longhaul/stores/search.hpp"
#include "operator/api_target.hpp"

namespace longhaul::operating {

stores::task_filter filter_of(const api_target& target, timestamp now);
/// `filter`: an object; unknown members are refused.
stores::task_filter filter_of(json::value filter, timestamp now);

/// The form of every timestamp (RFC 3339; fractions are cut to milliseconds), or null.
std::optional<timestamp> parse_time(std::string_view text);

}  // namespace longhaul::operating
