// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "longhaul/task.hpp"

namespace longhaul {
namespace {

constexpr std::array<std::string_view, 5> status_names = {"working", "input_required", "completed",
                                                          "failed", "cancelled"};

}  // namespace

std::string_view to_string(task_status status) noexcept {
  return status_names[static_cast<std::size_t>(status)];
}

std::optional<task_status> parse_task_status(std::string_view name) noexcept {
  const auto found = std::find(status_names.begin(), status_names.end(), name);
  if (found == status_names.end()) return std::nullopt;
  return static_cast<task_status>(found - status_names.begin());
}

}  // namespace longhaul
