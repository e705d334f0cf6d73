// SPDX-License-Identifier: Apache-2.0
// Which tools may be `quick`, wherever one comes from.
#pragma once

#include <string_view>

#include "longhaul/tool.hpp"

namespace longhaul::detail {

/// What is wrong with `quick` here; empty: nothing.
inline std::string_view quick_fault(const tool_options& options, bool is_coroutine) {
  if (!options.quick) return {};
  if (!is_coroutine) return "quick is for coroutine handlers: others block";
  if (options.policy != task_policy::never || options.external) {
    return "quick is for tools with the policy never that end by themselves";
  }
  return {};
}

}  // namespace longhaul::detail
