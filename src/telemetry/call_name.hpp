// SPDX-License-Identifier: Apache-2.0
// What a task is called in its spans: the method and the target, as the semantic conventions for
// MCP have them. Prompts, resources, completers and methods of extensions are run under names that
// no tool can have (server/features.hpp).
//
// Threads: any; plain values.
#pragma once

#include <string>
#include <string_view>

namespace longhaul::telemetry {

struct call_name {
  std::string_view method;  ///< `tools/call`
  std::string_view key;     ///< the attribute that names the target; empty: none does
  std::string_view target;
  bool is_tool = false;
  /// `tools/call render`; without the target where there is no end of them.
  std::string span_name() const;
};

/// Views into `tool`.
call_name called(std::string_view tool) noexcept;

}  // namespace longhaul::telemetry
