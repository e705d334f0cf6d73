// SPDX-License-Identifier: Apache-2.0
#include "command/retry.hpp"

#include <algorithm>

namespace longhaul::command {
namespace {

bool holds(const std::vector<int>& codes, int code) {
  return std::ranges::find(codes, code) != codes.end();
}

}  // namespace

std::string retry_reason(const tool_spec& tool, const program_end& end) {
  const bool all = includes(tool.options.retry_on, retry_on::error);
  const std::string number = std::to_string(end.code);
  switch (end.how) {
    case program_end::kind::exited:
      if (!all && !holds(tool.retry_codes, end.code)) return {};
      if (!holds(tool.success, end.code)) return "exit code " + number;
      return tool.result == result_form::json ? "no JSON object" : "unreadable output";
    case program_end::kind::killed: {
      if (!all && !tool.retry_signals) return {};
      const std::string_view name = signal_name(end.code);
      return "killed by " + (name.empty() ? "signal " + number : std::string(name));
    }
    case program_end::kind::not_started:
      return all ? "not started" : "";
    case program_end::kind::lost:
      return all ? "program lost, outcome unknown" : "";
  }
  return {};
}

}  // namespace longhaul::command
