// SPDX-License-Identifier: Apache-2.0
#include "longhaul/task.hpp"

#include <algorithm>

#include "base/clock_arithmetic.hpp"

namespace longhaul {
const task_input* find_input(const task_record& task, std::string_view key) noexcept {
  if (!task.inputs) return nullptr;
  const auto found = std::find_if(task.inputs->begin(), task.inputs->end(),
                                  [key](const task_input& input) { return input.key == key; });
  return found == task.inputs->end() ? nullptr : &*found;
}

bool has_open_input(const task_record& task) noexcept {
  return task.inputs && std::any_of(task.inputs->begin(), task.inputs->end(),
                                    [](const task_input& input) { return !input.response; });
}

std::optional<milliseconds> shown_ttl(const task_record& task, timestamp now) noexcept {
  if (!task.retention) return std::nullopt;
  const milliseconds keep = std::max(*task.retention, milliseconds(0));
  const timestamp created = task.origin->created_at;
  if (task.terminal()) return saturating_add(elapsed(created, task.updated_at), keep);

  const milliseconds age = elapsed(created, now);
  if (keep == milliseconds(0)) return age;
  const milliseconds wanted = saturating_add(age, keep - keep / 2);
  const milliseconds::rep steps = wanted / keep + (wanted % keep == milliseconds(0) ? 0 : 1);
  milliseconds::rep shown = 0;
  if (__builtin_mul_overflow(std::max<milliseconds::rep>(steps, 1), keep.count(), &shown)) {
    return milliseconds::max();
  }
  return milliseconds(shown);
}

}  // namespace longhaul
