// SPDX-License-Identifier: Apache-2.0
// Values of Boost.JSON, which members of any type are read into: its own parser reads doubles less
// exactly than we do, and its own writer passes invalid UTF-8 through. Pure functions.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "json/view.hpp"

namespace longhaul::detail {

boost::json::value to_boost(json::value v);
/// Throws `std::invalid_argument` for numbers that JSON does not have.
void append_boost(std::string& out, const boost::json::value& value);

}  // namespace longhaul::detail
