// SPDX-License-Identifier: Apache-2.0
// What a store keeps in memory of a task that may wait for hours, when its arguments stand
// elsewhere.
//
// Pure functions.
#pragma once

#include <memory>

#include "longhaul/task.hpp"

namespace longhaul::stores {

/// What only its handler wants is large (`rules::small_payload`).
bool is_large(const task_origin& origin) noexcept;
/// The same record without that.
std::shared_ptr<task_record> lean_copy(const task_record& task);
/// The same record, without that if it is large.
template <class Record>
std::shared_ptr<Record> abridged(const std::shared_ptr<Record>& task) {
  return is_large(*task->origin) ? lean_copy(*task) : task;
}
/// `task`, abridged or not, with the whole origin of a record of the same task.
task_ptr with_origin_of(const task_ptr& task, const task_record& whole);

}  // namespace longhaul::stores
