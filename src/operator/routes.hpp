// SPDX-License-Identifier: Apache-2.0
// The table of the API: method, path, who may, and what answers.
//
// Pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "operator/api_call.hpp"

namespace longhaul::operating {

struct way {
  std::string_view method;
  std::string_view path;  ///< below /api/v1; `*` stands for one part, the subject
  role needs;
  awaitable<wire::http_reply> (*answer)(api_call&);
};
std::span<const way> all_ways() noexcept;

struct found_route {
  const way* taken = nullptr;                             ///< null: there is nothing
  std::string_view subject = {};                          ///< a view of the target
  std::optional<std::string> reply_allow = std::nullopt;  ///< it is there, for these methods only
};
found_route find_route(const api_target& target, std::string_view method);

}  // namespace longhaul::operating
