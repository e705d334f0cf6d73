// SPDX-License-Identifier: Apache-2.0
#include "longhaul/stores/deadlines.hpp"

#include <algorithm>

#include "base/clock_arithmetic.hpp"

namespace longhaul::stores {

bool runs(const task_record& task) noexcept {
  return task.status == task_status::working && (task.origin->external || task.process);
}

std::optional<limit_deadline> limit_due(const task_record& task) noexcept {
  std::optional<limit_deadline> due;
  const auto consider = [&](const std::optional<milliseconds>& left, limit_kind kind) {
    if (!left) return;
    const monotonic_time at = saturating_add(task.anchor, *left);
    if (!due || at < due->at) due = limit_deadline{at, kind};
  };
  if (runs(task)) {
    consider(task.attempt_left, limit_kind::attempt);
    consider(task.overall_left, limit_kind::overall);
  }
  if (task.status == task_status::input_required) consider(task.answer_left, limit_kind::answer);
  return due;
}

std::optional<monotonic_time> removal_due(const task_record& task) noexcept {
  if (!task.terminal() || !task.retention) return std::nullopt;
  return saturating_add(task.anchor, std::max(*task.retention, milliseconds(0)));
}

bool expired(const task_record& task, monotonic_time now) noexcept {
  const auto due = removal_due(task);
  return due && *due <= now;
}

std::optional<monotonic_time> emptying_due(const task_record& task, milliseconds kept) noexcept {
  const task_origin& origin = *task.origin;
  if (!task.hidden || !task.terminal()) return std::nullopt;
  const bool may_be_found = !origin.idempotency_key.empty() || origin.unique_for > milliseconds(0);
  if (may_be_found) return std::nullopt;
  const bool carries = origin.arguments || origin.request_meta || task.result.body || task.inputs;
  if (!carries) return std::nullopt;
  return saturating_add(task.anchor, kept);
}

std::shared_ptr<task_record> emptied(const task_record& task) {
  auto origin = std::make_shared<task_origin>(*task.origin);
  origin->arguments = {};
  origin->request_meta = {};
  auto result = std::make_shared<task_record>(task);
  result->origin = std::move(origin);
  result->result.body = {};
  result->inputs = nullptr;
  return result;
}

bool is_emptied(const task_record& task) noexcept {
  const bool has_result =
      task.status == task_status::completed || task.status == task_status::failed;
  return task.hidden && has_result && !task.result.body;
}

std::optional<monotonic_time> next_due(const task_record& task, milliseconds kept) noexcept {
  const auto removal = removal_due(task), emptying = emptying_due(task, kept);
  if (!removal || !emptying) return removal ? removal : emptying;
  return std::min(*removal, *emptying);
}

}  // namespace longhaul::stores
